import type { PDFPage } from '@cantoo/pdf-lib';
import { degrees as angleOf } from '@cantoo/pdf-lib';
import { colourOf } from './colour.ts';
import type { Face, Faces } from './text-layout.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Stroke {
  readonly width?: number;
  readonly colour?: string;
  readonly dash?: readonly number[];
}

/** A drawing area on a page; points from its lower left corner. */
export interface Sketch {
  line(from: Point, to: Point, stroke?: Stroke): void;
  /** Closed; `fill` in `#rrggbb`. */
  polygon(corners: readonly Point[], stroke?: Stroke & { readonly fill?: string }): void;
  circle(centre: Point, radius: number, stroke?: Stroke & { readonly fill?: string }): void;
  /** Centred on the point; `degrees` turns it counter-clockwise. */
  text(text: string, centre: Point, style?: { readonly face?: Face; readonly size?: number; readonly colour?: string; readonly degrees?: number }): void;
}

export function sketchOn(page: PDFPage, faces: Faces, origin: Point): Sketch {
  const place = ({ x, y }: Point): Point => ({ x: origin.x + x, y: origin.y + y });
  return {
    line: (from, to, { width = 0.7, colour = '#000000', dash } = {}) =>
      page.drawLine({ start: place(from), end: place(to), thickness: width, color: colourOf(colour), ...(dash !== undefined && { dashArray: [...dash] }) }),
    polygon: (corners, { width = 0.7, colour = '#000000', fill, dash } = {}) =>
      // SVG's y axis points down: the path is given upside down.
      page.drawSvgPath(pathOf(corners), {
        ...place({ x: 0, y: 0 }),
        borderColor: colourOf(colour),
        borderWidth: width,
        ...(fill !== undefined && { color: colourOf(fill) }),
        ...(dash !== undefined && { borderDashArray: [...dash] }),
      }),
    circle: (centre, radius, { width = 0.7, colour = '#000000', fill } = {}) =>
      page.drawCircle({ ...place(centre), size: radius, borderColor: colourOf(colour), borderWidth: width, ...(fill !== undefined && { color: colourOf(fill) }) }),
    text: (text, centre, { face = 'regular', size = 10, colour = '#000000', degrees = 0 } = {}) => {
      const font = faces[face];
      const turn = (degrees * Math.PI) / 180;
      const half = font.widthOfTextAtSize(text.normalize('NFC'), size) / 2;
      const { x, y } = place(centre);
      const start = { x: x - half * Math.cos(turn) + 0.33 * size * Math.sin(turn), y: y - half * Math.sin(turn) - 0.33 * size * Math.cos(turn) };
      page.drawText(text.normalize('NFC'), { ...start, size, font, color: colourOf(colour), rotate: angleOf(degrees) });
    },
  };
}

function pathOf(corners: readonly Point[]): string {
  return `M${corners.map(({ x, y }) => `${x} ${-y}`).join('L')}Z`;
}
