import type { PDFFont } from '@cantoo/pdf-lib';

export type Face = 'regular' | 'italic' | 'bold' | 'boldItalic';

/** A piece of text in one style; what is left out is the paragraph's. Size in points, colour `#rrggbb`. */
export interface Span {
  readonly text: string;
  readonly face?: Face;
  readonly size?: number;
  readonly colour?: string;
}

export interface TextStyle {
  readonly face: Face;
  readonly size: number;
  readonly colour: string;
}

export type Faces = Readonly<Record<Face, PDFFont>>;

export interface Word {
  readonly text: string;
  readonly font: PDFFont;
  readonly size: number;
  readonly colour: string;
  readonly width: number;
  /** Width of the space before it; 0 when it follows the word before it directly. */
  readonly gap: number;
}

export interface Line {
  readonly words: readonly Word[];
  readonly width: number;
  /** The last of its paragraph, which is not stretched. */
  readonly last: boolean;
}

/**
 * Breaks text into lines of at most `width` points, only at spaces (U+00A0 is none); a longer word stands on a line of its own and runs
 * over. Text is set in NFC, the one form whose marks every viewer places right.
 */
export function breakLines(spans: readonly Span[], style: TextStyle, faces: Faces, width: number, firstIndent = 0): Line[] {
  const lines: Line[] = [];
  let words: Word[] = [];
  let used = firstIndent;
  for (const chunk of chunksOf(wordsOf(spans, style, faces))) {
    const chunkWidth = widthOf(chunk);
    if (words.length > 0 && used + (chunk[0]?.gap ?? 0) + chunkWidth > width) {
      lines.push({ words, width: widthOf(words), last: false });
      words = [];
      used = 0;
    }
    used += chunkWidth + (words.length > 0 ? (chunk[0]?.gap ?? 0) : 0);
    words.push(...chunk);
  }
  return [...lines, { words, width: widthOf(words), last: true }];
}

/** Of the words as they stand on a line; the gap before the first is not counted. */
function widthOf(words: readonly Word[]): number {
  return words.reduce((sum, word, index) => sum + word.width + (index === 0 ? 0 : word.gap), 0);
}

function wordsOf(spans: readonly Span[], style: TextStyle, faces: Faces): Word[] {
  const words: Word[] = [];
  let isAfterSpace = false;
  for (const span of spans) {
    const { size = style.size, colour = style.colour } = span;
    const font = faces[span.face ?? style.face];
    for (const [piece] of span.text.normalize('NFC').matchAll(/[ \t\r\n]+|[^ \t\r\n]+/g)) {
      if (/^[ \t\r\n]/.test(piece)) {
        isAfterSpace = true;
        continue;
      }
      words.push({ text: piece, font, size, colour, width: font.widthOfTextAtSize(piece, size), gap: isAfterSpace ? font.widthOfTextAtSize(' ', size) : 0 });
      isAfterSpace = false;
    }
  }
  return words;
}

/** Words without a space between them stay together. */
function chunksOf(words: readonly Word[]): Word[][] {
  const chunks: Word[][] = [];
  for (const word of words) {
    const last = chunks.at(-1);
    if (last === undefined || word.gap > 0) chunks.push([word]);
    else last.push(word);
  }
  return chunks;
}
