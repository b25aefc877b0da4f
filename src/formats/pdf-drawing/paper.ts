import fontkit from '@cantoo/fontkit';
import type { PDFPage } from '@cantoo/pdf-lib';
import { PDFDocument } from '@cantoo/pdf-lib';
import { drawLines, setParagraph, type ParagraphStyle, type SetParagraph } from './page.ts';
import { sketchOn, type Sketch } from './sketch.ts';
import { drawRow, measureRow, type Cell, type TableStyle } from './table.ts';
import type { Faces, Span } from './text-layout.ts';

/** Four faces of one family, TrueType or OpenType, with all letters that the text needs; only the glyphs used are embedded. */
export interface PaperFonts {
  readonly regular: Uint8Array;
  readonly italic: Uint8Array;
  readonly bold: Uint8Array;
  readonly boldItalic: Uint8Array;
}

export interface PaperOptions {
  readonly title: string;
  readonly author: string;
  readonly createdAt: Date;
  readonly fonts: PaperFonts;
  /** In millimetres; default: Decree 30/2020/NĐ-CP Annex I, I.2 (20, 20, 20, 30). */
  readonly marginsMm?: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number };
  /** Small grey line at the foot of every page. */
  readonly footer?: string;
}

/** Where something stands: page from 1, points from the page's lower left corner. */
export interface Place {
  readonly page: number;
  readonly rect: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** One of several blocks side by side. */
export interface Column {
  /** Share of the text width. */
  readonly share: number;
  readonly paragraphs: readonly (readonly [content: string | readonly Span[], style?: ParagraphStyle])[];
}

/** An A4 document that is written from top to bottom. Lengths in points. */
export interface Paper {
  /** Width between the margins. */
  readonly width: number;
  paragraph(content: string | readonly Span[], style?: ParagraphStyle): void;
  /** Side by side from one height, together on one page; the columns' top places, in order. */
  columns(columns: readonly Column[]): Place[];
  table(shares: readonly number[], rows: readonly (readonly Cell[])[], style?: TableStyle): void;
  /** A drawing over the whole width. */
  sketch(height: number, draw: (sketch: Sketch, width: number) => void): Place;
  /** Empty room, which nothing else is put into. */
  space(height: number): Place;
  /** Goes on to a new page unless so much room is left on this one. */
  need(height: number): void;
  newPage(): void;
  /** The file; the paper cannot be written on afterwards. */
  finish(): Promise<Uint8Array>;
}

const A4 = { width: 595.276, height: 841.89 } as const;
const POINTS_PER_MM = 72 / 25.4;
const DECREE_30_MARGINS = { top: 20, right: 20, bottom: 20, left: 30 } as const;

/**
 * Begins a document for people: text that flows over pages, tables, drawings, page numbers from the second page on (Decree 30/2020
 * Annex I, I.7). Decides nothing about content. Not for documents that carry signatures already: those are never rewritten.
 */
export async function openPaper(options: PaperOptions): Promise<Paper> {
  const document = await PDFDocument.create({ updateMetadata: false });
  document.registerFontkit(fontkit);
  describe(document, options);
  const { fonts } = options;
  const embed = (bytes: Uint8Array) => document.embedFont(bytes, { subset: true });
  const faces: Faces = { regular: await embed(fonts.regular), italic: await embed(fonts.italic), bold: await embed(fonts.bold), boldItalic: await embed(fonts.boldItalic) };
  return writer(document, faces, options);
}

function describe(document: PDFDocument, { title, author, createdAt }: PaperOptions): void {
  document.setTitle(title.normalize('NFC'), { showInWindowTitleBar: true });
  document.setAuthor(author.normalize('NFC'));
  document.setLanguage('vi-VN');
  document.setProducer('Liên Thông Gateway');
  document.setCreationDate(createdAt);
  document.setModificationDate(createdAt);
}

function writer(document: PDFDocument, faces: Faces, options: PaperOptions): Paper {
  const margins = options.marginsMm ?? DECREE_30_MARGINS;
  const left = margins.left * POINTS_PER_MM;
  const bottom = margins.bottom * POINTS_PER_MM;
  const width = A4.width - left - margins.right * POINTS_PER_MM;
  const topOfPage = A4.height - margins.top * POINTS_PER_MM;
  let page = document.addPage([A4.width, A4.height]);
  let y = topOfPage;

  const newPage = (): void => {
    page = document.addPage([A4.width, A4.height]);
    y = topOfPage;
  };
  const need = (height: number): void => {
    if (y - height < bottom && y < topOfPage) newPage();
  };
  const placeOf = (height: number, x = left, placeWidth = width): Place => ({ page: document.getPageCount(), rect: { x, y: y - height, width: placeWidth, height } });
  const put = (paragraph: SetParagraph): void => {
    y -= paragraph.style.before;
    for (let from = 0; from < paragraph.lines.length; ) {
      const to = lastLineThatFits(paragraph, from, y - bottom);
      drawLines(page, paragraph, left, y, from, to);
      y -= (to - from) * paragraph.lineHeight;
      from = to;
      if (from < paragraph.lines.length) newPage();
    }
    y -= paragraph.height - paragraph.style.before - paragraph.lines.length * paragraph.lineHeight;
  };
  return {
    width,
    paragraph: (content, style = {}) => {
      const paragraph = setParagraph(content, style, faces, width);
      // Never a first line alone at the foot of a page.
      need(paragraph.style.before + Math.min(2, paragraph.lines.length) * paragraph.lineHeight);
      put(paragraph);
    },
    columns: (columns) => {
      const set = columns.map(({ share, paragraphs }) => paragraphs.map(([content, style]) => setParagraph(content, style ?? {}, faces, share * width)));
      const heights = set.map((paragraphs) => paragraphs.reduce((sum, { height }) => sum + height, 0));
      const height = Math.max(...heights);
      need(height);
      let x = left;
      const places = columns.map(({ share }, index) => {
        drawStack(page, set[index] ?? [], x, y);
        const place = placeOf(heights[index] ?? 0, x, share * width);
        x += share * width;
        return place;
      });
      y -= height;
      return places;
    },
    table: (shares, rows, style = {}) => {
      const set = rows.map((row, index) => measureRow(row, shares.map((share) => share * width), style, faces, index === 0 && style.heading !== false));
      const [heading] = set;
      set.forEach((row, index) => {
        const before = document.getPageCount();
        need(row.height);
        if (document.getPageCount() > before && index > 0 && heading !== undefined && style.heading !== false) {
          drawRow(page, heading, left, y);
          y -= heading.height;
        }
        drawRow(page, row, left, y);
        y -= row.height;
      });
    },
    sketch: (height, draw) => {
      need(height);
      const place = placeOf(height);
      draw(sketchOn(page, faces, place.rect), width);
      y -= height;
      return place;
    },
    space: (height) => {
      need(height);
      const place = placeOf(height);
      y -= height;
      return place;
    },
    need,
    newPage,
    finish: () => {
      document.getPages().forEach((each, index) => finishPage(each, index + 1, faces, options, topOfPage));
      return document.save({ useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false });
    },
  };
}

/** The number after the last line that fits; one line where nothing fits an empty page; never the last line alone on the next page. */
function lastLineThatFits({ lines, lineHeight }: SetParagraph, from: number, room: number): number {
  const fitting = Math.min(lines.length, from + Math.max(1, Math.floor(room / lineHeight + 0.001)));
  return fitting === lines.length - 1 && fitting - from > 2 ? fitting - 1 : fitting;
}

function drawStack(page: PDFPage, paragraphs: readonly SetParagraph[], x: number, top: number): void {
  let y = top;
  for (const paragraph of paragraphs) {
    drawLines(page, paragraph, x, y - paragraph.style.before);
    y -= paragraph.height;
  }
}

function finishPage(page: PDFPage, number: number, faces: Faces, { footer }: PaperOptions, topOfPage: number): void {
  const centred = (text: string, y: number, size: number, colour: string): void => {
    const set = setParagraph(text, { size, colour, align: 'centre' }, faces, A4.width);
    drawLines(page, set, 0, y + size);
  };
  if (number > 1) centred(String(number), topOfPage + 16, 13, '#000000');
  if (footer !== undefined) centred(footer, 24, 8, '#8a8a8a');
}
