import { GatewayError } from '../../../domain/errors.ts';
import type { PdfPage, Rectangle } from '../../pdf/pages.ts';
import { shownSize } from '../../pdf/pages.ts';
import type { AppearanceFonts, Size } from './canvas.ts';
import { VIETNAM_OFFSET_MINUTES, closeCanvas, colour, embedFont, isoLocalTime, openCanvas, wrapText } from './canvas.ts';

/** An electronic copy of a paper document. @see Decree 30/2020/NĐ-CP Annex I, part II.I */
export interface CopyBlock {
  readonly kind: 'copy';
  readonly form: 'SAO Y' | 'SAO LỤC' | 'TRÍCH SAO';
  readonly agencyName: string;
  readonly time: Date;
  readonly utcOffsetMinutes?: number;
  readonly fonts: AppearanceFonts;
}

/** An annex in a file of its own: number and sign of the document it belongs to. @see Decree 30/2020/NĐ-CP Annex I, II.8b and III.1d */
export interface AnnexBlock {
  readonly kind: 'annex';
  readonly documentNumber: string;
  readonly time: Date;
  readonly utcOffsetMinutes?: number;
  readonly fonts: AppearanceFonts;
}

/** Both: upright, 10 points, black, no picture. */
const SIZE = 10;
const LEADING = 12.5;

/** @throws APPEARANCE_INVALID when 10-point text does not fit; the law leaves no room to shrink it */
export async function drawTextBlock(appearance: CopyBlock | AnnexBlock, rect: Size): Promise<Uint8Array> {
  const canvas = await openCanvas(rect);
  const font = await embedFont(canvas, appearance.fonts.regular);
  const time = isoLocalTime(appearance.time, appearance.utcOffsetMinutes ?? VIETNAM_OFFSET_MINUTES);
  const parts = appearance.kind === 'copy' ? [appearance.form, appearance.agencyName, time] : [appearance.documentNumber, time];
  const lines = parts.flatMap((part) => wrapText(font, part, SIZE, rect.width));
  if (lines.length * LEADING > rect.height + 0.5) throw new GatewayError('APPEARANCE_INVALID', `The text needs ${Math.ceil(lines.length * LEADING)} points of height and the rectangle has ${rect.height}`);
  lines.forEach((line, i) => {
    const x = rect.width - font.widthOfTextAtSize(line, SIZE);
    canvas.page.drawText(line, { x, y: rect.height - SIZE - i * LEADING, size: SIZE, font, color: colour('#000000') });
  });
  return closeCanvas(canvas);
}

/** Top right corner of the first page, inside margins of 15 mm: where copies and annexes are signed. */
export function topRightRectangle(page: PdfPage, width = 200, lines = 4): Rectangle {
  const margin = (15 * 72) / 25.4 / page.userUnit;
  const shown = shownSize(page);
  const height = lines * LEADING;
  return { x: Math.max(0, shown.width - margin - width), y: Math.max(0, shown.height - margin / 2 - height), width: Math.min(width, shown.width), height };
}
