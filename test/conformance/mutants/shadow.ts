import type { IncrementalUpdate } from '../../../src/formats/pdf/increment.ts';
import { dict, name, ref, stream } from '../../../src/formats/pdf/objects.ts';
import { appendUpdate, classicPdf } from '../../support/pdf.ts';
import { change, formBodies, SIGNATURE_FIELD, streamBody, TEXT_FIELD } from './documents.ts';
import type { Expected, Mutant } from './mutant.ts';

/** Documents prepared before they are signed so that a small update shows something else: Mainka et al., "Shadow Attacks", NDSS 2021. */
interface Shadow {
  readonly number: number;
  readonly rule: string;
  readonly document: Buffer;
  /** What is said of the signed document before anybody touches it; absent where nothing in it is out of the ordinary. */
  readonly prepared?: Expected;
  readonly manipulate: (signed: Buffer) => Uint8Array;
  readonly manipulated: Expected;
}

const both = ({ number, rule, document, prepared, manipulate, manipulated }: Shadow): Mutant[] => {
  const sign: Mutant['make'] = (notary) => notary.sign(document, { fieldName: SIGNATURE_FIELD });
  const id = `PDF-SHADOW-${number}`;
  const attacked: Mutant = { id, rule: `${rule}, manipulated`, expected: manipulated, make: async (notary) => manipulate(Buffer.from(await sign(notary))) };
  return prepared === undefined ? [attacked] : [{ id: `${id}a`, rule: `${rule}, as prepared and signed`, expected: prepared, make: sign }, attacked];
};

const updated = (write: (update: IncrementalUpdate) => void) => (signed: Buffer): Uint8Array => appendUpdate(signed, write);
const warned = (words: RegExp): Expected => ({ is: 'warned', words });
const modified = (words: RegExp): Expected => ({ is: 'modified', words });

const HIDDEN = 2;
const EVIL = 'BT /F1 14 Tf 72 720 Td (Pay 999999) Tj ET';
const EMPTY_FORM = stream(dict({ Type: name('XObject'), Subtype: name('Form'), BBox: [0, 0, 1, 1] }), new Uint8Array());
const WHITE_BOX = '/Tx BMC 1 1 1 rg 0 0 300 40 re f BT 0 g /F1 12 Tf 2 4 Td (Pay 100) Tj ET EMC';
const whiteBox = streamBody(WHITE_BOX, '/Type/XObject/Subtype/Form/BBox[0 0 300 40]/Resources<</Font<</F1 7 0 R>>>>');

const withAnnots = (annots: string, extra: string): string => `<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Annots[${annots}]/Resources<</Font<</F1 7 0 R>>${extra}>>>>`;
const withFields = (fields: string): string => `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[${fields}]/DR<</Font<</F1 7 0 R>>>>>>>>`;

/** An image that covers the text. */
const IMAGE = classicPdf(formBodies({
  3: withAnnots('5 0 R 6 0 R', '/XObject<</Im 9 0 R>>'),
  4: streamBody(`${EVIL} q 300 0 0 40 60 705 cm /Im Do Q`),
  9: streamBody('\xff', '/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray'),
}));

/** An opaque field over the field of interest. */
const FIELD_OVER_FIELD = classicPdf(formBodies({
  1: withFields('5 0 R 6 0 R 9 0 R'),
  3: withAnnots('5 0 R 6 0 R 9 0 R', ''),
  9: '<</FT/Tx/T(Tren)/Type/Annot/Subtype/Widget/Rect[70 590 370 630]/P 3 0 R/V(Pay 100)/AP<</N 10 0 R>>/F 4>>',
  10: whiteBox,
}));

/** An opaque field over text of the page. */
const FIELD_OVER_TEXT = classicPdf(formBodies({
  1: withFields('5 0 R 6 0 R 9 0 R'),
  3: withAnnots('5 0 R 6 0 R 9 0 R', ''),
  4: streamBody(EVIL),
  9: '<</FT/Tx/T(Tren)/Type/Annot/Subtype/Widget/Rect[60 705 360 745]/P 3 0 R/V(Pay 100)/AP<</N 10 0 R>>/F 4>>',
  10: whiteBox,
}));

/** A second catalog with a page of its own that nothing leads to. */
const TWO_CATALOGS = classicPdf(formBodies({
  9: '<</Type/Catalog/Pages 10 0 R/AcroForm<</Fields[5 0 R 6 0 R]/DR<</Font<</F1 7 0 R>>>>>>>>',
  10: '<</Type/Pages/Kids[11 0 R]/Count 1>>',
  11: '<</Type/Page/Parent 10 0 R/MediaBox[0 0 595 842]/Contents 12 0 R/Annots[5 0 R 6 0 R]/Resources<</Font<</F1 7 0 R>>>>>>',
  12: streamBody(EVIL),
}));

/** The content twice under one number; the cross-reference knows the harmless one. */
const TWICE = ((): Buffer => {
  const evil = `4 0 obj\n${streamBody(EVIL)}\nendobj\n`;
  const text = classicPdf(formBodies()).toString('latin1');
  const header = '%PDF-1.7\n';
  const shifted = text.slice(header.length).replace(/^(\d{10}) (\d{5} n )$/gm, (_, at: string, rest: string) => `${String(Number(at) + evil.length).padStart(10, '0')} ${rest}`);
  return Buffer.from(header + evil + shifted.replace(/startxref\n(\d+)/, (_, at: string) => `startxref\n${Number(at) + evil.length}`), 'latin1');
})();

/** Appends a cross-reference table alone, in which a number leads to the other object. */
function redirect(signed: Buffer, num: number, offset: number): Buffer {
  const text = signed.toString('latin1');
  const previous = /startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1] ?? '';
  const trailer = text.slice(text.lastIndexOf('trailer\n'), text.lastIndexOf('startxref')).replace(/\/Prev \d+/, `/Prev ${previous}`);
  return Buffer.from(`${text}xref\n${num} 1\n${String(offset).padStart(10, '0')} 00000 n \n${trailer}startxref\n${text.length}\n%%EOF\n`, 'latin1');
}

/** Appends a trailer whose /Root is the other catalog. */
function exchangeCatalog(signed: Buffer): Buffer {
  const update = appendUpdate(signed, (next) => next.put(ref(7), next.document.latest.resolve(ref(7)))).toString('latin1');
  const at = update.lastIndexOf('/Root 1 0 R');
  return Buffer.from(`${update.slice(0, at)}/Root 9 0 R${update.slice(at + '/Root 1 0 R'.length)}`, 'latin1');
}

const hideTop = updated((update) => change(update, ref(9), { F: HIDDEN }));
const COVERS_TEXT = warned(/the form field “Tren” covers text of page object 3/);

const SHADOWS: readonly Shadow[] = [
  { number: 1, rule: 'hide: an image over text', document: IMAGE, manipulate: updated((update) => update.put(ref(9), EMPTY_FORM)), manipulated: modified(/object 9, used as \/Resources\/XObject\/Im of object 3, was replaced/) },
  { number: 2, rule: 'hide: a field over a field', document: FIELD_OVER_FIELD, prepared: warned(/the form field “Tren” covers the form field “So”/), manipulate: hideTop, manipulated: warned(/the form field “Tren” covers the form field “So”/) },
  { number: 3, rule: 'hide: a field over text', document: FIELD_OVER_TEXT, prepared: COVERS_TEXT, manipulate: hideTop, manipulated: COVERS_TEXT },
  {
    number: 4,
    rule: 'replace: what a field shows, its value kept',
    document: classicPdf(formBodies()),
    manipulate: updated((update) => change(update, TEXT_FIELD, { AP: dict({ N: update.add(stream(dict({ Type: name('XObject'), Subtype: name('Form'), BBox: [0, 0, 128, 20] }), Buffer.from('BT /F1 12 Tf 2 4 Td (999999) Tj ET'))) }) })),
    manipulated: warned(/the field “So” shows something else, and its value is the same/),
  },
  { number: 5, rule: 'replace: a font', document: classicPdf(formBodies()), manipulate: updated((update) => change(update, ref(7), { BaseFont: name('Evil'), Encoding: undefined })), manipulated: modified(/object 7, used as .*Font\/F1 of object \d+, was replaced/) },
  { number: 6, rule: 'hide and replace: another catalog', document: TWO_CATALOGS, prepared: warned(/object 9 \(Catalog\)/), manipulate: exchangeCatalog, manipulated: modified(/the document catalog was exchanged/) },
  { number: 7, rule: 'hide and replace: one number, two objects', document: TWICE, prepared: warned(/another object 4/), manipulate: (signed: Buffer) => redirect(signed, 4, '%PDF-1.7\n'.length), manipulated: { is: 'refused' } },
];

export const SHADOW: readonly Mutant[] = SHADOWS.flatMap((shadow) => both(shadow));
