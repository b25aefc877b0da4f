import { isGatewayError } from '../../domain/errors.ts';
import type { PdfRevision } from './document.ts';
import { PDF_LIMITS } from './limits.ts';
import type { PdfDict, PdfObject, PdfStream } from './objects.ts';
import { isArray, isName, isStream, isString } from './objects.ts';
import type { Rectangle } from './pages.ts';
import { ObjectParser, isSpace } from './parser.ts';

/** Where a page paints text or a picture, in its user space; widths of text are estimated, fonts are not read. */
export interface PaintedPlace {
  readonly kind: 'text' | 'image';
  readonly rect: Rectangle;
}

const MAX_PLACES = 20_000;
const MAX_OPERATORS = 200_000;
const MAX_FORM_DEPTH = 4;
/** Of the font's size: a middling width of one glyph, and the height of what stands above the base line. */
const [GLYPH_WIDTH, ASCENT] = [0.5, 0.7];

/**
 * Text and pictures of a page, forms it draws included. Good enough to tell whether something lies over them; decides nothing about
 * what they show. What cannot be read paints nothing; long contents are read in part.
 * @see ISO 32000-2 §8.2, §9.4
 */
export function paintedPlaces(view: PdfRevision, page: PdfDict): readonly PaintedPlace[] {
  const painter: Painter = { view, places: [], operators: 0 };
  paint(painter, contentOf(view, page), resourcesOf(view, page), IDENTITY, 0);
  return painter.places;
}

/** The operators of a content stream, without looking at what they work on. */
export function operatorsOf(content: Uint8Array): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { operator } of operations(content, { operators: 0 })) found.add(operator);
  return found;
}

interface Painter {
  readonly view: PdfRevision;
  readonly places: PaintedPlace[];
  operators: number;
}

type Matrix = readonly [number, number, number, number, number, number];
const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

function contentOf(view: PdfRevision, page: PdfDict): Uint8Array {
  const contents = view.get(page, 'Contents');
  const parts = isArray(contents) ? contents.map((part) => view.resolve(part)) : [contents];
  return Buffer.concat(parts.flatMap((part) => (isStream(part) ? [decoded(view, part), SPACE] : [])));
}

const SPACE = Uint8Array.of(0x20);

function decoded(view: PdfRevision, stream: PdfStream): Uint8Array {
  try {
    return view.decode(stream);
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return new Uint8Array();
    throw error;
  }
}

/** Inherited along /Parent (§7.7.3.4). */
function resourcesOf(view: PdfRevision, page: PdfDict): PdfDict | undefined {
  let node: PdfDict | undefined = page;
  for (let depth = 0; node !== undefined && depth < PDF_LIMITS.depth; depth++) {
    const resources = view.dict(node.entries.get('Resources'));
    if (resources !== undefined) return resources;
    node = view.dict(node.entries.get('Parent'));
  }
  return undefined;
}

interface TextState {
  matrix: Matrix;
  line: Matrix;
  leading: number;
  size: number;
  invisible: boolean;
}

function paint(painter: Painter, content: Uint8Array, resources: PdfDict | undefined, start: Matrix, depth: number): void {
  let ctm = start;
  const saved: Matrix[] = [];
  const text: TextState = { matrix: IDENTITY, line: IDENTITY, leading: 0, size: 1, invisible: false };
  for (const { operator, operands } of operations(content, painter)) {
    if (painter.places.length >= MAX_PLACES) return;
    if (operator === 'q' && saved.length < PDF_LIMITS.depth) saved.push(ctm);
    else if (operator === 'Q') ctm = saved.pop() ?? ctm;
    else if (operator === 'cm') ctm = times(matrixOf(operands), ctm);
    else if (operator === 'Do') paintObject(painter, resources, operands[0], ctm, depth);
    else if (operator === 'BI') painter.places.push({ kind: 'image', rect: boxOf(ctm, 0, 0, 1, 1) });
    else showText(painter, text, operator, operands, ctm);
  }
}

/** §9.4.2 table 106 and §9.4.3 table 107. */
function showText(painter: Painter, text: TextState, operator: string, operands: readonly PdfObject[], ctm: Matrix): void {
  switch (operator) {
    case 'BT':
      text.matrix = text.line = IDENTITY;
      return;
    case 'Tf':
      text.size = numberAt(operands, 1);
      return;
    case 'TL':
      text.leading = numberAt(operands, 0);
      return;
    case 'Tr':
      text.invisible = operands[0] === 3;
      return;
    case 'Tm':
      text.matrix = text.line = matrixOf(operands);
      return;
    case 'TD':
      text.leading = -numberAt(operands, 1);
      return moveLine(text, numberAt(operands, 0), numberAt(operands, 1));
    case 'Td':
      return moveLine(text, numberAt(operands, 0), numberAt(operands, 1));
    case 'T*':
      return moveLine(text, 0, -text.leading);
    case "'":
    case '"':
      moveLine(text, 0, -text.leading);
      return place(painter, text, operands.at(-1), ctm);
    case 'Tj':
    case 'TJ':
      return place(painter, text, operands[0], ctm);
    default:
  }
}

function moveLine(text: TextState, x: number, y: number): void {
  text.matrix = text.line = times([1, 0, 0, 1, x, y], text.line);
}

function place(painter: Painter, text: TextState, shown: PdfObject | undefined, ctm: Matrix): void {
  const glyphs = glyphsOf(shown);
  const width = glyphs * text.size * GLYPH_WIDTH;
  if (glyphs > 0 && !text.invisible) painter.places.push({ kind: 'text', rect: boxOf(times(text.matrix, ctm), 0, 0, width, text.size * ASCENT) });
  text.matrix = times([1, 0, 0, 1, width, 0], text.matrix);
}

function glyphsOf(shown: PdfObject | undefined): number {
  if (isString(shown)) return shown.bytes.length;
  return isArray(shown) ? shown.reduce<number>((sum, item) => sum + (isString(item) ? item.bytes.length : 0), 0) : 0;
}

function paintObject(painter: Painter, resources: PdfDict | undefined, operand: PdfObject | undefined, ctm: Matrix, depth: number): void {
  const { view } = painter;
  const named = isName(operand) ? view.dict(resources?.entries.get('XObject'))?.entries.get(operand.text) : undefined;
  const object = view.resolve(named);
  if (!isStream(object)) return;
  if (isName(view.get(object.dict, 'Subtype'), 'Image')) painter.places.push({ kind: 'image', rect: boxOf(ctm, 0, 0, 1, 1) });
  if (!isName(view.get(object.dict, 'Subtype'), 'Form') || depth >= MAX_FORM_DEPTH) return;
  const matrix = view.get(object.dict, 'Matrix');
  const own = isArray(matrix) ? matrixOf(matrix) : IDENTITY;
  paint(painter, decoded(view, object), view.dict(object.dict.entries.get('Resources')) ?? resources, times(own, ctm), depth + 1);
}

interface Operation {
  readonly operator: string;
  readonly operands: readonly PdfObject[];
}

const MAX_OPERANDS = 64;

/** Operands, then the operator that takes them (§7.8.2); the data of inline images are skipped. Ends where the syntax does. */
function* operations(content: Uint8Array, budget: { operators: number }): Generator<Operation> {
  const parser = new ObjectParser(content, -1, true);
  let operands: PdfObject[] = [];
  for (;;) {
    const next = nextToken(parser, content);
    if (next === undefined) return;
    if (typeof next === 'object') {
      if (operands.length < MAX_OPERANDS) operands.push(next.operand);
      continue;
    }
    if (++budget.operators > MAX_OPERATORS) return;
    yield { operator: next, operands };
    if (next === 'BI') skipInlineImage(parser, content);
    operands = [];
  }
}

/** An operator's name, an operand, or undefined at the end. */
function nextToken(parser: ObjectParser, content: Uint8Array): string | { readonly operand: PdfObject } | undefined {
  try {
    parser.skipSpace();
    const first = parser.byteAt(parser.pos);
    if (first === -1) return undefined;
    if (!isOperatorStart(first)) return { operand: parser.object() };
    const start = parser.pos;
    while (isRegular(parser.byteAt(parser.pos))) parser.pos++;
    const word = Buffer.from(content.buffer, content.byteOffset + start, parser.pos - start).toString('latin1');
    return word === 'true' || word === 'false' || word === 'null' ? { operand: null } : word;
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return undefined;
    throw error;
  }
}

/** Letters, and the quotation marks that show text. */
const isOperatorStart = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x27 || byte === 0x22;
const isRegular = (byte: number): boolean => byte !== -1 && !isSpace(byte) && !DELIMITERS.includes(byte);
const DELIMITERS = Buffer.from('()<>[]{}/%');

/** To the `EI` between white space that ends the data (§8.9.7). */
function skipInlineImage(parser: ObjectParser, content: Uint8Array): void {
  for (let at = parser.pos; ; at++) {
    at = content.indexOf(0x45, at);
    if (at === -1) {
      parser.pos = content.length;
      return;
    }
    if (content[at + 1] === 0x49 && isSpace(content[at - 1]) && (at + 2 >= content.length || isSpace(content[at + 2]))) {
      parser.pos = at + 2;
      return;
    }
  }
}

function numberAt(operands: readonly PdfObject[], index: number): number {
  const value = operands[index];
  return typeof value === 'number' ? value : 0;
}

function matrixOf(operands: readonly PdfObject[]): Matrix {
  return [numberAt(operands, 0), numberAt(operands, 1), numberAt(operands, 2), numberAt(operands, 3), numberAt(operands, 4), numberAt(operands, 5)];
}

/** First `a`, then `b` (§8.3.4). */
function times(a: Matrix, b: Matrix): Matrix {
  return [a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3], a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5]];
}

/** The upright box round a rectangle under a matrix. */
function boxOf(matrix: Matrix, x: number, y: number, width: number, height: number): Rectangle {
  const corners = [[x, y], [x + width, y], [x, y + height], [x + width, y + height]] as const;
  const xs = corners.map(([px, py]) => px * matrix[0] + py * matrix[2] + matrix[4]);
  const ys = corners.map(([px, py]) => px * matrix[1] + py * matrix[3] + matrix[5]);
  const [left, bottom] = [Math.min(...xs), Math.min(...ys)];
  return { x: left, y: bottom, width: Math.max(...xs) - left, height: Math.max(...ys) - bottom };
}

/** Whether the middle of a place lies in a rectangle, so that what merely touches its edge does not count. */
export function liesUnder({ rect }: PaintedPlace, cover: Rectangle): boolean {
  const [x, y] = [rect.x + rect.width / 2, rect.y + rect.height / 2];
  return x > cover.x && x < cover.x + cover.width && y > cover.y && y < cover.y + cover.height;
}

/** Area that two rectangles share. */
export function sharedArea(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

