import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readAsn1 } from '../../../../src/formats/asn1/reader.ts';
import { readSet } from '../../../../src/formats/asn1/values.ts';
import { integer, octetString, oid, sequence, setOf } from '../../../../src/formats/asn1/writer.ts';
import { attribute } from '../../../../src/formats/cms/build-attributes.ts';
import { checkSignerInfo, type SignerInfoResult } from '../../../../src/formats/cms/check-signer-info.ts';
import { ATTRIBUTE } from '../../../../src/formats/cms/oids.ts';
import { readSignedData } from '../../../../src/formats/cms/signed-data.ts';
import { attributesWithout, CONTENT, craft } from '../../../conformance/cms-forgery/craft.ts';
import { testIdentity } from '../../../support/certificates.ts';

const SHAKE256 = '2.16.840.1.101.3.4.2.12';
const SHAKE256_LEN = '2.16.840.1.101.3.4.2.18';
const privateKey = generateKeyPairSync('ed448').privateKey;
const issuer = testIdentity({ key: 'p256' });
const identity = { ...testIdentity({ issuer, privateKey }), privateKey };
const shake = createHash('shake256', { outputLength: 64 }).update(CONTENT).digest();

function judge(digestAlgorithm: Uint8Array, digest: Uint8Array): SignerInfoResult {
  const rest = attributesWithout({ identity }, ATTRIBUTE.messageDigest);
  const attributes = readSet(readAsn1(setOf(...rest, attribute(ATTRIBUTE.messageDigest, octetString(digest))))).map(({ bytes }) => bytes);
  const signature = sign(null, setOf(...attributes), privateKey);
  const signedData = readSignedData(craft({ identity, digestAlgorithm, signatureAlgorithm: sequence(oid('1.3.101.113')), attributes, signature }));
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) throw new Error('no signer');
  return checkSignerInfo({ signedData, signerInfo, profile: 'pades', contentDigest: (name) => (name === 'shake256' ? shake : new Uint8Array()) });
}

describe('Ed448 in CMS', () => {
  it.each([
    ['id-shake256', sequence(oid(SHAKE256))],
    ['id-shake256-len with 512 bits', sequence(oid(SHAKE256_LEN), integer(512))],
  ])('is judged with %s (RFC 8419 §2.3)', (_, digestAlgorithm) => {
    expect(judge(digestAlgorithm, shake)).toMatchObject({ integrity: 'intact', subIndication: null, algorithms: { signature: 'Ed448', digest: 'shake256' } });
  });

  it('is refused with another length, or another digest', () => {
    expect(judge(sequence(oid(SHAKE256_LEN), integer(256)), shake.subarray(0, 32))).toMatchObject({ integrity: 'unknown', subIndication: 'FORMAT_FAILURE' });
    expect(judge(sequence(oid(SHAKE256)), shake.subarray(0, 32))).toMatchObject({ integrity: 'broken', subIndication: 'HASH_FAILURE' });
  });
});
