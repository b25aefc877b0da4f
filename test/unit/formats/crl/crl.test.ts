import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/domain/errors.ts';
import { buildSigned } from '../../../../src/formats/algorithms/build-signed.ts';
import { signatureAlgorithmDer } from '../../../../src/formats/algorithms/schemes.ts';
import { context, integer, sequence, time, tlv } from '../../../../src/formats/asn1/writer.ts';
import { buildCrl, CRL_REASON, type CrlReason } from '../../../../src/formats/crl/build-crl.ts';
import { isRolledBack } from '../../../../src/formats/crl/check-crl.ts';
import { readCrl, type Crl } from '../../../../src/formats/crl/read-crl.ts';
import { keyIdentifierOf } from '../../../../src/formats/x509/build-certificate.ts';
import { buildExtension } from '../../../../src/formats/x509/build-extensions.ts';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { REVOCATION_RULES, checkRevocation, type CertificateStatus } from '../../../../src/formats/x509/path/revocation.ts';
import { testCa, testIdentity } from '../../../support/certificates.ts';

const NOW = new Date('2026-11-24T08:00:00Z');
const HOUR = 3_600_000;
const ca = testCa();
const caCertificate = readCertificate(ca.certificateDer);
const serialNumber = Uint8Array.of(0x11, 0x22, 0x33);
const leaf = readCertificate(testIdentity({ issuer: ca, serialNumber, notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2028-01-01T00:00:00Z') }).certificateDer);
const chain = { certificates: [leaf, caCertificate], anchor: { certificate: caCertificate, set: 'test' } };

interface Options {
  readonly number?: bigint;
  readonly thisUpdate?: Date;
  readonly reason?: CrlReason | null;
  readonly base?: bigint;
  readonly revokedAt?: Date;
}

function crl({ number = 1n, thisUpdate = new Date(NOW.getTime() - HOUR), reason = null, base, revokedAt = new Date('2026-06-01T00:00:00Z') }: Options = {}): Crl {
  const nextUpdate = new Date(thisUpdate.getTime() + 24 * HOUR);
  const revoked = reason === null ? [] : [{ serialNumber, at: revokedAt, reason }];
  const input = { issuerDer: caCertificate.subjectDer, issuerKeyId: keyIdentifierOf(caCertificate.spkiDer), thisUpdate, nextUpdate, crlNumber: number, revoked, signer: ca.signer };
  if (base === undefined) return readCrl(buildCrl(input));
  const { scheme, digest } = ca.signer;
  const complete = readCrl(buildCrl(input));
  const entries = revoked.map((entry) => sequence(tlv(2, entry.serialNumber), time(entry.at), sequence(buildExtension('2.5.29.21', false, tlv(10, Uint8Array.of(CRL_REASON[entry.reason]))))));
  const extensions = [...complete.extensions.map(({ oid, critical, valueDer }) => buildExtension(oid, critical, valueDer)), buildExtension('2.5.29.27', true, integer(base))];
  const tbs = sequence(integer(1), signatureAlgorithmDer(scheme, digest), input.issuerDer, time(thisUpdate), time(nextUpdate), ...(entries.length === 0 ? [] : [sequence(...entries)]), context(0, sequence(...extensions)));
  return readCrl(buildSigned(tbs, ca.signer));
}

function statusOf(crls: readonly Crl[], at: Date = NOW): CertificateStatus | undefined {
  return checkRevocation({ chain, crls, ocsps: [], at, now: NOW, rules: REVOCATION_RULES }).statuses[0];
}

describe('complete CRLs', () => {
  it('say good, revoked with date and reason, and nothing when there are none (RFC 5280 §6.3.3)', () => {
    expect(statusOf([crl()])).toMatchObject({ status: 'good', thisUpdate: new Date(NOW.getTime() - HOUR) });
    expect(statusOf([crl({ reason: 'keyCompromise' })])).toMatchObject({ status: 'revoked', reason: 'keyCompromise', revokedAt: new Date('2026-06-01T00:00:00Z') });
    expect(statusOf([])).toMatchObject({ status: 'missing', evidence: null });
  });

  it('are stale after nextUpdate and refused before thisUpdate', () => {
    expect(statusOf([crl({ thisUpdate: new Date(NOW.getTime() - 48 * HOUR) })])?.status).toBe('stale');
    expect(statusOf([crl({ thisUpdate: new Date(NOW.getTime() + HOUR) })])?.status).toBe('missing');
  });

  it('of a later date hide no revocation behind an older one that is still in time', () => {
    expect(statusOf([crl(), crl({ number: 2n, thisUpdate: new Date(NOW.getTime() - HOUR / 2), reason: 'superseded' })])?.status).toBe('revoked');
  });

  it('fail the path when the date of revocation is not after the time asked for, and pass it before', () => {
    const crls = [crl({ reason: 'cessationOfOperation', revokedAt: new Date('2026-11-24T07:30:00Z') })];
    const at = (time: string): string => checkRevocation({ chain, crls, ocsps: [], at: new Date(time), now: NOW, rules: REVOCATION_RULES }).outcome;
    expect(at('2026-11-24T07:29:59Z')).toBe('PASSED');
    expect(at('2026-11-24T07:30:00Z')).toBe('INDETERMINATE');
  });

  it('signed by another key of the same name are refused (RFC 5280 §6.3.3 (g))', () => {
    const twin = testCa();
    const forged = readCrl(buildCrl({ issuerDer: caCertificate.subjectDer, issuerKeyId: keyIdentifierOf(caCertificate.spkiDer), thisUpdate: NOW, nextUpdate: new Date(NOW.getTime() + HOUR), crlNumber: 9n, revoked: [], signer: twin.signer }));
    expect(statusOf([forged])).toMatchObject({ status: 'missing' });
    expect(statusOf([forged])?.reasons.join()).toContain('not signed with the key of its issuer');
  });
});

describe('delta CRLs', () => {
  it('add a revocation, and removeFromCRL lifts a hold (RFC 5280 §5.2.4, §6.3.3 (k))', () => {
    const held = crl({ reason: 'certificateHold' });
    const newer = new Date(NOW.getTime() - HOUR / 4);
    expect(statusOf([crl(), crl({ number: 2n, base: 1n, thisUpdate: newer, reason: 'keyCompromise' })])).toMatchObject({ status: 'revoked', reason: 'keyCompromise' });
    expect(statusOf([held, crl({ number: 2n, base: 1n, thisUpdate: newer, reason: 'removeFromCRL' })])?.status).toBe('good');
    expect(statusOf([held])).toMatchObject({ status: 'revoked', reason: 'certificateHold' });
  });

  it('are passed over when their base is newer than the complete CRL, and never stand alone', () => {
    const ahead = crl({ number: 9n, base: 5n, reason: 'keyCompromise' });
    expect(statusOf([crl(), ahead])?.status).toBe('good');
    expect(statusOf([ahead])?.status).toBe('missing');
  });
});

describe('readCrl', () => {
  it('walks over 100,000 entries and finds the last one', () => {
    const revoked = Array.from({ length: 100_000 }, (_, index) => ({ serialNumber: Uint8Array.of(0x01, index >> 16, (index >> 8) & 0xff, index & 0xff), at: NOW, reason: 'superseded' as const }));
    const big = readCrl(buildCrl({ issuerDer: caCertificate.subjectDer, issuerKeyId: keyIdentifierOf(caCertificate.spkiDer), thisUpdate: NOW, nextUpdate: new Date(NOW.getTime() + HOUR), crlNumber: 1n, revoked: [...revoked, { serialNumber, at: NOW, reason: 'keyCompromise' }], signer: ca.signer }));
    expect(big.entryCount).toBe(100_001);
    expect(statusOf([big])).toMatchObject({ status: 'revoked', reason: 'keyCompromise' });
  });

  it('lets no engine error out of any truncation', () => {
    const { der } = crl({ reason: 'keyCompromise' });
    for (let size = 0; size < der.length; size++) expect(() => readCrl(der.subarray(0, size))).toThrow(GatewayError);
  });
});

describe('isRolledBack', () => {
  it('sees a lower number or an earlier date of the same scope (RFC 5280 §5.2.3)', () => {
    const known = crl({ number: 5n });
    expect(isRolledBack(crl({ number: 4n }), known)).toBe(true);
    expect(isRolledBack(crl({ number: 6n, thisUpdate: new Date(NOW.getTime() - 3 * HOUR) }), known)).toBe(true);
    expect(isRolledBack(crl({ number: 6n }), known)).toBe(false);
  });
});
