import type { Rectangle } from '../../pdf/pages.ts';
import type { Size } from './canvas.ts';
import { closeCanvas, embedPng, openCanvas } from './canvas.ts';

/**
 * A picture and nothing else. `officer`: the officer's handwriting, blue, transparent PNG, centred between title and name;
 * `seal`: the agency's seal, red, transparent PNG, in its real size. @see Decree 30/2020/NĐ-CP Annex I, II.7d and II.8a
 */
export interface StampImage {
  readonly kind: 'officer' | 'seal';
  readonly png: Uint8Array;
}

/** The picture as large as the rectangle allows, its proportions kept, in the middle. */
export async function drawStampImage(appearance: StampImage, rect: Size): Promise<Uint8Array> {
  const canvas = await openCanvas(rect);
  const image = await embedPng(canvas, appearance.png);
  const scale = Math.min(rect.width / image.width, rect.height / image.height);
  const width = image.width * scale;
  const height = image.height * scale;
  canvas.page.drawImage(image, { x: (rect.width - width) / 2, y: (rect.height - height) / 2, width, height });
  return closeCanvas(canvas);
}

const POINTS_PER_MM = 72 / 25.4;

/**
 * Where a seal of real size goes: over about a third of the officer's signature, on its left, at the same height.
 * @param sizeMm width and height of the seal in millimetres, from the agency's record
 * @param userUnit points a unit of user space stands for
 * @see Decree 30/2020/NĐ-CP Annex I, II.8a
 */
export function sealRectangle(officer: Rectangle, sizeMm: Size, userUnit = 1): Rectangle {
  const width = (sizeMm.width * POINTS_PER_MM) / userUnit;
  const height = (sizeMm.height * POINTS_PER_MM) / userUnit;
  return { x: officer.x + officer.width / 3 - width, y: officer.y + (officer.height - height) / 2, width, height };
}
