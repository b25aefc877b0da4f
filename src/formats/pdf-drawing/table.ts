import type { PDFPage } from '@cantoo/pdf-lib';
import { colourOf } from './colour.ts';
import { drawLines, setParagraph, type ParagraphStyle, type SetParagraph } from './page.ts';
import type { Faces, Span } from './text-layout.ts';

export type Cell = string | { readonly content: string | readonly Span[]; readonly style?: ParagraphStyle };

export interface TableStyle {
  /** Of text in cells; cells may say otherwise. */
  readonly text?: ParagraphStyle;
  /** Whether the first row is a heading: bold, centred, shaded, repeated on every page. Default: yes. */
  readonly heading?: boolean;
}

const PADDING = { x: 4, y: 3 } as const;

export interface SetRow {
  readonly cells: readonly SetParagraph[];
  readonly widths: readonly number[];
  readonly height: number;
  readonly shaded: boolean;
}

/** Rows are never cut: one that is higher than a page runs over its foot. */
export function measureRow(cells: readonly Cell[], widths: readonly number[], style: TableStyle, faces: Faces, isHeading = false): SetRow {
  const base: ParagraphStyle = { size: 12, ...style.text, ...(isHeading && { face: 'bold', align: 'centre' }) };
  const set = cells.map((cell, index) => {
    const { content, style: own = {} } = typeof cell === 'string' ? { content: cell } : cell;
    return setParagraph(content, { ...base, ...own }, faces, (widths[index] ?? 0) - 2 * PADDING.x);
  });
  return { cells: set, widths, height: Math.max(...set.map(({ height }) => height)) + 2 * PADDING.y, shaded: isHeading };
}

export function drawRow(page: PDFPage, { cells, widths, height, shaded }: SetRow, left: number, top: number): void {
  let x = left;
  cells.forEach((cell, index) => {
    const width = widths[index] ?? 0;
    page.drawRectangle({ x, y: top - height, width, height, borderWidth: 0.6, borderColor: colourOf('#000000'), ...(shaded && { color: colourOf('#eef1f4') }) });
    drawLines(page, cell, x + PADDING.x, top - PADDING.y - (shaded ? (height - 2 * PADDING.y - cell.height) / 2 : 0) - cell.style.before);
    x += width;
  });
}
