import { describe, expect, it } from 'vitest';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { readKnownCertificate } from '../../../../src/formats/x509/certificate-memo.ts';
import { newKey, testIdentity } from '../../../support/certificates.ts';

describe('readKnownCertificate', () => {
  it('gives the same object for the same bytes, wherever they lie, and what readCertificate gives', () => {
    const { certificateDer } = testIdentity({ key: 'p256' });
    const elsewhere = Buffer.concat([Buffer.alloc(7), certificateDer]).subarray(7);
    const first = readKnownCertificate(certificateDer);
    expect(readKnownCertificate(elsewhere)).toBe(first);
    expect(first.sha256Hex).toBe(readCertificate(certificateDer).sha256Hex);
    expect(first.der.buffer.byteLength).toBe(certificateDer.length);
  });

  it('takes one bit for another certificate, and remembers no failure', () => {
    const { certificateDer } = testIdentity({ key: 'p256' });
    const known = readKnownCertificate(certificateDer);
    const changed = Uint8Array.from(certificateDer);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    expect(readKnownCertificate(changed).sha256Hex).not.toBe(known.sha256Hex);
    for (let times = 0; times < 2; times++) expect(() => readKnownCertificate(certificateDer.subarray(1))).toThrow(expect.objectContaining({ code: 'CERTIFICATE_MALFORMED' }));
  });

  it('forgets what was not met for longest once a thousand others were', () => {
    const privateKey = newKey('p256');
    const first = testIdentity({ privateKey }).certificateDer;
    const known = readKnownCertificate(first);
    for (let index = 0; index < 1_000; index++) readKnownCertificate(testIdentity({ privateKey }).certificateDer);
    expect(readKnownCertificate(first)).not.toBe(known);
  });
});
