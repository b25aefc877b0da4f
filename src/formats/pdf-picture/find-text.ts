/* oxlint-disable eslint/no-underscore-dangle -- Emscripten puts one before the names of C functions */
import { PDFiumLibrary, type PDFiumDocument } from '@hyzyla/pdfium';
import { GatewayError } from '../../domain/errors.ts';
import { bytesSource } from '../byte-source.ts';
import { openPdf } from '../pdf/document.ts';
import { findPage, toShown, type Rectangle } from '../pdf/pages.ts';

/** Where a text stands. */
export interface TextPlace {
  /** From 1. */
  readonly page: number;
  /** Around the text, in points from the lower left corner of the page as shown. */
  readonly rect: Rectangle;
}

export interface TextQuery {
  readonly text: string;
  /** This page only; default: all. */
  readonly page?: number | undefined;
}

const MAX_BYTES = 50 * 1024 * 1024;
const MAX_PAGES = 2_000;
const MAX_PLACES = 20;

/**
 * The places of a text in a PDF, compared in NFC and with any white space as one space, since a line may be broken anywhere. PDFium reads the
 * text; scanned pages have none. Runs WebAssembly over untrusted bytes: call it through `Isolation` (`pdf.find-text`).
 * @throws PDF_LIMIT; PDF_PAGE_NOT_FOUND; PDF_BROKEN when PDFium or our own reader cannot read the document
 */
export async function findText(pdf: Uint8Array, { text, page }: TextQuery): Promise<TextPlace[]> {
  if (pdf.length > MAX_BYTES) throw new GatewayError('PDF_LIMIT', 'The document is too large to look for text in it (50 MiB): place the signature by page and rectangle');
  const library = await PDFiumLibrary.init();
  try {
    const document = await load(library, pdf);
    const count = document.getPageCount();
    if (page !== undefined && page > count) throw new GatewayError('PDF_PAGE_NOT_FOUND', `The document has no page ${page}`);
    const view = openPdf(bytesSource(pdf)).latest;
    const places: TextPlace[] = [];
    for (let number = page ?? 1; number <= (page ?? Math.min(count, MAX_PAGES)) && places.length < MAX_PLACES; number++) {
      for (const rect of matchesOn(clustersOf(document, number), wordsOf(text))) places.push({ page: number, rect: toShown(findPage(view, number), rect) });
    }
    return places;
  } finally {
    library.destroy();
  }
}

async function load(library: PDFiumLibrary, pdf: Uint8Array): Promise<PDFiumDocument> {
  try {
    return await library.loadDocument(pdf);
  } catch (cause) {
    throw new GatewayError('PDF_BROKEN', 'The text of the document cannot be read: place the signature by page and rectangle', { cause });
  }
}

/** The part of PDFium's text interface that the package carries without describing it. */
interface TextApi {
  _FPDFText_LoadPage(page: number): number;
  _FPDFText_ClosePage(textPage: number): void;
  _FPDFText_CountChars(textPage: number): number;
  _FPDFText_GetUnicode(textPage: number, index: number): number;
  _FPDFText_GetCharBox(textPage: number, index: number, left: number, right: number, bottom: number, top: number): number;
  readonly wasmExports: { malloc(size: number): number; free(pointer: number): void };
  readonly HEAPU8: Uint8Array;
}

interface Cluster {
  /** One letter with its marks in NFC, or a space for any white space. */
  readonly text: string;
  /** Null for white space. */
  readonly rect: Rectangle | null;
}

function clustersOf(document: PDFiumDocument, number: number): Cluster[] {
  const { module: api, pageIdx } = document.getPage(number - 1) as unknown as { readonly module: TextApi; readonly pageIdx: number };
  const textPage = api._FPDFText_LoadPage(pageIdx);
  const room = api.wasmExports.malloc(32);
  try {
    const clusters: Cluster[] = [];
    for (let index = 0; index < api._FPDFText_CountChars(textPage); index++) {
      const character = characterOf(api._FPDFText_GetUnicode(textPage, index));
      const last = clusters.at(-1);
      if (/\s/u.test(character)) {
        if (last?.text !== ' ') clusters.push({ text: ' ', rect: null });
      } else if (last?.rect != null && /^\p{M}$/u.test(character)) clusters[clusters.length - 1] = { text: (last.text + character).normalize('NFC'), rect: last.rect };
      else if (character !== '') clusters.push({ text: character.normalize('NFC'), rect: boxOf(api, textPage, index, room) });
    }
    return clusters;
  } finally {
    api.wasmExports.free(room);
    api._FPDFText_ClosePage(textPage);
  }
}

/** Nothing for what is no character: unmapped glyphs and the hyphen that PDFium puts at a broken word. */
const characterOf = (code: number): string => (code < 0x20 && !/\s/.test(String.fromCharCode(code)) ? '' : code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? '' : String.fromCodePoint(code));

function boxOf(api: TextApi, textPage: number, index: number, room: number): Rectangle {
  api._FPDFText_GetCharBox(textPage, index, room, room + 8, room + 16, room + 24);
  const view = new DataView(api.HEAPU8.buffer, room, 32);
  const [left, right, bottom, top] = [0, 8, 16, 24].map((at) => view.getFloat64(at, true)) as [number, number, number, number];
  return { x: left, y: bottom, width: right - left, height: top - bottom };
}

/** The text as clusters are compared. */
function wordsOf(text: string): readonly string[] {
  const clean = text.normalize('NFC').trim().replace(/\s+/gu, ' ');
  return [...clean.matchAll(/\P{M}\p{M}*/gu)].map(([cluster]) => cluster);
}

function matchesOn(clusters: readonly Cluster[], wanted: readonly string[]): Rectangle[] {
  const found: Rectangle[] = [];
  for (let start = 0; start + wanted.length <= clusters.length; start++) {
    if (!wanted.every((text, index) => clusters[start + index]?.text === text)) continue;
    found.push(around(clusters.slice(start, start + wanted.length)));
    start += wanted.length - 1;
  }
  return found;
}

function around(clusters: readonly Cluster[]): Rectangle {
  const rects = clusters.flatMap(({ rect }) => (rect === null ? [] : [rect]));
  const [x, y] = [Math.min(...rects.map((rect) => rect.x)), Math.min(...rects.map((rect) => rect.y))];
  return { x, y, width: Math.max(...rects.map((rect) => rect.x + rect.width)) - x, height: Math.max(...rects.map((rect) => rect.y + rect.height)) - y };
}
