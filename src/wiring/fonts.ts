import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import type { AppearanceFonts } from '../formats/pades/appearance/canvas.ts';

/**
 * Tinos, metrically Times New Roman, which Decree 30/2020 asks for, with all Vietnamese letters. From the npm package, so that no
 * font of the machine is needed.
 */
export async function loadFonts(): Promise<AppearanceFonts> {
  const { resolve } = createRequire(import.meta.url);
  const [regular, bold] = await Promise.all([
    readFile(resolve('@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf')),
    readFile(resolve('@expo-google-fonts/tinos/700Bold/Tinos_700Bold.ttf')),
  ]);
  return { regular, bold };
}
