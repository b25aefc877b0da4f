import { describe, expect, it } from 'vitest';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { basicConstraintsExtension, extendedKeyUsageExtension } from '../../../../src/formats/x509/build-extensions.ts';
import { EKU } from '../../../../src/formats/x509/extensions.ts';
import { checkSignerCertificate } from '../../../../src/formats/x509/signer-certificate.ts';
import { testIdentity, type TestIdentityOptions } from '../../../support/certificates.ts';

const at = new Date('2026-11-24T08:00:00Z');
const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-12-31T23:59:59Z') };

function check(options: TestIdentityOptions, when = at): void {
  checkSignerCertificate(readCertificate(testIdentity({ key: 'p256', ...validity, ...options }).certificateDer), when);
}

describe('checkSignerCertificate', () => {
  it('lets a certificate for signatures pass, to the second (RFC 5280 §4.1.2.5)', () => {
    for (const when of [validity.notBefore, at, validity.notAfter]) expect(() => check({}, when)).not.toThrow();
    expect(() => check({ extensionsDer: [extendedKeyUsageExtension([EKU.EMAIL_PROTECTION], false)] })).not.toThrow();
  });

  it.each<[string, TestIdentityOptions, Date, string]>([
    ['expired by a second', {}, new Date(validity.notAfter.getTime() + 1000), 'CERTIFICATE_EXPIRED'],
    ['not valid for another second', {}, new Date(validity.notBefore.getTime() - 1000), 'CERTIFICATE_NOT_YET_VALID'],
    ['for encryption (RFC 5280 §4.2.1.3)', { keyUsage: ['keyEncipherment'] }, at, 'CERTIFICATE_USAGE'],
    ['for time-stamping (RFC 5280 §4.2.1.12)', { extensionsDer: [extendedKeyUsageExtension([EKU.TIME_STAMPING], true)] }, at, 'CERTIFICATE_USAGE'],
    ['of a certification authority', { extensionsDer: [basicConstraintsExtension(true)] }, at, 'CERTIFICATE_USAGE'],
  ])('refuses one that is %s', (_, options, when, code) => {
    expect(() => check(options, when)).toThrow(expect.objectContaining({ code }));
  });

  it('says what to do about an expired one', () => {
    expect(() => check({}, new Date('2027-02-01T00:00:00Z'))).toThrow(/expired on 2026-12-31T23:59:59.000Z; have it renewed/);
  });
});
