import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/domain/errors.ts';
import { addUnsignedAttribute } from '../../../../src/formats/cms/build-signed-data.ts';
import { buildSignatureTimestampAttribute } from '../../../../src/formats/cms/build-attributes.ts';
import { checkSignerInfo } from '../../../../src/formats/cms/check-signer-info.ts';
import { readSignedData } from '../../../../src/formats/cms/signed-data.ts';
import { checkTimestampToken } from '../../../../src/formats/tsp/check-token.ts';
import { readTimestampToken } from '../../../../src/formats/tsp/token.ts';
import { testCa, testIdentity, testTsa } from '../../../support/certificates.ts';
import { signForTest } from '../../../support/cms.ts';
import { token } from '../../../conformance/tsp-own/tokens.ts';

const content = Buffer.from('content');
const identity = testIdentity({ key: 'p256' });
const tokenDer = token({ tsa: testTsa(testCa(), { key: 'p256' }), data: content });
const cmsDer = addUnsignedAttribute(signForTest({ content, identity, attributes: { scheme: 'ecdsa', signingTime: new Date() } }), buildSignatureTimestampAttribute(tokenDer));

/** Whether the bytes are passed as an intact signature; anything but a typed error is a failure of the test. */
function accepts(judge: () => boolean): boolean {
  try {
    return judge();
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    return false;
  }
}

const acceptsCms = (bytes: Uint8Array): boolean =>
  accepts(() => {
    const signedData = readSignedData(bytes);
    const results = signedData.signerInfos.map((signerInfo) => checkSignerInfo({ signedData, signerInfo, profile: 'pades', contentDigest: (digest) => createHash(digest).update(content).digest() }));
    return results.length > 0 && results.every(({ integrity, subIndication }) => integrity === 'intact' && subIndication === null);
  });

const acceptsToken = (bytes: Uint8Array): boolean =>
  accepts(() => checkTimestampToken(readTimestampToken(bytes), { imprint: (digest) => createHash(digest).update(content).digest(), at: new Date('2026-11-24T09:00:00Z') }).indication === 'PASSED');

const hex = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('hex');

const mutation = (size: number): fc.Arbitrary<{ at: number; bytes: Uint8Array; remove: number }> => fc.record({ at: fc.nat(size - 1), bytes: fc.uint8Array({ maxLength: 8 }), remove: fc.nat(8) });

function mutated(bytes: Uint8Array, { at, bytes: inserted, remove }: { at: number; bytes: Uint8Array; remove: number }): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + remove)]);
}

describe('hostile CMS and time-stamps', () => {
  it('accepts the originals', () => {
    expect(acceptsCms(cmsDer)).toBe(true);
    expect(acceptsToken(tokenDer)).toBe(true);
  });

  it('answers every truncation with a typed error', () => {
    for (let length = 0; length < cmsDer.length; length++) expect(acceptsCms(cmsDer.subarray(0, length))).toBe(false);
    for (let length = 0; length < tokenDer.length; length++) expect(acceptsToken(tokenDer.subarray(0, length))).toBe(false);
  });

  it('answers any change with a typed error or a verdict, and never passes changed signed bytes', () => {
    const signed = readSignedData(cmsDer).signerInfos[0];
    fc.assert(
      fc.property(mutation(cmsDer.length), (change) => {
        const bytes = mutated(cmsDer, change);
        if (!acceptsCms(bytes)) return;
        // What is left unsigned (outer lengths, unused certificates, the time-stamp) may change; what is signed may not.
        const after = readSignedData(bytes).signerInfos[0];
        expect(hex(after?.signedAttributesDer)).toBe(hex(signed?.signedAttributesDer));
      }),
      { numRuns: 3_000, seed: 20261124 },
    );
  });

  it('never passes a token whose statement was changed', () => {
    const before = hex(readTimestampToken(tokenDer).signedData.encapsulatedContent);
    fc.assert(
      fc.property(mutation(tokenDer.length), (change) => {
        const bytes = mutated(tokenDer, change);
        if (acceptsToken(bytes)) expect(hex(readTimestampToken(bytes).signedData.encapsulatedContent)).toBe(before);
      }),
      { numRuns: 3_000, seed: 20261124 },
    );
  });
});
