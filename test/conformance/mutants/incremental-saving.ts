import type { IncrementalUpdate } from '../../../src/formats/pdf/increment.ts';
import { dict, name, ref, stream } from '../../../src/formats/pdf/objects.ts';
import { textString } from '../../../src/formats/pdf/text.ts';
import { appendUpdate } from '../../support/pdf.ts';
import { annotate, change, CONTENT, formDocument, PAGE, root, SIGNATURE_FIELD, signatureRef, streamBody } from './documents.ts';
import type { Expected, Mutant } from './mutant.ts';

/** Whatever is appended to a signed document: ISA of Mladenov et al., CCS 2019, §4.2. */
const attack = (number: number, rule: string, expected: Expected, append: (signed: Buffer) => Uint8Array): Mutant => ({
  id: `PDF-ISA-${number}`,
  rule,
  expected,
  make: async (notary) => append(await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD })),
});

const update = (number: number, rule: string, words: RegExp, write: (update: IncrementalUpdate) => void): Mutant => attack(number, rule, { is: 'modified', words }, (signed) => appendUpdate(signed, write));
const tail = (number: number, rule: string, text: string): Mutant => attack(number, rule, { is: 'refused' }, (signed) => Buffer.concat([signed, Buffer.from(text, 'latin1')]));

const EVIL_TEXT = 'BT /F1 14 Tf 72 720 Td (Pay 999999) Tj ET';
const EVIL = stream(dict({}), Buffer.from(EVIL_TEXT));
const EVIL_OBJECT = `4 0 obj\n${streamBody(EVIL_TEXT)}\nendobj\n`;

export const INCREMENTAL_SAVING: readonly Mutant[] = [
  update(1, 'content replaced, with cross-reference and trailer', /object 4, used as \/Contents of object 3, was replaced/, (next) => next.put(CONTENT, EVIL)),
  tail(2, 'content replaced, with neither', EVIL_OBJECT),
  tail(3, 'content replaced, with a trailer alone', `${EVIL_OBJECT}trailer\n<</Size 12/Root 1 0 R>>\n%%EOF\n`),
  attack(4, 'content replaced, the signature object repeated', { is: 'refused', words: /gap of \/ByteRange lies elsewhere/ }, (signed) =>
    appendUpdate(signed, (next) => {
      const signature = signatureRef(next, ref(6));
      next.put(CONTENT, EVIL);
      next.put(signature, next.document.latest.resolve(signature));
    }),
  ),
  tail(5, 'a comment behind the end', '% nothing to see here\n'),
  update(6, 'a page added', /object 2|Kids/, (next) => {
    const page = next.add(dict({ Type: name('Page'), Parent: ref(2), MediaBox: [0, 0, 595, 842], Contents: next.add(EVIL) }));
    change(next, ref(2), { Kids: [PAGE, page], Count: 2 });
  }),
  update(7, 'an annotation laid over the page', /annotation \(FreeText\)/, (next) =>
    annotate(next, dict({ Type: name('Annot'), Subtype: name('FreeText'), Rect: [60, 700, 300, 740], C: [1, 1, 1], DA: textString('/Helv 14 Tf 0 g'), Contents: textString('Pay 999999') }))),
  update(8, 'an action on opening', /OpenAction/, (next) => change(next, root(next), { OpenAction: dict({ S: name('JavaScript'), JS: textString('this.getField("So").value = 9') }) })),
  attack(9, 'a trailer that leaves out objects in use', { is: 'refused', words: /left out by the \/Size 3 of revision 3/ }, (signed) =>
    withSize(appendUpdate(signed, (next) => next.put(CONTENT, next.document.latest.resolve(CONTENT))), 3)),
];

/** The last trailer's /Size. */
function withSize(pdf: Uint8Array, size: number): Buffer {
  const text = Buffer.from(pdf).toString('latin1');
  const at = text.lastIndexOf('/Size ');
  return Buffer.from(text.slice(0, at) + text.slice(at).replace(/\/Size \d+/, `/Size ${size}`), 'latin1');
}
