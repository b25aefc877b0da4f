import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../certs/policy/load-policy.ts';
import { NO_MATERIAL, readMaterial, type CertificateQuestion, type ValidationContext } from '../../../src/formats/ades/context.ts';
import { validationPolicy } from '../../../src/formats/ades/policy.ts';
import { readCertificate, type Certificate } from '../../../src/formats/x509/certificate.ts';
import { buildCrl } from '../../../src/formats/crl/build-crl.ts';
import { keyIdentifierOf } from '../../../src/formats/x509/build-certificate.ts';
import { basicConstraintsExtension, keyUsageExtension } from '../../../src/formats/x509/build-extensions.ts';
import { validatePath } from '../../../src/formats/x509/path/validate-path.ts';
import { plainQuestions, questionsOfPlain, type AskedQuestion } from '../../../src/isolation/plain-questions.ts';
import { testCa, testIdentity, type TestIdentity } from '../../support/certificates.ts';

const root = testCa();
const ca = readCertificate(root.certificateDer);
const policy = validationPolicy(loadPolicy('default'));
const anchors = { signature: [{ certificate: ca, set: 'public' }], timestamp: [{ certificate: ca, set: 'tsa' }] };
const context: ValidationContext = { policy, at: new Date(), anchors, certificates: [], revocation: NO_MATERIAL };

const issued = (issuer = root): Certificate => readCertificate(testIdentity({ issuer, key: 'p256' }).certificateDer);

/** A certificate as it lies in a document of 5 MiB. */
function certificateInDocument(): Certificate {
  const { certificateDer } = testIdentity({ issuer: root, key: 'p256' });
  const document = new Uint8Array(5 * 1024 * 1024);
  document.set(certificateDer, 4096);
  return readCertificate(document.subarray(4096, 4096 + certificateDer.length));
}

function asked(certificate: Certificate, extra: Partial<CertificateQuestion> = {}): AskedQuestion {
  const question = { certificate, carried: [certificate], embedded: NO_MATERIAL, anchors: anchors.signature, rules: policy.signaturePath, at: context.at, ...extra };
  return { question, path: validatePath({ leaf: certificate, intermediates: question.carried, anchors: question.anchors, at: question.at, rules: question.rules }) };
}

const intermediateOf = (issuer: TestIdentity): TestIdentity =>
  testIdentity({ issuer, key: 'p256', name: [['CN', 'Issuing']], extensionsDer: [basicConstraintsExtension(true), keyUsageExtension(['keyCertSign', 'cRLSign'])] });

const crlDer = (): Uint8Array =>
  buildCrl({ issuerDer: ca.subjectDer, issuerKeyId: keyIdentifierOf(ca.spkiDer), thisUpdate: new Date(0), nextUpdate: context.at, crlNumber: 1n, revoked: [], signer: root.signer });

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

describe('a question on its way back', () => {
  it('takes no document along: a view is cloned with the whole buffer behind it', () => {
    const certificate = certificateInDocument();
    expect(certificate.der.buffer.byteLength).toBeGreaterThan(1024 * 1024);
    const [plain] = plainQuestions([asked(certificate)], context);
    expect(plain?.certificateDer.buffer.byteLength).toBe(certificate.der.length);
  });

  it('shares what others hold too: it is cloned once', () => {
    const certificate = certificateInDocument();
    const [first, second] = plainQuestions([asked(certificate), asked(certificate, { at: new Date(1) })], context);
    expect(first?.certificateDer).toBe(second?.certificateDer);
    expect(first?.carriedDer[0]).toBe(first?.certificateDer);
  });

  it('is asked under the anchors and rules of its purpose', () => {
    const [signer, authority] = [asked(issued()), asked(ca, { rules: policy.timestampPath })];
    const back = questionsOfPlain(structuredClone(plainQuestions([signer, authority], context)), context);
    expect(back.map(({ rules }) => rules)).toEqual([policy.signaturePath, policy.timestampPath]);
    expect(back.map((question) => question.anchors[0]?.set)).toEqual(['public', 'tsa']);
    expect(back[0]).toEqual(signer.question);
  });
});

describe('what a hostile document may have the gateway itself work on', () => {
  it('asks about each certificate once for a purpose and a time', () => {
    const certificate = issued();
    expect(plainQuestions(times(100, () => asked(certificate)), context)).toHaveLength(1);
  });

  it('asks no more than can be fetched for, and little about strangers, those with a path first', () => {
    const stranger = testCa();
    const strangers = times(15, () => asked(issued(stranger)));
    const own = times(3, () => asked(issued()));
    const plain = plainQuestions([...strangers, ...own], context);
    expect(plain).toHaveLength(13);
    expect(plain.slice(0, 3).map(({ certificateDer }) => Buffer.from(certificateDer))).toEqual(own.map(({ question }) => Buffer.from(question.certificate.der)));
    const certificate = issued();
    expect(plainQuestions(times(200, (n) => asked(certificate, { at: new Date(context.at.getTime() - n) })), context)).toHaveLength(60);
  });

  it('takes few certificates along, those of the path first', () => {
    const intermediate = intermediateOf(root);
    const issuing = readCertificate(intermediate.certificateDer);
    const leaf = issued(intermediate);
    const [plain] = plainQuestions([asked(leaf, { carried: [...times(30, () => issued()), issuing, leaf] })], context);
    expect(plain?.carriedDer).toHaveLength(8);
    expect(plain?.carriedDer.slice(0, 2).map((der) => Buffer.from(der))).toEqual([issuing, leaf].map(({ der }) => Buffer.from(der)));
  });

  it('takes no revocation information along that is large or much', () => {
    const embedded = readMaterial('embedded', times(21, () => crlDer()), []);
    expect(embedded.crls).toHaveLength(21);
    expect(plainQuestions([asked(issued(), { embedded })], context)[0]?.embedded).toEqual({ crls: [], ocsps: [] });
    const few = readMaterial('embedded', [crlDer()], []);
    expect(plainQuestions([asked(issued(), { embedded: few })], context)[0]?.embedded.crls).toHaveLength(1);
  });
});
