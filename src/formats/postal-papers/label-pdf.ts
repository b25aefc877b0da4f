import fontkit from '@cantoo/fontkit';
import { PDFDocument, rgb, type PDFFont, type PDFPage } from '@cantoo/pdf-lib';
import { openOutlines } from '../pdf-drawing/glyph-outlines.ts';
import { LABEL, labelLayout, type LabelFace, type LabelItem, type Measure } from './label-layout.ts';
import type { PaperOrder } from './paper-order.ts';

export interface LabelFonts {
  readonly regular: Uint8Array;
  readonly bold: Uint8Array;
}

const POINTS_PER_MM = 72 / 25.4;
/** Office printers have 600 dots an inch, or a multiple of it. */
const DOT_MM = 25.4 / 600;
const BLACK = rgb(0, 0, 0);

/** Labels on pages of A6, one a parcel. */
export async function labelsPdf(orders: readonly PaperOrder[], fonts: LabelFonts, createdAt: Date): Promise<Uint8Array> {
  const document = await PDFDocument.create({ updateMetadata: false });
  document.registerFontkit(fontkit);
  document.setTitle('Nhãn bưu gửi', { showInWindowTitleBar: true });
  document.setLanguage('vi-VN');
  document.setProducer('Liên Thông Gateway');
  document.setCreationDate(createdAt);
  document.setModificationDate(createdAt);
  const faces = { regular: await document.embedFont(fonts.regular, { subset: true }), bold: await document.embedFont(fonts.bold, { subset: true }) };
  const measure = measureWith(fonts);
  for (const order of orders) {
    const page = document.addPage([LABEL.width * POINTS_PER_MM, LABEL.height * POINTS_PER_MM]);
    drawItems(page, labelLayout(order, measure, DOT_MM), faces);
  }
  return document.save({ useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false });
}

export function measureWith(fonts: LabelFonts): Measure {
  const outlines = { regular: openOutlines(fonts.regular), bold: openOutlines(fonts.bold) };
  return (text, face) => outlines[face](text).reduce((sum, { advance }) => sum + advance, 0);
}

/** Boxes in one path: drawn one by one, some viewers leave hair lines between the rows of the QR code. */
function drawItems(page: PDFPage, items: readonly LabelItem[], faces: Readonly<Record<LabelFace, PDFFont>>): void {
  const boxes = items.flatMap((item) => (item.kind === 'box' ? [`M${item.x} ${item.y}h${item.width}v${item.height}h${-item.width}z`] : []));
  page.drawSvgPath(boxes.join(''), { x: 0, y: page.getHeight(), scale: POINTS_PER_MM, color: BLACK, borderWidth: 0 });
  for (const item of items) {
    if (item.kind !== 'text') continue;
    page.drawText(item.text, { x: item.x * POINTS_PER_MM, y: page.getHeight() - item.baseline * POINTS_PER_MM, size: item.size * POINTS_PER_MM, font: faces[item.face], color: BLACK });
  }
}
