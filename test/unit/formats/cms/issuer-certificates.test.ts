import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIssuerCertificates } from '../../../../src/formats/cms/issuer-certificates.ts';
import { pemOf } from '../../../../src/formats/x509/pem.ts';
import { testCa, type TestIdentity } from '../../../support/certificates.ts';
import { opensslFolder, type OpensslFolder } from '../../../support/openssl.ts';
import { requireTool } from '../../../support/tools.ts';

let ca: TestIdentity;
let other: TestIdentity;
beforeAll(() => {
  ca = testCa();
  other = testCa([['CN', 'CA khác']]);
});

const subjects = (bytes: Uint8Array): string[] => readIssuerCertificates(bytes).map(({ subject }) => subject);

describe('certificates as authorities publish their own (RFC 5280 §4.2.2.1)', () => {
  it('are read in DER and in PEM', () => {
    expect(subjects(ca.certificateDer)).toEqual(['CN=CA thử nghiệm,C=VN']);
    expect(subjects(Buffer.from(pemOf('CERTIFICATE', ca.certificateDer) + pemOf('CERTIFICATE', other.certificateDer)))).toEqual(['CN=CA thử nghiệm,C=VN', 'CN=CA khác']);
  });

  it('are at most 20, however many there are', () => {
    expect(subjects(Buffer.from(pemOf('CERTIFICATE', ca.certificateDer).repeat(500)))).toHaveLength(20);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a page', Buffer.from('<html></html>')],
    ['an empty SEQUENCE', Buffer.of(0x30, 0)],
    ['half a PEM', Buffer.from('-----BEGIN CERTIFICATE-----\nMII')],
    ['a PEM of something else', Buffer.from(pemOf('X509 CRL', Buffer.of(0x30, 0)))],
  ])('are not found in %s', (_, bytes) => {
    expect(() => readIssuerCertificates(bytes)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_MALFORMED' }));
  });
});

describe.skipIf(!requireTool('openssl'))('certs-only CMS made by openssl crl2pkcs7 (RFC 5652 §5.1)', () => {
  let openssl: OpensslFolder;
  beforeAll(() => {
    openssl = opensslFolder();
    openssl.write('cas.pem', pemOf('CERTIFICATE', ca.certificateDer) + pemOf('CERTIFICATE', other.certificateDer));
  });
  afterAll(() => openssl.remove());

  it.each(['DER', 'PEM'])('is read in %s', (form) => {
    openssl.run('crl2pkcs7', '-nocrl', '-certfile', 'cas.pem', '-outform', form, '-out', 'cas.p7c');
    expect(subjects(readFileSync(openssl.path('cas.p7c'))).toSorted()).toEqual(['CN=CA khác', 'CN=CA thử nghiệm,C=VN']);
  });
});
