import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/domain/errors.ts';
import { octetString } from '../../../../src/formats/asn1/writer.ts';
import { buildOcspError, buildOcspResponse, type OcspSingleInput } from '../../../../src/formats/ocsp/build-ocsp-response.ts';
import { readOcspRequest } from '../../../../src/formats/ocsp/read-ocsp-request.ts';
import { readOcspResponse, type OcspResponse } from '../../../../src/formats/ocsp/read-ocsp-response.ts';
import { buildOcspRequest, certIdDer } from '../../../../src/formats/ocsp/request.ts';
import { keyIdentifierOf } from '../../../../src/formats/x509/build-certificate.ts';
import { extendedKeyUsageExtension, keyUsageExtension, ocspNoCheckExtension } from '../../../../src/formats/x509/build-extensions.ts';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { EKU } from '../../../../src/formats/x509/extensions.ts';
import { REVOCATION_RULES, checkRevocation, type RevocationResult, type RevocationRules } from '../../../../src/formats/x509/path/revocation.ts';
import { testCa, testIdentity, type TestIdentity } from '../../../support/certificates.ts';
import { opensslFolder } from '../../../support/openssl.ts';
import { requireTool } from '../../../support/tools.ts';

const NOW = new Date(Math.floor(Date.now() / 1000) * 1000);
const HOUR = 3_600_000;
const ca = testCa();
const caCertificate = readCertificate(ca.certificateDer);
const leaf = readCertificate(testIdentity({ issuer: ca }).certificateDer);
const chain = { certificates: [leaf, caCertificate], anchor: { certificate: caCertificate, set: 'test' } };
const responder = testIdentity({ issuer: ca, name: [['CN', 'OCSP']], extensionsDer: [keyUsageExtension(['digitalSignature']), extendedKeyUsageExtension([EKU.OCSP_SIGNING], false), ocspNoCheckExtension()] });
const NONCE = Buffer.alloc(32, 7);

interface Options {
  readonly by?: TestIdentity;
  readonly status?: OcspSingleInput['certStatus'];
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  readonly nonceDer?: Uint8Array | null;
  readonly about?: typeof leaf;
}

function response({ by = responder, status = { status: 'good' }, thisUpdate = NOW, nextUpdate = new Date(NOW.getTime() + HOUR), nonceDer = null, about = leaf }: Options = {}): OcspResponse {
  return readOcspResponse(
    buildOcspResponse({
      responderKeyId: keyIdentifierOf(readCertificate(by.certificateDer).spkiDer),
      producedAt: thisUpdate,
      responses: [{ certIdDer: certIdDer(about, caCertificate, 'sha1'), certStatus: status, thisUpdate, nextUpdate }],
      nonceDer,
      certificatesDer: [by.certificateDer],
      signer: by.signer,
    }),
  );
}

function check(ocsps: readonly OcspResponse[], options: { rules?: Partial<RevocationRules>; nonceDer?: Uint8Array; at?: Date } = {}): RevocationResult {
  return checkRevocation({ chain, crls: [], ocsps, at: options.at ?? NOW, now: NOW, rules: { ...REVOCATION_RULES, ...options.rules }, nonceDer: options.nonceDer ?? null });
}

describe('OCSP responses', () => {
  it('are believed from the issuer itself and from a responder it certified (RFC 6960 §4.2.2.2)', () => {
    expect(check([response({ by: ca })]).statuses[0]?.status).toBe('good');
    expect(check([response()]).statuses[0]).toMatchObject({ status: 'good', evidence: { kind: 'ocsp' } });
  });

  it('are not believed from a certificate without id-kp-OCSPSigning, nor with anyExtendedKeyUsage in its place', () => {
    for (const purposes of [[EKU.CLIENT_AUTH], [EKU.ANY]]) {
      const other = testIdentity({ issuer: ca, name: [['CN', 'khác']], extensionsDer: [extendedKeyUsageExtension(purposes, false)] });
      expect(check([response({ by: other })]).statuses[0]).toMatchObject({ status: 'missing' });
    }
  });

  it('are not believed from a responder of another CA', () => {
    const stranger = testIdentity({ issuer: testCa([['CN', 'CA khác']]), name: [['CN', 'OCSP']], extensionsDer: [extendedKeyUsageExtension([EKU.OCSP_SIGNING], false)] });
    expect(check([response({ by: stranger })]).statuses[0]?.reasons.join()).toContain('not certified by the issuer');
  });

  it('fail the path when revoked, with date and reason; the leaf and a CA apart (EN 319 102-1 §5.2.6.4)', () => {
    const at = new Date(NOW.getTime() - HOUR);
    const revoked = response({ status: { status: 'revoked', at, reason: 'keyCompromise' } });
    expect(check([revoked])).toMatchObject({ outcome: 'INDETERMINATE', subIndication: 'REVOKED_NO_POE', statuses: [{ status: 'revoked', revokedAt: at, reason: 'keyCompromise' }] });
    expect(check([revoked], { at: new Date(at.getTime() - 1) }).outcome).toBe('PASSED');
  });

  it('that do not know the certificate are no good answer, nor is one about another certificate', () => {
    expect(check([response({ status: { status: 'unknown' } })])).toMatchObject({ outcome: 'INDETERMINATE', subIndication: 'TRY_LATER', statuses: [{ status: 'unknown' }] });
    const other = readCertificate(testIdentity({ issuer: ca }).certificateDer);
    expect(check([response({ about: other })]).statuses[0]?.status).toBe('missing');
  });

  it('of yesterday saying good do not hide a revocation of today (replay)', () => {
    const yesterday = response({ thisUpdate: new Date(NOW.getTime() - 24 * HOUR), nextUpdate: new Date(NOW.getTime() + 24 * HOUR) });
    const today = response({ status: { status: 'revoked', at: new Date(NOW.getTime() - HOUR), reason: 'certificateHold' } });
    expect(check([yesterday, today]).statuses[0]?.status).toBe('revoked');
    expect(check([today, yesterday]).statuses[0]?.status).toBe('revoked');
  });

  it('without nextUpdate hold as long as the rules allow, others until nextUpdate', () => {
    const old = response({ thisUpdate: new Date(NOW.getTime() - 2 * HOUR), nextUpdate: null });
    expect(check([old], { rules: { maxAgeMs: HOUR } }).statuses[0]?.status).toBe('stale');
    expect(check([old], { rules: { maxAgeMs: 3 * HOUR } }).statuses[0]?.status).toBe('good');
    expect(check([response({ thisUpdate: new Date(NOW.getTime() - 2 * HOUR), nextUpdate: new Date(NOW.getTime() - HOUR) })]).statuses[0]?.status).toBe('stale');
  });

  it('dated in the future are refused beyond the allowed skew', () => {
    const ahead = response({ thisUpdate: new Date(NOW.getTime() + 60_000) });
    expect(check([ahead]).statuses[0]?.status).not.toBe('good');
    expect(check([ahead], { rules: { skewMs: 120_000 } }).statuses[0]?.status).toBe('good');
  });

  it('must bring back the nonce that was sent; one left out leaves the dates to decide (RFC 6960 §4.4.1)', () => {
    const nonceDer = octetString(NONCE);
    expect(check([response({ nonceDer })], { nonceDer }).statuses[0]?.status).toBe('good');
    expect(check([response()], { nonceDer }).statuses[0]?.status).toBe('good');
    expect(check([response({ nonceDer: octetString(Buffer.alloc(32, 8)) })], { nonceDer }).statuses[0]?.reasons.join()).toContain('nonce');
  });

  it('that only carry an error status are no answer (RFC 6960 §2.3)', () => {
    expect(check([readOcspResponse(buildOcspError('tryLater'))]).statuses[0]).toMatchObject({ status: 'missing', reasons: ['OCSP: the responder answered tryLater'] });
  });

  it('let no engine error out of any truncation', () => {
    const { der } = response();
    for (let size = 0; size < der.length; size += 2) expect(() => readOcspResponse(der.subarray(0, size))).toThrow(GatewayError);
  });
});

describe('buildOcspRequest', () => {
  it('is read back by the responder with CertID and nonce as sent (RFC 6960 §4.1.1)', () => {
    const request = readOcspRequest(buildOcspRequest({ certificate: leaf, issuer: caCertificate, nonce: NONCE }));
    expect(request.certIds[0]?.serial).toBe(leaf.serial);
    expect(Buffer.from(request.nonceDer ?? []).equals(octetString(NONCE))).toBe(true);
  });
});

describe.skipIf(!requireTool('openssl'))('beside openssl', () => {
  it('asks with the same CertID, and openssl accepts the response we accept', () => {
    const folder = opensslFolder();
    try {
      folder.write('request.der', buildOcspRequest({ certificate: leaf, issuer: caCertificate, nonce: NONCE }));
      const text = folder.run('ocsp', '-reqin', 'request.der', '-req_text').toString('utf8').replaceAll(':', '').toLowerCase();
      expect(text).toContain(leaf.serialHex);
      expect(text).toContain(Buffer.from(keyIdentifierOf(caCertificate.spkiDer)).toString('hex'));
      folder.write('ca.pem', caCertificate.der);
      folder.run('x509', '-inform', 'DER', '-in', 'ca.pem', '-out', 'ca.crt');
      folder.write('leaf.der', leaf.der);
      folder.run('x509', '-inform', 'DER', '-in', 'leaf.der', '-out', 'leaf.crt');
      folder.write('response.der', response().der);
      const judged = folder.judge('ocsp', '-respin', 'response.der', '-CAfile', 'ca.crt', '-issuer', 'ca.crt', '-cert', 'leaf.crt');
      expect(judged.said).toContain('leaf.crt: good');
      expect(judged.said).toContain('verify OK');
    } finally {
      folder.remove();
    }
  });
});
