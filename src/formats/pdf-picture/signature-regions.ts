import { isGatewayError } from '../../domain/errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { readPdfSignatures, type PdfSignature } from '../pades/signatures.ts';
import type { PdfDocument, PdfRevision } from '../pdf/document.ts';
import { fieldsOf, type PdfField } from '../pdf/fields.ts';
import { isArray, isRef, type PdfRef } from '../pdf/objects.ts';
import { leaves, pageAt, rectangleOf, shownSize, toShown, type PdfPage, type Rectangle } from '../pdf/pages.ts';

/** A rectangle within a page as shown, in parts of its width and height from the top left corner. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where a visible signature stands. */
export interface SignatureRegion {
  readonly id: string;
  /** The signed revision is the first so many bytes of the file. */
  readonly signedBytes: number;
  /** Counted from 1, in the signed revision. */
  readonly page: number;
  /** The same page in the newest revision; null when it is gone. */
  readonly currentPage: number | null;
  readonly region: Region;
}

/**
 * The place of every visible signature that covers a whole revision: others have no revision that could be shown. Says nothing about validity.
 * @param password of an encrypted document, user's or owner's; the empty one is always tried
 * @throws as `readPdfSignatures` when the document cannot be read
 * @see ISO 32000-2 §12.5.6.19, §12.7.5.5
 */
export function signatureRegions(source: ByteSource, password?: string): SignatureRegion[] {
  const { document, signatures } = readPdfSignatures(source, password === undefined ? {} : { password });
  return signatures.flatMap((signature) => {
    try {
      const found = regionOf(document, signature);
      return found === null ? [] : [found];
    } catch (error) {
      // A page tree broken in one revision hides that signature's place, not those of the others.
      if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return [];
      throw error;
    }
  });
}

function regionOf(document: PdfDocument, { id, fieldName, byteRange, coverage }: PdfSignature): SignatureRegion | null {
  if (fieldName === null || byteRange === null || (coverage.extent !== 'file' && coverage.extent !== 'revision')) return null;
  const view = document.at(coverage.revision - 1);
  const widget = visibleWidget(view, fieldName);
  const place = widget === null ? null : placeOf(view, widget.ref);
  if (widget === null || place === null) return null;
  const page = pageAt(view, place.ref);
  const region = regionOn(page, widget.rect);
  if (region === null) return null;
  const signedBytes = (byteRange.at(-2) ?? 0) + (byteRange.at(-1) ?? 0);
  return { id, signedBytes, page: place.number, currentPage: pageNumber(document.latest, place.ref), region };
}

function visibleWidget(view: PdfRevision, fieldName: string): { readonly ref: PdfRef; readonly rect: Rectangle } | null {
  const field = find(fieldsOf(view), ({ name, type }) => type === 'Sig' && name === fieldName);
  for (const { ref, dict } of field?.widgets ?? []) {
    const rect = rectangleOf(view, dict.entries.get('Rect'));
    if (ref !== undefined && rect !== undefined && rect.width >= 1 && rect.height >= 1) return { ref, rect };
  }
  return null;
}

function find(fields: Iterable<PdfField>, matches: (field: PdfField) => boolean): PdfField | undefined {
  for (const field of fields) if (matches(field)) return field;
  return undefined;
}

/** By /Annots, which is what shows a widget; /P is only a hint. */
function placeOf(view: PdfRevision, widget: PdfRef): { readonly number: number; readonly ref: PdfRef } | null {
  let number = 0;
  for (const { ref, dict } of leaves(view)) {
    number += 1;
    const annots = view.get(dict, 'Annots');
    if (isArray(annots) && annots.some((item) => isRef(item) && item.num === widget.num)) return { number, ref };
  }
  return null;
}

function pageNumber(view: PdfRevision, page: PdfRef): number | null {
  let number = 0;
  for (const { ref } of leaves(view)) {
    number += 1;
    if (ref.num === page.num) return number;
  }
  return null;
}

/** Around the widget, in points: something drawn over its edge should be seen. */
const MARGIN = 12;

function regionOn(page: PdfPage, rect: Rectangle): Region | null {
  const { box } = page;
  const x = Math.max(box.x, rect.x - MARGIN);
  const y = Math.max(box.y, rect.y - MARGIN);
  const width = Math.min(box.x + box.width, rect.x + rect.width + MARGIN) - x;
  const height = Math.min(box.y + box.height, rect.y + rect.height + MARGIN) - y;
  if (width <= 0 || height <= 0) return null;
  const shown = toShown(page, { x, y, width, height });
  const size = shownSize(page);
  return { left: shown.x / size.width, top: 1 - (shown.y + shown.height) / size.height, width: shown.width / size.width, height: shown.height / size.height };
}
