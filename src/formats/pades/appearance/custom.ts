import type { PDFFont } from '@cantoo/pdf-lib';

import { GatewayError } from '../../../domain/errors.ts';
import type { AppearanceFonts, Canvas, Size } from './canvas.ts';
import { cleanText, closeCanvas, colour, embedFont, embedPng, openCanvas, wrapText } from './canvas.ts';

/** An agency's own design. Coordinates are points from the lower-left corner of the rectangle; colours `#rrggbb`. */
export type CustomElement =
  | { readonly type: 'text'; readonly text: string; readonly x: number; readonly y: number; readonly size: number; readonly bold?: boolean | undefined; readonly color?: string | undefined; readonly align?: 'left' | 'center' | 'right' | undefined; readonly maxWidth?: number | undefined }
  | { readonly type: 'image'; readonly png: Uint8Array; readonly x: number; readonly y: number; readonly width: number; readonly height: number }
  | { readonly type: 'line'; readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number; readonly thickness?: number | undefined; readonly color?: string | undefined }
  | { readonly type: 'box'; readonly x: number; readonly y: number; readonly width: number; readonly height: number; readonly fill?: string | undefined; readonly stroke?: string | undefined };

export interface CustomAppearance {
  readonly kind: 'custom';
  readonly elements: readonly CustomElement[];
  /** Replaces `{key}` in texts; an unknown key is an error, not an empty place. */
  readonly values: Readonly<Record<string, string>>;
  readonly fonts: AppearanceFonts;
}

const MAX_ELEMENTS = 200;

/** @throws APPEARANCE_INVALID for an unknown `{key}`, a bad colour or image, or more than 200 elements */
export async function drawCustom(appearance: CustomAppearance, rect: Size): Promise<Uint8Array> {
  if (appearance.elements.length > MAX_ELEMENTS) throw new GatewayError('APPEARANCE_INVALID', `A signature appearance may have at most ${MAX_ELEMENTS} elements`);
  const canvas = await openCanvas(rect);
  const texts = appearance.elements.filter((element) => element.type === 'text');
  const regular = texts.some((element) => element.bold !== true) ? await embedFont(canvas, appearance.fonts.regular) : undefined;
  const bold = texts.some((element) => element.bold === true) ? await embedFont(canvas, appearance.fonts.bold) : undefined;
  for (const element of appearance.elements) await drawElement(canvas, element, appearance.values, { regular, bold });
  return closeCanvas(canvas);
}

async function drawElement(canvas: Canvas, element: CustomElement, values: Readonly<Record<string, string>>, fonts: { readonly regular: PDFFont | undefined; readonly bold: PDFFont | undefined }): Promise<void> {
  const { page } = canvas;
  switch (element.type) {
    case 'text': {
      const font = element.bold === true ? fonts.bold : fonts.regular;
      if (font !== undefined) drawText(canvas, element, fill(element.text, values), font);
      return;
    }
    case 'image':
      page.drawImage(await embedPng(canvas, element.png), { x: element.x, y: element.y, width: element.width, height: element.height });
      return;
    case 'line':
      page.drawLine({ start: { x: element.x1, y: element.y1 }, end: { x: element.x2, y: element.y2 }, thickness: element.thickness ?? 0.5, color: colour(element.color ?? '#000000') });
      return;
    case 'box': {
      const { x, y, width, height, fill: inside, stroke } = element;
      page.drawRectangle({ x, y, width, height, ...(inside !== undefined && { color: colour(inside) }), ...(stroke !== undefined && { borderColor: colour(stroke), borderWidth: 0.5 }) });
    }
  }
}

function drawText({ page, size }: Canvas, element: Extract<CustomElement, { type: 'text' }>, text: string, font: PDFFont): void {
  const lines = element.maxWidth === undefined ? [cleanText(text)] : wrapText(font, text, element.size, element.maxWidth);
  const span = element.maxWidth ?? size.width - element.x;
  lines.forEach((line, i) => {
    const free = span - font.widthOfTextAtSize(line, element.size);
    const x = element.x + (element.align === 'right' ? free : element.align === 'center' ? free / 2 : 0);
    page.drawText(line, { x, y: element.y - i * element.size * 1.2, size: element.size, font, color: colour(element.color ?? '#000000') });
  });
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([A-Za-z][A-Za-z0-9_]*)\}/g, (_, key: string) => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (value === undefined) throw new GatewayError('APPEARANCE_INVALID', 'A text of the signature appearance names a value that is not given');
    return value;
  });
}
