import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { PaperFonts } from '../../src/formats/pdf-drawing/paper.ts';

/** Tinos in its four faces, from its npm package. */
export async function loadPaperFonts(): Promise<PaperFonts> {
  const { resolve } = createRequire(import.meta.url);
  const face = (name: string): Promise<Uint8Array> => readFile(resolve(`@expo-google-fonts/tinos/${name}/Tinos_${name}.ttf`));
  const [regular, italic, bold, boldItalic] = await Promise.all([face('400Regular'), face('400Regular_Italic'), face('700Bold'), face('700Bold_Italic')]);
  return { regular, italic, bold, boldItalic };
}
