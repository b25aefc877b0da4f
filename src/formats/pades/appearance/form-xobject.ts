import { deflateSync } from 'node:zlib';

import { bytesSource } from '../../byte-source.ts';
import type { PdfRevision } from '../../pdf/document.ts';
import { openPdf } from '../../pdf/document.ts';
import type { IncrementalUpdate } from '../../pdf/increment.ts';
import { broken } from '../../pdf/limits.ts';
import type { PdfDict, PdfObject, PdfRef } from '../../pdf/objects.ts';
import { dict, isArray, isDict, isRef, isStream, name, stream } from '../../pdf/objects.ts';
import { findPage } from '../../pdf/pages.ts';
import type { Size } from './canvas.ts';

/**
 * Takes the first page of a drawing into the update as a form XObject, with its fonts and images renumbered; turned so that it
 * stands upright on a page that is shown rotated. @see ISO 32000-2 §8.10, §12.5.5
 */
export function addForm(update: IncrementalUpdate, drawingPdf: Uint8Array, { width, height }: Size, rotation: 0 | 90 | 180 | 270): PdfRef {
  const view = openPdf(bytesSource(drawingPdf)).latest;
  const page = findPage(view, 1).dict;
  const copied = new Map<number, PdfRef>();
  const resources = copy(update, view, view.get(page, 'Resources'), copied);
  const form = dict({
    Type: name('XObject'),
    Subtype: name('Form'),
    BBox: [0, 0, width, height],
    Matrix: rotation === 0 ? undefined : matrixFor(rotation, width, height),
    Resources: resources,
    Filter: name('FlateDecode'),
  });
  return update.add(stream(form, deflateSync(contentOf(view, page))));
}

/** Maps the upright drawing to a box whose up is the page's up once the viewer has turned the page clockwise. */
function matrixFor(rotation: 90 | 180 | 270, width: number, height: number): number[] {
  switch (rotation) {
    case 90:
      return [0, 1, -1, 0, height, 0];
    case 180:
      return [-1, 0, 0, -1, width, height];
    case 270:
      return [0, -1, 1, 0, 0, width];
  }
}

function contentOf(view: PdfRevision, page: PdfDict): Uint8Array {
  const contents = view.get(page, 'Contents');
  const streams = (isArray(contents) ? contents.map((item) => view.resolve(item)) : [contents]).filter((item) => isStream(item));
  return Buffer.concat(streams.flatMap((item) => [view.decode(item), Buffer.from('\n')]));
}

function copy(update: IncrementalUpdate, view: PdfRevision, value: PdfObject, copied: Map<number, PdfRef>): PdfObject {
  if (isRef(value)) return copyObject(update, view, value, copied);
  if (isArray(value)) return value.map((item) => copy(update, view, item, copied));
  if (isDict(value)) return copyDict(update, view, value, copied);
  if (isStream(value)) throw broken('a stream inside another object');
  return value;
}

function copyObject(update: IncrementalUpdate, view: PdfRevision, source: PdfRef, copied: Map<number, PdfRef>): PdfRef {
  const known = copied.get(source.num);
  if (known !== undefined) return known;
  const target = update.allocate();
  copied.set(source.num, target);
  const value = view.resolve(source);
  update.put(target, isStream(value) ? stream(copyDict(update, view, value.dict, copied), value.raw()) : copy(update, view, value, copied));
  return target;
}

function copyDict(update: IncrementalUpdate, view: PdfRevision, source: PdfDict, copied: Map<number, PdfRef>): PdfDict {
  return dict(Object.fromEntries(Array.from(source.entries, ([key, value]) => [key, copy(update, view, value, copied)])));
}
