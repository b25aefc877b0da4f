import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import type { AppearanceFonts } from '../formats/pades/appearance/canvas.ts';
import type { PaperFonts } from '../formats/pdf-drawing/paper.ts';

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

/** The same family with its slanted faces, for papers such as the verification report. */
export async function loadPaperFonts(): Promise<PaperFonts> {
  const { resolve } = createRequire(import.meta.url);
  const [upright, italic, boldItalic] = await Promise.all([
    loadFonts(),
    readFile(resolve('@expo-google-fonts/tinos/400Regular_Italic/Tinos_400Regular_Italic.ttf')),
    readFile(resolve('@expo-google-fonts/tinos/700Bold_Italic/Tinos_700Bold_Italic.ttf')),
  ]);
  return { ...upright, italic, boldItalic };
}
