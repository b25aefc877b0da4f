import { GatewayError } from '../../domain/errors.ts';
import type { PdfRevision } from './document.ts';
import { PDF_LIMITS, broken, limit } from './limits.ts';
import type { PdfDict, PdfObject, PdfRef } from './objects.ts';
import { isArray, isDict, isInteger, isName, isRef } from './objects.ts';

/** A page with the attributes it inherits (ISO 32000-2 §7.7.3.4) already looked up. */
export interface PdfPage {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
  /** Visible part in default user space: crop box within media box. */
  readonly box: Rectangle;
  /** Clockwise turn when shown: 0, 90, 180 or 270. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** Size of one unit of user space in points of 1/72 inch; 1 unless the page says otherwise. */
  readonly userUnit: number;
}

/** Lower-left corner and size, in units of user space. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Inherited {
  readonly MediaBox?: PdfObject;
  readonly CropBox?: PdfObject;
  readonly Rotate?: PdfObject;
}

interface Node {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
  readonly inherited: Inherited;
}

/**
 * The page with a number counted from 1; reads only the branch that leads there, trusting /Count of the others.
 * @throws PDF_PAGE_NOT_FOUND; PDF_BROKEN for a tree that loops or is malformed
 */
export function findPage(view: PdfRevision, pageNumber: number): PdfPage {
  if (!Number.isSafeInteger(pageNumber) || pageNumber < 1) throw new GatewayError('PDF_PAGE_NOT_FOUND', 'Pages are counted from 1');
  let node = rootNode(view);
  let left = pageNumber - 1;
  for (let depth = 0; !isLeaf(view, node.dict); depth++) {
    if (depth > PDF_LIMITS.depth) throw limit(`a page tree deeper than ${PDF_LIMITS.depth}`);
    const next = childHolding(view, node, left);
    if (next === undefined) throw new GatewayError('PDF_PAGE_NOT_FOUND', `The document has no page ${pageNumber}`);
    node = next.node;
    left = next.left;
  }
  return pageOf(view, node);
}

/** The page whose /Annots holds a widget, found by walking all pages; undefined when none does. */
export function findPageOfWidget(view: PdfRevision, widget: PdfRef): PdfPage | undefined {
  for (const node of leaves(view)) {
    const annots = view.get(node.dict, 'Annots');
    if (isArray(annots) && annots.some((item) => isRef(item) && item.num === widget.num)) return pageOf(view, node);
  }
  return undefined;
}

/** The page behind a reference, with its inherited attributes found through /Parent. */
export function pageAt(view: PdfRevision, ref: PdfRef): PdfPage {
  const dict = view.resolve(ref);
  if (!isDict(dict) || !isName(view.get(dict, 'Type'), 'Page')) throw broken('the page of a field is not a page');
  let inherited: Inherited = {};
  let parent = view.get(dict, 'Parent');
  for (let depth = 0; isDict(parent); depth++) {
    if (depth > PDF_LIMITS.depth) throw limit(`a page tree deeper than ${PDF_LIMITS.depth}`);
    inherited = { ...inheritedOf(view, parent), ...inherited };
    parent = view.get(parent, 'Parent');
  }
  return pageOf(view, { ref, dict, inherited });
}

/** Every page in order, lazily. @throws PDF_BROKEN for a tree that loops; PDF_LIMIT */
export function* leaves(view: PdfRevision): Generator<Node> {
  const seen = new Set<number>();
  const stack: Node[] = [rootNode(view)];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node.ref.num)) throw broken('the page tree forms a loop');
    seen.add(node.ref.num);
    if (seen.size > PDF_LIMITS.pages) throw limit(`more than ${PDF_LIMITS.pages} pages`);
    if (isLeaf(view, node.dict)) yield node;
    else stack.push(...children(view, node).reverse());
  }
}

function rootNode(view: PdfRevision): Node {
  const ref = view.catalog.entries.get('Pages');
  const dict = view.resolve(ref);
  if (!isRef(ref) || !isDict(dict)) throw broken('/Pages is not a reference to a dictionary');
  return { ref, dict, inherited: {} };
}

function isLeaf(view: PdfRevision, dict: PdfDict): boolean {
  return !dict.entries.has('Kids') && !isName(view.get(dict, 'Type'), 'Pages');
}

function children(view: PdfRevision, node: Node): Node[] {
  const kids = view.get(node.dict, 'Kids');
  if (!isArray(kids)) throw broken('a page tree node without /Kids');
  const inherited = { ...node.inherited, ...inheritedOf(view, node.dict) };
  return kids.map((ref) => {
    const dict = view.resolve(ref);
    if (!isRef(ref) || !isDict(dict)) throw broken('a page that is not a reference to a dictionary');
    return { ref, dict, inherited };
  });
}

/** Children are read one after the other until the wanted page lies below one of them. */
function childHolding(view: PdfRevision, node: Node, wanted: number): { readonly node: Node; readonly left: number } | undefined {
  const kids = view.get(node.dict, 'Kids');
  if (!isArray(kids)) throw broken('a page tree node without /Kids');
  const inherited = { ...node.inherited, ...inheritedOf(view, node.dict) };
  let left = wanted;
  for (const ref of kids) {
    const dict = view.resolve(ref);
    if (!isRef(ref) || !isDict(dict)) throw broken('a page that is not a reference to a dictionary');
    const count = isLeaf(view, dict) ? 1 : view.get(dict, 'Count');
    if (!isInteger(count) || count < 0) throw broken('a page tree node without /Count');
    if (left < count) return { node: { ref, dict, inherited }, left };
    left -= count;
  }
  return undefined;
}

function inheritedOf(view: PdfRevision, dict: PdfDict): Inherited {
  const found: { MediaBox?: PdfObject; CropBox?: PdfObject; Rotate?: PdfObject } = {};
  for (const key of ['MediaBox', 'CropBox', 'Rotate'] as const) {
    const value = view.get(dict, key);
    if (value !== null) found[key] = value;
  }
  return found;
}

/** What readers take when a page has no media box, which §7.7.3.3 requires. */
const LETTER: Rectangle = { x: 0, y: 0, width: 612, height: 792 };

function pageOf(view: PdfRevision, node: Node): PdfPage {
  const attributes = { ...node.inherited, ...inheritedOf(view, node.dict) };
  const media = rectangleOf(view, attributes.MediaBox) ?? LETTER;
  const crop = rectangleOf(view, attributes.CropBox);
  const userUnit = view.get(node.dict, 'UserUnit');
  return {
    ref: node.ref,
    dict: node.dict,
    box: (crop === undefined ? undefined : intersection(media, crop)) ?? media,
    rotation: rotationOf(attributes.Rotate),
    userUnit: typeof userUnit === 'number' && userUnit > 0 ? userUnit : 1,
  };
}

function rotationOf(value: PdfObject | undefined): 0 | 90 | 180 | 270 {
  if (!isInteger(value) || value % 90 !== 0) return 0;
  const turned = ((value % 360) + 360) % 360;
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0;
}

/** Four numbers naming two opposite corners (ISO 32000-2 §7.9.5); undefined for anything else. */
export function rectangleOf(view: PdfRevision, value: PdfObject | undefined): Rectangle | undefined {
  const array = view.resolve(value);
  if (!isArray(array) || array.length !== 4) return undefined;
  const [a, b, c, d] = array.map((item) => view.resolve(item));
  if (typeof a !== 'number' || typeof b !== 'number' || typeof c !== 'number' || typeof d !== 'number') return undefined;
  return { x: Math.min(a, c), y: Math.min(b, d), width: Math.abs(c - a), height: Math.abs(d - b) };
}

function intersection(a: Rectangle, b: Rectangle): Rectangle | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/**
 * A rectangle as a reader sees the page (origin at the lower-left corner of the shown page, after rotation) in default user
 * space, where annotations live.
 */
export function toUserSpace({ box, rotation }: PdfPage, shown: Rectangle): Rectangle {
  const { x, y, width, height } = shown;
  switch (rotation) {
    case 0:
      return { x: box.x + x, y: box.y + y, width, height };
    case 90:
      return { x: box.x + box.width - y - height, y: box.y + x, width: height, height: width };
    case 180:
      return { x: box.x + box.width - x - width, y: box.y + box.height - y - height, width, height };
    case 270:
      return { x: box.x + y, y: box.y + box.height - x - width, width: height, height: width };
  }
}

/** The inverse of `toUserSpace`: from user space to the page as a reader sees it, origin at its lower left corner. */
export function toShown({ box, rotation }: PdfPage, { x, y, width, height }: Rectangle): Rectangle {
  switch (rotation) {
    case 0:
      return { x: x - box.x, y: y - box.y, width, height };
    case 90:
      return { x: y - box.y, y: box.x + box.width - x - width, width: height, height: width };
    case 180:
      return { x: box.x + box.width - x - width, y: box.y + box.height - y - height, width, height };
    case 270:
      return { x: box.y + box.height - y - height, y: x - box.x, width: height, height: width };
  }
}

/** Width and height of the page as shown. */
export function shownSize({ box, rotation }: PdfPage): { readonly width: number; readonly height: number } {
  return rotation % 180 === 0 ? { width: box.width, height: box.height } : { width: box.height, height: box.width };
}

/** The numbers of a rectangle as PDF writes it: two opposite corners. */
export const corners = ({ x, y, width, height }: Rectangle): number[] => [x, y, x + width, y + height];
