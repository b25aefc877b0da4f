import fontkit from '@cantoo/fontkit';
import { PDFDocument, type PDFImage, type PDFPage } from '@cantoo/pdf-lib';
import { colourOf } from '../pdf-drawing/colour.ts';
import { drawLines, setParagraph, type ParagraphStyle, type SetParagraph } from '../pdf-drawing/page.ts';
import type { PaperFonts } from '../pdf-drawing/paper.ts';
import type { Faces, Span } from '../pdf-drawing/text-layout.ts';

export interface Paragraph {
  readonly spans: readonly Span[];
  readonly style?: ParagraphStyle;
}

export interface PanelStyle {
  readonly fill: string;
  readonly bar: string;
  /** Drawn in a square of this many points at the left, in the colour of the bar. */
  readonly sign?: { readonly size: number; draw(page: PDFPage, x: number, top: number, size: number): void };
}

/** A report's pages: everything flows from top to bottom over the full width; lengths in points. */
export interface Flow {
  readonly width: number;
  paragraph(paragraph: Paragraph): void;
  /** Text on a coloured ground with a bar at its left, never cut. */
  panel(paragraphs: readonly Paragraph[], style: PanelStyle): void;
  /** Cells beside each other with a fine line below; a row is never cut. */
  row(shares: readonly number[], cells: readonly (readonly Paragraph[])[]): void;
  rule(colour: string, thickness: number): void;
  space(height: number): void;
  /** Goes on to a new page unless so much room is left. */
  need(height: number): void;
  images(images: readonly { readonly png: Uint8Array; readonly caption: Paragraph }[]): Promise<void>;
  finish(foot: (page: number, pages: number) => readonly [left: string, right: string]): Promise<Uint8Array>;
}

const A4 = { width: 595.276, height: 841.89 } as const;
const MARGIN = { top: 52, side: 54, bottom: 62 } as const;
const PANEL = { x: 14, y: 11, bar: 4 } as const;
const CELL = { right: 9, y: 4.2 } as const;
const LINE = '#d9dee4';
const MAX_IMAGE_HEIGHT = 190;

export interface FlowOptions {
  readonly title: string;
  readonly language: 'vi-VN' | 'en';
  readonly createdAt: Date;
  readonly fonts: PaperFonts;
}

/** Begins a document. The same calls with the same options give the same bytes. */
export async function openFlow({ title, language, createdAt, fonts }: FlowOptions): Promise<Flow> {
  const document = await PDFDocument.create({ updateMetadata: false });
  document.registerFontkit(fontkit);
  document.setTitle(title, { showInWindowTitleBar: true });
  document.setLanguage(language);
  document.setProducer('Liên Thông Gateway');
  document.setCreationDate(createdAt);
  document.setModificationDate(createdAt);
  const embed = (bytes: Uint8Array) => document.embedFont(bytes, { subset: true });
  return flowOn(document, { regular: await embed(fonts.regular), italic: await embed(fonts.italic), bold: await embed(fonts.bold), boldItalic: await embed(fonts.boldItalic) });
}

function flowOn(document: PDFDocument, faces: Faces): Flow {
  const width = A4.width - 2 * MARGIN.side;
  const top = A4.height - MARGIN.top;
  let page = document.addPage([A4.width, A4.height]);
  let y = top;
  const newPage = (): void => {
    page = document.addPage([A4.width, A4.height]);
    y = top;
  };
  const need = (height: number): void => {
    if (y - height < MARGIN.bottom && y < top) newPage();
  };
  const set = (paragraphs: readonly Paragraph[], within: number): SetParagraph[] => paragraphs.map((paragraph) => setWithin(paragraph, faces, within));
  return {
    width,
    need,
    paragraph: (paragraph) => {
      const [only] = set([paragraph], width);
      if (only === undefined) return;
      need(only.height);
      drawLines(page, only, MARGIN.side, y - only.style.before);
      y -= only.height;
    },
    panel: (paragraphs, style) => {
      const inset = PANEL.x + PANEL.bar + (style.sign === undefined ? 0 : style.sign.size + PANEL.x);
      const lines = set(paragraphs, width - inset - PANEL.x);
      const height = Math.max(heightOf(lines), style.sign?.size ?? 0) + 2 * PANEL.y;
      need(height);
      page.drawRectangle({ x: MARGIN.side, y: y - height, width, height, color: colourOf(style.fill) });
      page.drawRectangle({ x: MARGIN.side, y: y - height, width: PANEL.bar, height, color: colourOf(style.bar) });
      style.sign?.draw(page, MARGIN.side + PANEL.bar + PANEL.x, y - PANEL.y, style.sign.size);
      drawStack(page, lines, MARGIN.side + inset, y - PANEL.y);
      y -= height;
    },
    row: (shares, cells) => {
      const lines = cells.map((cell, index) => set(cell, (shares[index] ?? 0) * width - CELL.right));
      const height = Math.max(...lines.map(heightOf)) + 2 * CELL.y;
      need(height);
      let x = MARGIN.side;
      lines.forEach((cell, index) => {
        drawStack(page, cell, x, y - CELL.y);
        x += (shares[index] ?? 0) * width;
      });
      y -= height;
      page.drawLine({ start: { x: MARGIN.side, y }, end: { x: MARGIN.side + width, y }, thickness: 0.5, color: colourOf(LINE) });
    },
    rule: (colour, thickness) => page.drawLine({ start: { x: MARGIN.side, y }, end: { x: MARGIN.side + width, y }, thickness, color: colourOf(colour) }),
    space: (height) => {
      y -= height;
    },
    images: async (images) => {
      const gap = 14;
      const room = (width - gap * (images.length - 1)) / images.length;
      const placed = await Promise.all(images.map(async ({ png, caption }) => ({ image: await document.embedPng(png), caption: set([caption], room) })));
      const sizes = placed.map(({ image }) => sizeWithin(image, room));
      need(Math.max(...sizes.map(({ height }) => height)) + Math.max(...placed.map(({ caption }) => heightOf(caption))) + 8);
      const tallest = Math.max(...sizes.map(({ height }) => height));
      placed.forEach(({ image, caption }, index) => {
        const x = MARGIN.side + index * (room + gap);
        const size = sizes[index] ?? { width: 0, height: 0 };
        page.drawImage(image, { x, y: y - size.height, ...size });
        page.drawRectangle({ x, y: y - size.height, ...size, borderColor: colourOf(LINE), borderWidth: 0.6 });
        drawStack(page, caption, x, y - tallest - 3);
      });
      y -= tallest + Math.max(...placed.map(({ caption }) => heightOf(caption))) + 8;
    },
    finish: (foot) => {
      const pages = document.getPages();
      pages.forEach((each, index) => drawFoot(each, faces, width, foot(index + 1, pages.length)));
      return document.save({ useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false });
    },
  };
}

const BASE: ParagraphStyle = { size: 10.5, leading: 1.28, colour: '#1b222b' };

/** Words wider than the column, which a document may hold on purpose, are cut so that nothing leaves the page. */
function setWithin({ spans, style: given = {} }: Paragraph, faces: Faces, width: number): SetParagraph {
  const style = { ...BASE, ...given };
  const cut = spans.map((span) => {
    const [font, size] = [faces[span.face ?? style.face ?? 'regular'], span.size ?? style.size ?? 10.5];
    return { ...span, text: span.text.replace(/\S+/g, (word) => (word.length * size <= width ? word : cutWord(word, (part) => font.widthOfTextAtSize(part, size) <= width))) };
  });
  return setParagraph(cut, style, faces, width);
}

function cutWord(word: string, fits: (part: string) => boolean): string {
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (part !== '' && !fits(part + character)) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part].join(' ');
}

const heightOf = (lines: readonly SetParagraph[]): number => lines.reduce((sum, { height }) => sum + height, 0);

function drawStack(page: PDFPage, paragraphs: readonly SetParagraph[], x: number, top: number): void {
  let y = top;
  for (const paragraph of paragraphs) {
    drawLines(page, paragraph, x, y - paragraph.style.before);
    y -= paragraph.height;
  }
}

function sizeWithin({ width, height }: PDFImage, room: number): { readonly width: number; readonly height: number } {
  const scale = Math.min(room / width, MAX_IMAGE_HEIGHT / height);
  return { width: width * scale, height: height * scale };
}

function drawFoot(page: PDFPage, faces: Faces, width: number, [left, right]: readonly [string, string]): void {
  const style: ParagraphStyle = { size: 7.6, leading: 1.2, colour: '#59636f' };
  page.drawLine({ start: { x: MARGIN.side, y: 46 }, end: { x: MARGIN.side + width, y: 46 }, thickness: 0.5, color: colourOf(LINE) });
  drawLines(page, setParagraph(left, style, faces, width), MARGIN.side, 41);
  drawLines(page, setParagraph(right, { ...style, align: 'right' }, faces, width), MARGIN.side, 41);
}
