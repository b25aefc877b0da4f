import type { IncrementalUpdate } from '../../../src/formats/pdf/increment.ts';
import type { PdfDict, PdfObject, PdfRef } from '../../../src/formats/pdf/objects.ts';
import { isDict, isRef, ref, withEntries } from '../../../src/formats/pdf/objects.ts';
import { classicPdf } from '../../support/pdf.ts';

/** Numbers of the objects of `formDocument`. */
export const PAGE = ref(3);
export const CONTENT = ref(4);
export const TEXT_FIELD = ref(5);
export const SIGNATURE_FIELD = 'Ky';

const PAID = 'BT /F1 14 Tf 72 720 Td (Pay 100) Tj ET';

export const streamBody = (text: string, entries = ''): string => `<</Length ${text.length}${entries}>>\nstream\n${text}\nendstream`;

/** Bodies of a page with text, an invented text field and an empty visible signature field; further or other objects as given. */
export function formBodies(others: Readonly<Record<number, string>> = {}): Record<number, string> {
  return {
    1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R]/DR<</Font<</F1 7 0 R>>>>>>>>',
    2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Annots[5 0 R 6 0 R]/Resources<</Font<</F1 7 0 R>>>>>>',
    4: streamBody(PAID),
    5: '<</FT/Tx/T(So)/Type/Annot/Subtype/Widget/Rect[72 600 200 620]/P 3 0 R/V(1)/AP<</N 8 0 R>>/F 4>>',
    6: '<</FT/Sig/T(Ky)/Type/Annot/Subtype/Widget/Rect[300 40 400 80]/P 3 0 R/F 4>>',
    7: '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>',
    8: streamBody('/Tx BMC BT /F1 12 Tf 2 4 Td (1) Tj ET EMC', '/Type/XObject/Subtype/Form/BBox[0 0 128 20]/Resources<</Font<</F1 7 0 R>>>>'),
    ...others,
  };
}

export const formDocument = (others: Readonly<Record<number, string>> = {}): Buffer => classicPdf(formBodies(others));

/** The dictionary of an object as the update leaves it. */
export function dictAt(update: IncrementalUpdate, at: PdfRef): PdfDict {
  const value = update.current(at);
  if (!isDict(value)) throw new Error(`object ${at.num} is not a dictionary`);
  return value;
}

export function change(update: IncrementalUpdate, at: PdfRef, entries: Readonly<Record<string, PdfObject | undefined>>): void {
  update.put(at, withEntries(dictAt(update, at), entries));
}

export function root(update: IncrementalUpdate): PdfRef {
  const value = update.document.latest.trailer.entries.get('Root');
  if (!isRef(value)) throw new Error('no /Root');
  return value;
}

/** Appends an annotation to the first page. */
export function annotate(update: IncrementalUpdate, annotation: PdfDict): void {
  const annots = dictAt(update, PAGE).entries.get('Annots');
  change(update, PAGE, { Annots: [...(Array.isArray(annots) ? (annots as readonly PdfObject[]) : []), update.add(annotation)] });
}

/** The reference to the signature dictionary that a field holds. */
export function signatureRef(update: IncrementalUpdate, field: PdfRef): PdfRef {
  const value = dictAt(update, field).entries.get('V');
  if (!isRef(value)) throw new Error('the field is not signed');
  return value;
}
