import { openOutlines, type GlyphOutline } from '../pdf-drawing/glyph-outlines.ts';
import { blankBitmap, fillPolygons, fillRun, type Bitmap } from './bitmap.ts';
import { LABEL, labelLayout, type LabelFace, type LabelItem } from './label-layout.ts';
import { measureWith, type LabelFonts } from './label-pdf.ts';
import type { PaperOrder } from './paper-order.ts';

/** Dots an inch of label printers, and the dots a millimetre they really have. */
export const ZPL_DENSITIES = { 203: 8, 300: 11.81 } as const;
export type ZplDpi = keyof typeof ZPL_DENSITIES;

/**
 * Labels for printers that speak ZPL II, one `^XA … ^XZ` a parcel. All of it is one graphic (`^GF`): the printers' own fonts lack ế, ừ, ở,
 * and a font of ours would have to be loaded into each printer first. Bars and modules are whole dots, so they are as sharp as the printer's own.
 */
export function labelsZpl(orders: readonly PaperOrder[], fonts: LabelFonts, dpi: ZplDpi): string {
  const outlines = { regular: openOutlines(fonts.regular), bold: openOutlines(fonts.bold) };
  const measure = measureWith(fonts);
  const density = ZPL_DENSITIES[dpi];
  return orders.map((order) => zplOf(paint(labelLayout(order, measure, 1 / density), outlines, density))).join('');
}

type Outlines = Readonly<Record<LabelFace, (text: string) => GlyphOutline[]>>;

function paint(items: readonly LabelItem[], outlines: Outlines, density: number): Bitmap {
  const bitmap = blankBitmap(Math.floor(LABEL.width * density), Math.floor(LABEL.height * density));
  for (const item of items) {
    if (item.kind === 'text') paintText(bitmap, item, outlines[item.face](item.text), density);
    else {
      const [left, right, top, bottom] = [item.x, item.x + item.width, item.y, item.y + item.height].map((mm) => Math.round(mm * density)) as [number, number, number, number];
      for (let y = top; y < Math.max(bottom, top + 1); y++) fillRun(bitmap, y, left, right);
    }
  }
  return bitmap;
}

function paintText(bitmap: Bitmap, { x, baseline, size }: Extract<LabelItem, { kind: 'text' }>, glyphs: readonly GlyphOutline[], density: number): void {
  let at = x;
  for (const { advance, contours } of glyphs) {
    const left = at;
    fillPolygons(bitmap, contours.map((contour) => contour.map((point) => ({ x: (left + point.x * size) * density, y: (baseline - point.y * size) * density }))));
    at += advance * size;
  }
}

function zplOf({ width, height, bytesPerRow, bits }: Bitmap): string {
  const total = bytesPerRow * height;
  const rows = Array.from({ length: height }, (_, y) => Buffer.from(bits.subarray(y * bytesPerRow, (y + 1) * bytesPerRow)).toString('hex').toUpperCase());
  const data = rows.map((row, index) => (row === rows[index - 1] ? ':' : squeezed(row))).join('');
  return `^XA^PW${width}^LL${height}^LH0,0^FO0,0^GFA,${total},${total},${bytesPerRow},${data}^FS^PQ1,0,1,N^XZ\n`;
}

/** ZPL's own compression of hexadecimal rows: `G` to `Y` stand for 1 to 19 repeats of the next digit, `g` to `z` for 20 to 400; `,` fills a row with zeros, `:` repeats the row before. */
function squeezed(row: string): string {
  const end = row.replace(/0+$/, '');
  const text = end.replace(/(.)\1{2,}/g, (run, digit: string) => repeats(run.length) + digit);
  return end.length === row.length ? text : `${text},`;
}

function repeats(count: number): string {
  const high = Math.floor(Math.min(count, 419) / 20);
  const low = Math.min(count, 419) % 20;
  const rest = count - Math.min(count, 419);
  if (rest > 0) throw new RangeError('A row of a label has fewer than 420 digits');
  return (high > 0 ? String.fromCharCode('g'.charCodeAt(0) + high - 1) : '') + (low > 0 ? String.fromCharCode('G'.charCodeAt(0) + low - 1) : '');
}
