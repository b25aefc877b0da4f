import type { PDFFont, RGB } from '@cantoo/pdf-lib';

import { GatewayError } from '../../../domain/errors.ts';
import type { AppearanceFonts, Canvas, Size } from './canvas.ts';
import { VIETNAM_OFFSET_MINUTES, closeCanvas, colour, embedFont, isoLocalTime, openCanvas, wrapText } from './canvas.ts';

/** A text panel: who signed, for whom, when, why. */
export interface StandardAppearance {
  readonly kind: 'standard';
  readonly signerName: string;
  readonly title?: string;
  readonly organisation?: string;
  readonly reason?: string;
  readonly time: Date;
  /** Zone in which the time is shown; default +07:00. */
  readonly utcOffsetMinutes?: number;
  readonly fonts: AppearanceFonts;
}

interface Row {
  readonly font: PDFFont;
  readonly text: string;
  readonly size: number;
  readonly color: RGB;
  /** Space above, in units of the unscaled layout. */
  readonly gap: number;
  /** Short label in front, grey. */
  readonly label?: string;
  readonly ruleAbove?: boolean;
}

const INK = '#16202c';
const SOFT = '#5b6776';
const ACCENT = '#a3201d';
const LINE_HEIGHT = 1.2;
const PADDING = 7;
const BAR_WIDTH = 2.4;
const MAX_SCALE = 1.3;
const MIN_SCALE = 0.45;

/** @throws APPEARANCE_INVALID when the rectangle is too small for legible text */
export async function drawStandard(appearance: StandardAppearance, rect: Size): Promise<Uint8Array> {
  const canvas = await openCanvas(rect);
  const regular = await embedFont(canvas, appearance.fonts.regular);
  const bold = await embedFont(canvas, appearance.fonts.bold);
  const rows = rowsOf(appearance, regular, bold);
  const { scale, lines, height } = fit(rows, regular, rect);
  drawFrame(canvas, scale);
  drawLines(canvas, lines, regular, scale, height);
  return closeCanvas(canvas);
}

function rowsOf(appearance: StandardAppearance, regular: PDFFont, bold: PDFFont): Row[] {
  const rows: Row[] = [
    { font: bold, text: 'ĐÃ KÝ SỐ', size: 6.4, color: colour(ACCENT), gap: 0 },
    { font: bold, text: appearance.signerName, size: 12.5, color: colour(INK), gap: 1.6 },
  ];
  const plain = (text: string | undefined): void => {
    if (text !== undefined && text.trim() !== '') rows.push({ font: regular, text, size: 8.4, color: colour(INK), gap: 0.6 });
  };
  plain(appearance.title);
  plain(appearance.organisation);
  const time = isoLocalTime(appearance.time, appearance.utcOffsetMinutes ?? VIETNAM_OFFSET_MINUTES);
  rows.push({ font: regular, text: time, size: 7.4, color: colour(INK), gap: 5, label: 'Thời gian', ruleAbove: true });
  if (appearance.reason !== undefined && appearance.reason.trim() !== '') rows.push({ font: regular, text: appearance.reason, size: 7.4, color: colour(INK), gap: 1, label: 'Lý do' });
  return rows;
}

interface Line extends Row {
  readonly indent: number;
  readonly first: boolean;
}

/** The largest scale at which all lines fit. */
function fit(rows: readonly Row[], labelFont: PDFFont, rect: Size): { readonly scale: number; readonly lines: readonly Line[]; readonly height: number } {
  for (let scale = MAX_SCALE; scale >= MIN_SCALE; scale -= 0.025) {
    const lines = layOut(rows, labelFont, rect.width, scale);
    const height = lines.reduce((sum, line) => sum + heightOf(line, scale), 0);
    if (height <= rect.height - 2 * PADDING * scale) return { scale, lines, height };
  }
  throw new GatewayError('APPEARANCE_INVALID', `The rectangle of ${rect.width} × ${rect.height} points is too small for the text of the signature`);
}

const heightOf = (line: Line, scale: number): number => (line.size * LINE_HEIGHT + (line.first ? line.gap : 0)) * scale;

function layOut(rows: readonly Row[], labelFont: PDFFont, width: number, scale: number): Line[] {
  const labelWidth = Math.max(...rows.map((row) => (row.label === undefined ? 0 : labelFont.widthOfTextAtSize(row.label, row.size * scale)))) + 6 * scale;
  const textWidth = width - (2 * PADDING + BAR_WIDTH) * scale;
  return rows.flatMap((row) => {
    const indent = row.label === undefined ? 0 : labelWidth;
    const texts = wrapText(row.font, row.text, row.size * scale, textWidth - indent);
    return texts.map((text, i) => {
      const { label: _label, ...rest } = row;
      return { ...rest, text, indent, first: i === 0, ...(i === 0 && row.label !== undefined && { label: row.label }) };
    });
  });
}

function drawFrame({ page, size }: Canvas, scale: number): void {
  page.drawRectangle({ x: 0.3, y: 0.3, width: size.width - 0.6, height: size.height - 0.6, borderWidth: 0.5, borderColor: colour('#c9cfd6') });
  page.drawRectangle({ x: 0, y: 0, width: BAR_WIDTH * scale, height: size.height, color: colour(ACCENT) });
}

function drawLines({ page, size }: Canvas, lines: readonly Line[], labelFont: PDFFont, scale: number, height: number): void {
  const left = (BAR_WIDTH + PADDING) * scale;
  let top = (size.height + height) / 2;
  for (const line of lines) {
    if (line.first) top -= line.gap * scale;
    if (line.first && line.ruleAbove === true) {
      const y = top + (line.gap * scale) / 2;
      page.drawLine({ start: { x: left, y }, end: { x: size.width - PADDING * scale, y }, thickness: 0.4, color: colour('#d9dde2') });
    }
    const fontSize = line.size * scale;
    const baseline = top - fontSize * 0.93;
    if (line.label !== undefined) page.drawText(line.label, { x: left, y: baseline, size: fontSize, font: labelFont, color: colour(SOFT) });
    page.drawText(line.text, { x: left + line.indent, y: baseline, size: fontSize, font: line.font, color: line.color });
    top -= fontSize * LINE_HEIGHT;
  }
}
