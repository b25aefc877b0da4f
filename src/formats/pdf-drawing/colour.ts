import type { RGB } from '@cantoo/pdf-lib';
import { rgb } from '@cantoo/pdf-lib';

/** @param hex `#rrggbb`, from our own code. @throws TypeError for anything else */
export function colourOf(hex: string): RGB {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(hex);
  if (match === null) throw new TypeError(`Not a colour: ${hex}`);
  const [r = 0, g = 0, b = 0] = match.slice(1).map((digits) => Number.parseInt(digits, 16) / 255);
  return rgb(r, g, b);
}
