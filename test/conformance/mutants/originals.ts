import { dict, name, ref, stream } from '../../../src/formats/pdf/objects.ts';
import { textString } from '../../../src/formats/pdf/text.ts';
import { appendUpdate, qpdfRewrite, samplePdf } from '../../support/pdf.ts';
import { change, formDocument, root, SIGNATURE_FIELD, TEXT_FIELD } from './documents.ts';
import type { Mutant } from './mutant.ts';
import type { Notary, Presentation } from './notary.ts';

/** What must not be flagged: documents as signed, and what may lawfully follow. */
const sound = (number: number, rule: string, make: Mutant['make']): Mutant => ({ id: `PDF-GOOD-${number}`, rule, make, expected: { is: 'sound' } });

const FIELD = { fieldName: SIGNATURE_FIELD } as const;
const signedForm = (notary: Notary, presentation: Presentation = {}): Promise<Buffer> => notary.sign(formDocument(), { ...FIELD, ...presentation });
const SEAL_PLACE = { x: 100, y: 100, width: 100, height: 100 };

export const ORIGINALS: readonly Mutant[] = [
  sound(1, 'signed in an existing field', (notary) => signedForm(notary)),
  sound(2, 'signed in a new invisible field', async (notary) => notary.sign(await samplePdf({ pages: 3 }))),
  sound(3, 'object streams', async (notary) => notary.sign(await samplePdf({ pages: 3, objectStreams: true }))),
  ...([1, 2, 3] as const).map((certify) => sound(3 + certify, `certified with P ${certify}`, (notary) => signedForm(notary, { certify }))),
  sound(7, 'with a locked field', (notary) => signedForm(notary, { lock: { action: 'Include', fields: ['So'] } })),
  sound(8, 'a field filled afterwards', async (notary) => appendUpdate(await signedForm(notary), (update) => change(update, TEXT_FIELD, { V: textString('2') }))),
  sound(9, 'validation data added afterwards', async (notary) => appendUpdate(await signedForm(notary), (update) => change(update, root(update), { DSS: update.add(dict({ Type: name('DSS'), Certs: [update.add(stream(dict({}), notary.officer.certificateDer))] })) }))),
  sound(10, 'signed twice', async (notary) => notary.sign(await signedForm(notary))),
  sound(11, 'signed after P 2', async (notary) => notary.sign(await signedForm(notary, { certify: 2 }))),
  sound(12, 'a field placed by the first signer filled by the second', async (notary) => notary.sign(await signedForm(notary, { emptyFields: [{ name: 'Dau', page: 1, rect: SEAL_PLACE }] }), { fieldName: 'Dau' })),
  sound(13, 'linearised by another program, then signed', async (notary) => notary.sign(qpdfRewrite(await samplePdf({ pages: 4 }), '--linearize'))),
  sound(14, 'flags of a field changed', async (notary) => appendUpdate(await signedForm(notary), (update) => change(update, ref(5), { Ff: 1 }))),
];
