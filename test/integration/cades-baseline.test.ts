import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAtLeast, SIGNATURE_LEVELS, type SignatureLevel } from '../../src/domain/signature.ts';
import { readAsn1, type Asn1Node } from '../../src/formats/asn1/reader.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { singleValueOf, valuesOf } from '../../src/formats/cms/attributes.ts';
import { ATTRIBUTE, CONTENT_TYPE } from '../../src/formats/cms/oids.ts';
import { readSignedData, type SignedData, type SignerInfo } from '../../src/formats/cms/signed-data.ts';
import { readTimestampToken } from '../../src/formats/tsp/token.ts';
import { signBytes } from '../../src/usecases/sign-bytes.ts';
import { startLongTermWorld, type LongTermWorld } from '../support/long-term.ts';

/** ETSI EN 319 122-1 V1.3.1 §6.3 table 1, row by row, at every level. */

interface Made {
  readonly level: SignatureLevel;
  readonly cms: Uint8Array;
  readonly signedData: SignedData;
  readonly signerInfo: SignerInfo;
}

const content = Buffer.from('Quyết định (mẫu)', 'utf8');
let world: LongTermWorld;
const made = new Map<SignatureLevel, Made>();

beforeAll(async () => {
  world = await startLongTermWorld();
  for (const level of SIGNATURE_LEVELS) {
    const { cmsDer: cms } = await signBytes(world.signingPorts(world.pki.officer), { source: bytesSource(content), level, commitment: 'approval' });
    const signedData = readSignedData(cms);
    const [signerInfo] = signedData.signerInfos;
    if (signerInfo === undefined) throw new Error('no signer');
    made.set(level, { level, cms, signedData, signerInfo });
  }
});
afterAll(() => world.close());

const signed = ({ signerInfo }: Made, oid: string): number => valuesOf(signerInfo.signedAttributes ?? [], oid).length;
const unsigned = ({ signerInfo }: Made, oid: string): number => valuesOf(signerInfo.unsignedAttributes, oid).length;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const visit = (node: Asn1Node): void => void (node.constructed && node.children.forEach(visit));

const ROWS: readonly (readonly [string, (made: Made) => void])[] = [
  ['SignedData.certificates holds the signing certificate, and from B-LT on every chain with its anchor, each once (a, d, e)', ({ level, signedData: { certificates } }) => {
    const there = certificates.map(({ sha256Hex }) => sha256Hex);
    const { officer, tsa, issuing, root } = world.pki;
    const wanted = isAtLeast(level, 'B-LT') ? [officer, tsa, issuing.identity, root.identity] : [officer];
    expect(there).toEqual(expect.arrayContaining(wanted.map(({ certificateDer }) => sha256(certificateDer))));
    expect(new Set(there).size).toBe(there.length);
  }],
  ['content-type is id-data (f)', (one) => {
    expect(one.signedData.contentType).toBe(CONTENT_TYPE.data);
    expect(signed(one, ATTRIBUTE.contentType)).toBe(1);
  }],
  ['message-digest stands once', (one) => expect(signed(one, ATTRIBUTE.messageDigest)).toBe(1)],
  ['signing-certificate-v2 stands once, with the certificate’s SHA-256, and signing-certificate does not (h, i, j)', (one) => {
    expect([signed(one, ATTRIBUTE.signingCertificate), signed(one, ATTRIBUTE.signingCertificateV2)]).toEqual([0, 1]);
    const essCertId = singleValueOf(one.signerInfo.signedAttributes ?? [], ATTRIBUTE.signingCertificateV2)?.children[0]?.children[0];
    expect(Buffer.from(essCertId?.children[0]?.content ?? []).toString('hex')).toBe(sha256(world.pki.officer.certificateDer)); // SHA-256 is the default, and not named
  }],
  ['signing-time stands once', (one) => expect(signed(one, ATTRIBUTE.signingTime)).toBe(1)],
  ['commitment-type-indication stands where asked for', (one) => expect(signed(one, ATTRIBUTE.commitmentType)).toBe(1)],
  ['cms-algorithm-protection stands once', (one) => expect(signed(one, ATTRIBUTE.algorithmProtection)).toBe(1)],
  ['signature-time-stamp stands from B-T on, over the value, in DER (l)', (one) => {
    const tokens = valuesOf(one.signerInfo.unsignedAttributes, ATTRIBUTE.signatureTimestamp);
    expect(tokens).toHaveLength(isAtLeast(one.level, 'B-T') ? 1 : 0);
    for (const { bytes } of tokens) {
      expect(Buffer.from(readTimestampToken(bytes).info.imprint).toString('hex')).toBe(sha256(one.signerInfo.signature));
      visit(readAsn1(bytes, { rules: 'DER' })); // throws where it is not
    }
  }],
  ['none of the attributes that §6.3 excludes', (one) => {
    const excluded = [ATTRIBUTE.certificateValues, ATTRIBUTE.revocationValues, ATTRIBUTE.completeCertificateReferences, ATTRIBUTE.completeRevocationReferences, ATTRIBUTE.archiveTimestampV2, ATTRIBUTE.longTermValidation];
    expect(excluded.map((oid) => unsigned(one, oid))).toEqual(excluded.map(() => 0));
  }],
  ['revocation values in SignedData.crls.other from B-LT on, by RFC 5940 (o, r)', ({ level, signedData: { revocationEntries, version } }) => {
    expect(revocationEntries.map(({ kind }) => kind)).toEqual(isAtLeast(level, 'B-LT') ? ['ocsp', 'ocsp', 'ocsp'] : []);
    expect(version).toBe(isAtLeast(level, 'B-LT') ? 5 : 1); // RFC 5652 §5.1
  }],
  ['archive-time-stamp-v3 at B-LTA, with one ats-hash-index-v3 (s)', (one) => {
    const tokens = valuesOf(one.signerInfo.unsignedAttributes, ATTRIBUTE.archiveTimestampV3);
    expect(tokens).toHaveLength(one.level === 'B-LTA' ? 1 : 0);
    for (const { bytes } of tokens) expect(valuesOf(readTimestampToken(bytes).signedData.signerInfos[0]?.unsignedAttributes ?? [], ATTRIBUTE.atsHashIndexV3)).toHaveLength(1);
  }],
  ['the whole is DER (§4.7.1)', ({ cms }) => visit(readAsn1(cms, { rules: 'DER' }))],
];

describe.each(SIGNATURE_LEVELS)('CAdES at %s (EN 319 122-1 §6.3)', (level) => {
  it.each(ROWS)('%s', (_, check) => {
    const one = made.get(level);
    expect(one).toBeDefined();
    if (one !== undefined) check(one);
  });
});
