import type { Point } from '../pdf-drawing/sketch.ts';

/** A picture of black and white dots, row by row, eight dots a byte, the left one in the highest bit; 1 is black. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly bytesPerRow: number;
  readonly bits: Uint8Array;
}

export function blankBitmap(width: number, height: number): Bitmap {
  const bytesPerRow = Math.ceil(width / 8);
  return { width, height, bytesPerRow, bits: new Uint8Array(bytesPerRow * height) };
}

/** Dots `from` ≤ x < `to` of a row; what lies outside is cut off. */
export function fillRun({ width, height, bytesPerRow, bits }: Bitmap, y: number, from: number, to: number): void {
  if (y < 0 || y >= height) return;
  for (let x = Math.max(0, from); x < Math.min(width, to); x++) {
    const at = y * bytesPerRow + (x >> 3);
    bits[at] = (bits[at] ?? 0) | (0x80 >> (x & 7));
  }
}

interface Crossing {
  readonly x: number;
  readonly turn: 1 | -1;
}

/** Fills closed polygons by the non-zero rule: dots whose centre lies inside. Points in dots, y downwards. */
export function fillPolygons(bitmap: Bitmap, contours: readonly (readonly Point[])[]): void {
  const edges = contours.flatMap((contour) => contour.map((from, index) => ({ from, to: contour[(index + 1) % contour.length] ?? from }))).filter(({ from, to }) => from.y !== to.y);
  const ys = edges.flatMap(({ from, to }) => [from.y, to.y]);
  if (ys.length === 0) return;
  for (let y = Math.floor(Math.min(...ys)); y <= Math.ceil(Math.max(...ys)); y++) {
    const centre = y + 0.5;
    const crossings = edges.flatMap(({ from, to }): Crossing[] => {
      if (centre < Math.min(from.y, to.y) || centre >= Math.max(from.y, to.y)) return [];
      return [{ x: from.x + ((centre - from.y) * (to.x - from.x)) / (to.y - from.y), turn: to.y > from.y ? 1 : -1 }];
    });
    fillCrossings(bitmap, y, crossings.sort((a, b) => a.x - b.x));
  }
}

function fillCrossings(bitmap: Bitmap, y: number, crossings: readonly Crossing[]): void {
  let winding = 0;
  crossings.forEach(({ x, turn }, index) => {
    winding += turn;
    const next = crossings[index + 1];
    if (winding !== 0 && next !== undefined) fillRun(bitmap, y, Math.ceil(x - 0.5), Math.ceil(next.x - 0.5));
  });
}
