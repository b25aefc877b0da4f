import { isGatewayError } from '../../../src/domain/errors.ts';
import type { IncrementalUpdate } from '../../../src/formats/pdf/increment.ts';
import { dict, name, ref, stream } from '../../../src/formats/pdf/objects.ts';
import { textString } from '../../../src/formats/pdf/text.ts';
import { appendUpdate } from '../../support/pdf.ts';
import { annotate, change, formDocument, PAGE, root, SIGNATURE_FIELD, TEXT_FIELD } from './documents.ts';
import type { Expected, Mutant } from './mutant.ts';
import type { Notary, Presentation } from './notary.ts';

/** What may not follow a certification: Rohlmann et al., "Breaking the Specification: PDF Certification", S&P 2021; ISO 32000-2 §12.8.2. */
interface Attack {
  readonly id: string;
  readonly rule: string;
  readonly presentation: Presentation;
  readonly expected: Expected;
  readonly write: (update: IncrementalUpdate) => void;
}

const attack = ({ id, rule, presentation, expected, write }: Attack): Mutant => ({
  id: `PDF-CERT-${id}`,
  rule,
  expected,
  make: async (notary) => appendUpdate(await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD, ...presentation }), write),
});

const modified = (words: RegExp): Expected => ({ is: 'modified', words });
const overText = (subtype: string): Parameters<typeof annotate>[1] =>
  dict({ Type: name('Annot'), Subtype: name(subtype), Rect: [60, 700, 300, 740], F: 4, C: [1, 1, 1], IC: [1, 1, 1], DA: textString('/Helv 14 Tf 0 g'), Contents: textString('Pay 999999') });
const fill = (update: IncrementalUpdate): void => change(update, TEXT_FIELD, { V: textString('2') });

const forbiddenAnnotations = ['FreeText', 'Stamp', 'Redact'].map((subtype, index) =>
  attack({ id: `2${'abc'[index] ?? ''}`, rule: `P 2, then an annotation (${subtype})`, presentation: { certify: 2 }, expected: modified(/permits only level 2/), write: (update) => annotate(update, overText(subtype)) }),
);

export const CERTIFICATION: readonly Mutant[] = [
  attack({ id: '1', rule: 'P 1, then a field filled', presentation: { certify: 1 }, expected: modified(/permits only level 1/), write: fill }),
  { id: 'PDF-CERT-1b', rule: 'P 1, then a further signature: ours is refused', expected: { is: 'sound' }, make: (notary) => refusesToSign(notary, 1) },
  attack({ id: '1c', rule: 'P 1, then an invisible signature field', presentation: { certify: 1 }, expected: modified(/permits only level 1|took the place|not allowed/), write: (update) => addSignatureField(update, [0, 0, 0, 0]) }),
  ...forbiddenAnnotations,
  attack({ id: '3', rule: 'P 3, then an annotation over signed text', presentation: { certify: 3 }, expected: { is: 'warned', words: /annotation \(FreeText\).*(?:covers|may change how signed content looks)/ }, write: (update) => annotate(update, overText('FreeText')) }),
  attack({ id: '4', rule: 'P 2, then a signature field that shows something (sneaky signature)', presentation: { certify: 2 }, expected: modified(/certified content may not be covered/), write: (update) => addSignatureField(update, [60, 700, 300, 740]) }),
  attack({
    id: '5',
    rule: 'a second certification put in place of the first',
    presentation: { certify: 2 },
    expected: modified(/Perms/),
    write: (update) => change(update, root(update), { Perms: dict({ DocMDP: update.add(dict({ Type: name('Sig'), Reference: [dict({ TransformMethod: name('DocMDP'), TransformParams: dict({ P: 3 }) })] })) }) }),
  }),
  attack({ id: '6', rule: 'a locked field filled (FieldMDP)', presentation: { lock: { action: 'Include', fields: ['So'] } }, expected: modified(/locks the field/), write: fill }),
];

function addSignatureField(update: IncrementalUpdate, rect: readonly number[]): void {
  const shown = update.add(stream(dict({ Type: name('XObject'), Subtype: name('Form'), BBox: [0, 0, 240, 40] }), Buffer.from('1 1 1 rg 0 0 240 40 re f')));
  const field = update.add(dict({ FT: name('Sig'), T: textString('Moi'), Type: name('Annot'), Subtype: name('Widget'), Rect: rect, P: PAGE, F: 4, AP: dict({ N: shown }) }));
  change(update, PAGE, { Annots: [ref(5), ref(6), field] });
  change(update, root(update), { AcroForm: dict({ Fields: [ref(5), ref(6), field], SigFlags: 3, DR: dict({ Font: dict({ F1: ref(7) }) }) }) });
}

/** The certified document itself when a further signature is refused; otherwise what should not exist. */
async function refusesToSign(notary: Notary, certify: 1 | 2 | 3): Promise<Uint8Array> {
  const certified = await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD, certify });
  try {
    await notary.sign(certified, { newFieldName: 'Moi' });
  } catch (error) {
    if (isGatewayError(error, 'PDF_CHANGE_FORBIDDEN')) return certified;
    throw error;
  }
  throw new Error('a document certified with P 1 was signed again');
}
