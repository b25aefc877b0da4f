import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readAsn1 } from '../../../../src/formats/asn1/reader.ts';
import { attribute, buildSignatureTimestampAttribute } from '../../../../src/formats/cms/build-attributes.ts';
import { addUnsignedAttribute } from '../../../../src/formats/cms/build-signed-data.ts';
import { checkSignerInfo, type SignerInfoResult } from '../../../../src/formats/cms/check-signer-info.ts';
import { ATTRIBUTE } from '../../../../src/formats/cms/oids.ts';
import { readSignedData } from '../../../../src/formats/cms/signed-data.ts';
import { octetString, sequence } from '../../../../src/formats/asn1/writer.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { signForTest } from '../../../support/cms.ts';

const content = Buffer.from('Quyết định số 01/QĐ-UBND\n'.repeat(20), 'utf8');
const rsa = testIdentity();
const pss = testIdentity({ scheme: 'pss', privateKey: rsa.privateKey });
const ecdsa = testIdentity({ key: 'p256' });

function check(cmsDer: Uint8Array, detached: Uint8Array | null = content): SignerInfoResult {
  const signedData = readSignedData(cmsDer);
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) throw new Error('no signer');
  return checkSignerInfo({ signedData, signerInfo, profile: 'cades', ...(detached === null ? {} : { contentDigest: (digest) => createHash(digest).update(detached).digest() }) });
}

describe('buildSignedData', () => {
  it.each([
    ['RSASSA-PKCS1-v1_5', rsa, 2048],
    ['RSASSA-PSS', pss, 2048],
    ['ECDSA', ecdsa, 256],
  ])('makes a signature with %s that our own reader finds intact (RFC 5652 §5.6)', (scheme, identity, keyBits) => {
    const result = check(signForTest({ content, identity }));
    expect(result.checks.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(result).toMatchObject({ integrity: 'intact', subIndication: null, algorithms: { digest: 'sha256', signature: scheme, keyBits, weak: null } });
    expect(result.signerCertificate?.subject).toContain('Nguyễn Thị Thử');
  });

  it('writes strict DER throughout (EN 319 142-1 §6.2.1)', () => {
    const der = signForTest({ content, identity: rsa, attributes: { scheme: 'pkcs1', signingTime: new Date('2026-11-24T03:04:05Z'), mimeType: 'application/pdf' } });
    const visit = (node: ReturnType<typeof readAsn1>): number => 1 + (node.constructed ? node.children.reduce((sum, child) => sum + visit(child), 0) : 0);
    expect(visit(readAsn1(der))).toBeGreaterThan(60);
  });

  it('carries signing-time only when asked (CAdES yes, PAdES no: EN 319 142-1 §6.3)', () => {
    const signingTime = new Date('2026-11-24T03:04:05Z');
    expect(check(signForTest({ content, identity: ecdsa, attributes: { signingTime } })).claimedSigningTime).toEqual(signingTime);
    expect(check(signForTest({ content, identity: ecdsa })).claimedSigningTime).toBeNull();
  });

  it('carries content inside when given, and judges it there (RFC 5652 §5.2)', () => {
    expect(check(signForTest({ content, identity: ecdsa, encapsulated: true }), null).integrity).toBe('intact');
  });

  it('names the signer’s certificate by hash and by issuer and serial number (RFC 5035 §5)', () => {
    const other = testIdentity({ privateKey: rsa.privateKey });
    const der = signForTest({ content, identity: { ...rsa, certificateDer: other.certificateDer }, attributes: { signerCertificateDer: rsa.certificateDer } });
    expect(check(der)).toMatchObject({ integrity: 'intact', subIndication: 'NO_SIGNING_CERTIFICATE_FOUND' });
  });
});

describe('addUnsignedAttribute', () => {
  it('adds a time-stamp and keeps every signed byte (RFC 5652 §5.3)', () => {
    const der = signForTest({ content, identity: rsa });
    const token = sequence(octetString(Buffer.from('token')));
    const once = addUnsignedAttribute(der, buildSignatureTimestampAttribute(token));
    const twice = addUnsignedAttribute(once, attribute(ATTRIBUTE.counterSignature, sequence()));
    const [before, after] = [readSignedData(der).signerInfos[0], readSignedData(twice).signerInfos[0]];
    expect(after?.signedAttributesRaw).toEqual(before?.signedAttributesRaw);
    expect(after?.signature).toEqual(before?.signature);
    const result = check(twice);
    expect(result.integrity).toBe('intact');
    expect(result.signatureTimestamps).toEqual([token]);
    expect(result.counterSignatures).toEqual([sequence()]);
  });

  it('refuses a signer that is not there', () => {
    expect(() => addUnsignedAttribute(signForTest({ content, identity: ecdsa }), sequence(), 1)).toThrow(expect.objectContaining({ code: 'CMS_MALFORMED' }));
  });
});
