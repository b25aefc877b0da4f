import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../certs/policy/load-policy.ts';
import { NO_MATERIAL, type CertificateQuestion, type ValidationContext } from '../../../src/formats/ades/context.ts';
import { validationPolicy } from '../../../src/formats/ades/policy.ts';
import { readCertificate, type Certificate } from '../../../src/formats/x509/certificate.ts';
import { contextOfPlain, plainContext, plainQuestions, questionsOfPlain } from '../../../src/isolation/plain-context.ts';
import { testCa, testIdentity } from '../../support/certificates.ts';

const ca = readCertificate(testCa().certificateDer);
const policy = validationPolicy(loadPolicy('default'));
const anchors = { signature: [{ certificate: ca, set: 'public' }], timestamp: [{ certificate: ca, set: 'tsa' }] };
const context: ValidationContext = { policy, at: new Date(0), anchors, certificates: [ca], revocation: NO_MATERIAL, unfetched: new Map([['ab', ['nobody answered']]]) };

/** A certificate as it lies in a document of 5 MiB. */
function certificateInDocument(): Certificate {
  const { certificateDer } = testIdentity({ issuer: testCa(), key: 'p256' });
  const document = new Uint8Array(5 * 1024 * 1024);
  document.set(certificateDer, 4096);
  return readCertificate(document.subarray(4096, 4096 + certificateDer.length));
}

const asked = (certificate: Certificate, rules = policy.signaturePath): CertificateQuestion => ({ certificate, carried: [certificate], embedded: NO_MATERIAL, anchors: anchors.signature, rules, at: new Date(1) });

describe('a validation context on its way to a worker', () => {
  it('arrives as it left', () => {
    expect(contextOfPlain(structuredClone(plainContext(context)))).toEqual(context);
  });

  it('takes its policy along whole, so that the same rules decide', () => {
    for (const name of ['default', 'strict', 'vietnam'] as const) {
      const chosen = validationPolicy(loadPolicy(name));
      expect(structuredClone(plainContext({ ...context, policy: chosen })).policy).toEqual(chosen);
    }
  });
});

describe('a question on its way back', () => {
  it('takes no document along: a view is cloned with the whole buffer behind it', () => {
    const certificate = certificateInDocument();
    expect(certificate.der.buffer.byteLength).toBeGreaterThan(1024 * 1024);
    const [plain] = plainQuestions([asked(certificate)], context);
    expect(plain?.certificateDer.buffer.byteLength).toBe(certificate.der.length);
  });

  it('shares what others hold too: it is cloned once', () => {
    const certificate = certificateInDocument();
    const [first, second] = plainQuestions([asked(certificate), asked(certificate)], context);
    expect(first?.certificateDer).toBe(second?.certificateDer);
    expect(first?.carriedDer[0]).toBe(first?.certificateDer);
  });

  it('is asked under the anchors and rules of its purpose', () => {
    const plain = plainQuestions([asked(ca), asked(ca, policy.timestampPath)], context);
    const back = questionsOfPlain(structuredClone(plain), context);
    expect(back.map(({ rules }) => rules)).toEqual([policy.signaturePath, policy.timestampPath]);
    expect(back.map((question) => question.anchors[0]?.set)).toEqual(['public', 'tsa']);
    expect(back[0]).toEqual(asked(ca));
  });
});
