import { openOutlines } from '../../src/formats/pdf-drawing/glyph-outlines.ts';
import { inkPng } from './png.ts';
import { emptyCoverage, fillPolygons, inkNoise, type Coverage, type Pixel } from './raster.ts';

export interface SealText {
  /** Round the edge, read clockwise from the left. */
  readonly around: string;
  /** In the middle, under the star. */
  readonly middle: string;
  readonly below: string;
}

const SIZE = 640;
const CENTRE = SIZE / 2;
const RED = [206, 17, 38] as const;

/** Real size of a department's round seal. */
export const SEAL_SIZE_MM = { width: 36, height: 36 } as const;

/** A round red seal of an invented office, transparent ground; the words in the middle say that it is worth nothing. */
export function drawSeal(boldFont: Uint8Array, { around, middle, below }: SealText): Uint8Array {
  const seal = emptyCoverage(SIZE, SIZE);
  ring(seal, 312, 300);
  ring(seal, 294, 290);
  ring(seal, 196, 192);
  fillPolygons(seal, [star(CENTRE, CENTRE - 92, 62)]);
  fillPolygons(seal, [star(CENTRE, CENTRE + 243, 24)]);
  textOnCircle(seal, boldFont, around, 45, 243, 306);
  textLine(seal, boldFont, middle, 84, CENTRE + 66, 250);
  textLine(seal, boldFont, below, 32, CENTRE + 112, 268);
  return inkPng(seal, RED, (x, y) => 0.8 + 0.2 * inkNoise(x, y, 9) - (inkNoise(x + 91, y, 4) > 0.95 ? 0.15 : 0));
}

function circle(radius: number): Pixel[] {
  return Array.from({ length: 360 }, (_, i) => ({ x: CENTRE + radius * Math.cos((i * Math.PI) / 180), y: CENTRE + radius * Math.sin((i * Math.PI) / 180) }));
}

function ring(seal: Coverage, outer: number, inner: number): void {
  fillPolygons(seal, [circle(outer), circle(inner).reverse()]);
}

function star(x: number, y: number, radius: number, turn = 0): Pixel[] {
  return Array.from({ length: 10 }, (_, i) => {
    const angle = -Math.PI / 2 + (i * Math.PI) / 5 + turn;
    const reach = i % 2 === 0 ? radius : radius * 0.382;
    return { x: x + reach * Math.cos(angle), y: y + reach * Math.sin(angle) };
  });
}

/** Letters upright to the circle, spread over `degrees` around the top; base line on `radius` less half the capitals' height. */
function textOnCircle(seal: Coverage, font: Uint8Array, text: string, size: number, radius: number, degrees: number): void {
  const glyphs = openOutlines(font)(text);
  const natural = glyphs.reduce((sum, { advance }) => sum + advance * size, 0);
  const stretch = ((degrees * Math.PI) / 180) * radius / natural;
  const base = radius - size * 0.33;
  let along = -natural / 2;
  for (const { advance, contours } of glyphs) {
    const middle = ((along + (advance * size) / 2) * stretch) / radius;
    fillPolygons(
      seal,
      contours.map((contour) =>
        contour.map(({ x, y }) => {
          const across = (x - advance / 2) * size;
          const out = base + y * size;
          return { x: CENTRE + across * Math.cos(middle) + out * Math.sin(middle), y: CENTRE + across * Math.sin(middle) - out * Math.cos(middle) };
        }),
      ),
    );
    along += advance * size;
  }
}

/** One line, centred; smaller where it would be wider than `maxWidth`. */
function textLine(seal: Coverage, font: Uint8Array, text: string, wanted: number, baseline: number, maxWidth: number): void {
  const glyphs = openOutlines(font)(text);
  const ems = glyphs.reduce((sum, { advance }) => sum + advance, 0);
  const size = Math.min(wanted, maxWidth / ems);
  let left = CENTRE - (ems * size) / 2;
  for (const { advance, contours } of glyphs) {
    fillPolygons(seal, contours.map((contour) => contour.map(({ x, y }) => ({ x: left + x * size, y: baseline - y * size }))));
    left += advance * size;
  }
}
