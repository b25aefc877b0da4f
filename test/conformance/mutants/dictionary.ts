import { digestAlgorithmDer } from '../../../src/formats/algorithms/digests.ts';
import type { IncrementalUpdate } from '../../../src/formats/pdf/increment.ts';
import { dict, name, ref } from '../../../src/formats/pdf/objects.ts';
import { textString } from '../../../src/formats/pdf/text.ts';
import type { TestIdentity } from '../../support/certificates.ts';
import { appendUpdate, classicPdf, patch } from '../../support/pdf.ts';
import { structureSigner } from '../../../certs/dev/identity.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { craft, signedData, signerInfo, type Craft } from '../cms-forgery/craft.ts';
import { change, formBodies, formDocument, PAGE, root, SIGNATURE_FIELD, signatureRef } from './documents.ts';
import type { Expected, Mutant } from './mutant.ts';
import type { Notary } from './notary.ts';

/** Games with the signature dictionary and the CMS in it. */
const game = (number: number, rule: string, expected: Expected, make: Mutant['make']): Mutant => ({ id: `PDF-SIGDICT-${number}`, rule, expected, make });

const REFUSED: Expected = { is: 'refused' };
const modified = (words: RegExp): Expected => ({ is: 'modified', words });
const afterwards = (write: (update: IncrementalUpdate) => void): Mutant['make'] => async (notary) => appendUpdate(await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD, reason: 'Chấp thuận' }), write);
const SIGNED_FIELD = ref(6);

/** Two empty signature fields that a signer with bad intentions makes share a value. */
const TWO_FIELDS = {
  1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R 9 0 R]>>>>',
  3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Annots[5 0 R 6 0 R 9 0 R]/Resources<</Font<</F1 7 0 R>>>>>>',
  9: '<</FT/Sig/T(Hai)/Type/Annot/Subtype/Widget/Rect[300 140 400 180]/P 3 0 R/F 4/V 10 0 R>>',
};

/** A signature made by hand, with the chain that an honest one carries. */
const embedded = (make: (input: Craft & { readonly certificates: readonly Uint8Array[] }) => Uint8Array): Mutant['make'] => (notary) =>
  notary.embed(formDocument(), (content) => make({ identity: identityOf(notary), content, certificates: notary.officer.chainDer }), { fieldName: SIGNATURE_FIELD });

const twice = (input: Craft): Uint8Array => signedData(input, [signerInfo(input), signerInfo({ ...input, content: Buffer.from('something else') })]);

/** Made by the same hands and honest: what makes the games meaningful. */
export const CRAFTED_ORIGINALS: readonly Mutant[] = [
  { id: 'PDF-GOOD-20', rule: 'an honest CMS made by hand', expected: { is: 'sound' }, make: embedded(craft) },
  { id: 'PDF-GOOD-21', rule: 'an honest increment through the crafting signer', expected: { is: 'sound' }, make: (notary) => notary.signCrafted(formDocument(), ({ byteRange }) => ({ hashed: byteRange }), { fieldName: SIGNATURE_FIELD }) },
];

export const DICTIONARY: readonly Mutant[] = [
  game(1, 'two fields with one signature', { is: 'refused', words: /two fields share one signature/ }, (notary) => notary.sign(classicPdf(formBodies(TWO_FIELDS)), { fieldName: SIGNATURE_FIELD })),
  game(2, 'the signature moved to another field afterwards', modified(/“Ky” was removed|exchanged|existed before/), afterwards((update) => {
    const moved = update.add(dict({ FT: name('Sig'), T: textString('Khac'), Type: name('Annot'), Subtype: name('Widget'), Rect: [0, 0, 0, 0], P: PAGE, V: signatureRef(update, SIGNED_FIELD) }));
    change(update, PAGE, { Annots: [ref(5), moved] });
    change(update, root(update), { AcroForm: dict({ Fields: [ref(5), moved], SigFlags: 3, DR: dict({ Font: dict({ F1: ref(7) }) }) }) });
  })),
  game(3, 'the field removed afterwards', REFUSED, afterwards((update) => {
    change(update, PAGE, { Annots: [ref(5)] });
    change(update, root(update), { AcroForm: dict({ Fields: [ref(5)], DR: dict({ Font: dict({ F1: ref(7) }) }) }) });
  })),
  game(4, '/SubFilter changed', REFUSED, async (notary) => patch(await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD }), '/SubFilter/ETSI.CAdES.detached', '/SubFilter/adbe.pkcs7.detached')),
  game(5, '/SubFilter changed by an update', REFUSED, afterwards((update) => change(update, signatureRef(update, SIGNED_FIELD), { SubFilter: name('adbe.pkcs7.sha1') }))),
  game(6, 'a signature shown as a time-stamp', REFUSED, async (notary) => patch(await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD }), '/SubFilter/ETSI.CAdES.detached', '/SubFilter/ETSI.RFC3161')),
  game(7, 'signed as a time-stamp, without a token', { is: 'refused' }, (notary) => notary.signCrafted(formDocument(), ({ byteRange }) => ({ hashed: byteRange }), { fieldName: SIGNATURE_FIELD, subFilter: 'ETSI.RFC3161' })),
  game(8, 'two SignerInfos', { is: 'refused', words: /one-signer-info/ }, embedded(twice)),
  game(9, 'the content inside the CMS', { is: 'refused' }, embedded((input) => craft({ ...input, encapsulated: Buffer.from('other content') }))),
  game(10, 'no certificate in the CMS', { is: 'refused', words: /NO_SIGNING_CERTIFICATE_FOUND/ }, embedded((input) => craft({ ...input, certificates: input.certificates.slice(1) }))),
  game(11, 'no signed attributes', REFUSED, embedded((input) => craft({ ...input, attributes: null }))),
  game(12, 'another digest in digestAlgorithm', REFUSED, embedded((input) => craft({ ...input, digestAlgorithm: digestAlgorithmDer('sha512') }))),
  game(13, '/Reason replaced afterwards', REFUSED, afterwards((update) => change(update, signatureRef(update, SIGNED_FIELD), { Reason: textString('Bác bỏ') }))),
  game(14, '/Reason replaced in place', REFUSED, async (notary) => patch(await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD, reason: 'Approved' }), '/Reason(Approved)', '/Reason(Refused!)')),
  game(15, 'a whole signed document inside another', { is: 'refused' }, async (notary) => Buffer.concat([Buffer.from('%PDF-1.7\n'), await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD })])),
  game(16, 'a signature of another document', REFUSED, async (notary) => {
    const other = /\/Contents <([0-9a-f]*)>/.exec((await notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD })).toString('latin1'))?.[1] ?? '';
    return notary.embed(formDocument({ 4: '<</Length 3>>\nstream\nq Q\nendstream' }), () => Buffer.from(other.replace(/(?:00)+$/, ''), 'hex'), { fieldName: SIGNATURE_FIELD });
  }),
];

/** The officer in the shape that the CMS workshop takes. */
function identityOf({ officer }: Notary): TestIdentity {
  const { certificateDer, privateKey } = officer;
  return {
    certificateDer,
    privateKey,
    privateKeyPkcs8Der: privateKey.export({ type: 'pkcs8', format: 'der' }),
    subjectDer: readCertificate(certificateDer).subjectDer,
    signer: structureSigner(privateKey),
  };
}

