import fontkit from '@cantoo/fontkit';
import type { PDFFont, PDFImage, PDFPage, RGB } from '@cantoo/pdf-lib';
import { PDFDocument, rgb } from '@cantoo/pdf-lib';

import { GatewayError } from '../../../domain/errors.ts';

/** TrueType or OpenType font files that hold all Vietnamese letters. */
export interface AppearanceFonts {
  readonly regular: Uint8Array;
  readonly bold: Uint8Array;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A scratch document with one page on which an appearance is drawn. */
export interface Canvas {
  readonly document: PDFDocument;
  readonly page: PDFPage;
  readonly size: Size;
}

export async function openCanvas({ width, height }: Size): Promise<Canvas> {
  const document = await PDFDocument.create({ updateMetadata: false });
  document.registerFontkit(fontkit);
  return { document, page: document.addPage([width, height]), size: { width, height } };
}

export async function closeCanvas({ document }: Canvas): Promise<Uint8Array> {
  return document.save({ useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false });
}

/** Only the glyphs used are embedded. @throws APPEARANCE_INVALID when the bytes are no font */
export async function embedFont({ document }: Canvas, bytes: Uint8Array): Promise<PDFFont> {
  try {
    return await document.embedFont(bytes, { subset: true });
  } catch (cause) {
    throw new GatewayError('APPEARANCE_INVALID', 'The font of the signature appearance cannot be read', { cause });
  }
}

const PNG_MAGIC = Buffer.from('89504e470d0a1a0a', 'hex');
const MAX_PIXELS = 16_000_000;

/** @throws APPEARANCE_INVALID when the bytes are no PNG or hold more than 16 million pixels */
export async function embedPng({ document }: Canvas, bytes: Uint8Array): Promise<PDFImage> {
  const head = Buffer.from(bytes.subarray(0, 24));
  if (head.length < 24 || !head.subarray(0, 8).equals(PNG_MAGIC)) throw new GatewayError('APPEARANCE_INVALID', 'The image of the signature appearance is not a PNG');
  if (head.readUInt32BE(16) * head.readUInt32BE(20) > MAX_PIXELS) throw new GatewayError('APPEARANCE_INVALID', 'The image of the signature appearance has more than 16 million pixels');
  try {
    return await document.embedPng(bytes);
  } catch (cause) {
    throw new GatewayError('APPEARANCE_INVALID', 'The PNG of the signature appearance cannot be read', { cause });
  }
}

/** `#rrggbb`. @throws APPEARANCE_INVALID for anything else */
export function colour(hex: string): RGB {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (match === null) throw new GatewayError('APPEARANCE_INVALID', 'A colour of the signature appearance is not written #rrggbb');
  const [, r = '', g = '', b = ''] = match;
  return rgb(Number.parseInt(r, 16) / 255, Number.parseInt(g, 16) / 255, Number.parseInt(b, 16) / 255);
}

/** Text in the one composed form whose marks every viewer places right, control characters and runs of space as one space. */
export const cleanText = (text: string): string => text.normalize('NFC').replace(/[\p{Cc}\s]+/gu, ' ').trim();

/** Breaks between words; a word wider than the line is cut. */
export function wrapText(font: PDFFont, text: string, size: number, maxWidth: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of cleanText(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (font.widthOfTextAtSize(longer, size) <= maxWidth) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > 1 && font.widthOfTextAtSize(line, size) > maxWidth) {
      const cut = fittingLength(font, line, size, maxWidth);
      lines.push(line.slice(0, cut));
      line = line.slice(cut);
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

function fittingLength(font: PDFFont, word: string, size: number, maxWidth: number): number {
  let length = word.length;
  while (length > 1 && font.widthOfTextAtSize(word.slice(0, length), size) > maxWidth) length--;
  return length;
}

/** ISO 8601 in whole seconds with the zone shown: `2026-11-24T09:30:15+07:00`. */
export function isoLocalTime(time: Date, utcOffsetMinutes: number): string {
  const local = new Date(time.getTime() + utcOffsetMinutes * 60_000).toISOString().slice(0, 19);
  const minutes = Math.abs(utcOffsetMinutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${utcOffsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Vietnam's zone, which Decree 30/2020 Annex I asks for. */
export const VIETNAM_OFFSET_MINUTES = 420;
