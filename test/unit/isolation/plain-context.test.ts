import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../certs/policy/load-policy.ts';
import { NO_MATERIAL, type ValidationContext } from '../../../src/formats/ades/context.ts';
import { validationPolicy } from '../../../src/formats/ades/policy.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { contextOfPlain, plainContext } from '../../../src/isolation/plain-context.ts';
import { testCa } from '../../support/certificates.ts';

const ca = readCertificate(testCa().certificateDer);
const policy = validationPolicy(loadPolicy('default'));
const anchors = { signature: [{ certificate: ca, set: 'public' }], timestamp: [{ certificate: ca, set: 'tsa' }] };
const context: ValidationContext = { policy, at: new Date(0), anchors, certificates: [ca], revocation: NO_MATERIAL, unfetched: new Map([['ab', ['nobody answered']]]) };

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
