import fontkit, { type PathCommand } from '@cantoo/fontkit';
import type { Point } from './sketch.ts';

/** A letter as closed polygons; one unit is the font size, y points up, the base line is at 0. Fill with the non-zero rule. */
export interface GlyphOutline {
  readonly advance: number;
  readonly contours: readonly (readonly Point[])[];
}

/** Reads a TrueType or OpenType font of our own, for drawings of letters that are not text. @throws Error when it is a collection */
export function openOutlines(font: Uint8Array): (text: string) => GlyphOutline[] {
  const face = fontkit.create(font);
  if (!('layout' in face)) throw new Error('A collection of fonts has no one face');
  return (text) => {
    const { glyphs, positions } = face.layout(text.normalize('NFC'));
    return glyphs.map((glyph, index) => ({ advance: (positions?.[index]?.xAdvance ?? 0) / face.unitsPerEm, contours: contoursOf(glyph.path.commands, 1 / face.unitsPerEm) }));
  };
}

const CURVE_STEPS = 8;

function contoursOf(commands: readonly PathCommand[], scale: number): Point[][] {
  const contours: Point[][] = [];
  for (const { command, args } of commands) {
    const points = pairs(args, scale);
    const contour = contours.at(-1) ?? [];
    const from = contour.at(-1) ?? { x: 0, y: 0 };
    if (command === 'moveTo') contours.push(points);
    else if (command === 'lineTo') contour.push(...points);
    else if (command !== 'closePath') contour.push(...curve([from, ...points]));
  }
  return contours;
}

function pairs(numbers: readonly number[], scale: number): Point[] {
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({ x: (numbers[2 * i] ?? 0) * scale, y: (numbers[2 * i + 1] ?? 0) * scale }));
}

/** Points on a Bézier curve of any degree, its start left out (de Casteljau). */
function curve(control: readonly Point[]): Point[] {
  return Array.from({ length: CURVE_STEPS }, (_, step) => pointAt(control, (step + 1) / CURVE_STEPS));
}

function pointAt(control: readonly Point[], t: number): Point {
  let points = control;
  while (points.length > 1) points = points.slice(1).map((to, i) => between(points[i] ?? to, to, t));
  return points[0] ?? { x: 0, y: 0 };
}

function between(from: Point, to: Point, t: number): Point {
  return { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}
