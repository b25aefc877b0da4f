import { X509Certificate } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/domain/errors.ts';
import { readCertificate, readCertificates } from '../../../../src/formats/x509/certificate.ts';
import { NAME_OID, attributesOf, commonName, nameText, readNameDer, sameName } from '../../../../src/formats/x509/name.ts';
import { pemOf } from '../../../../src/formats/x509/pem.ts';
import { ia5String, oid, printableString, sequence, setOf, tlv, utf8String } from '../../../../src/formats/asn1/writer.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { opensslFolder } from '../../../support/openssl.ts';
import { requireTool } from '../../../support/tools.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
  return 'none';
}

const rdn = (type: string, value: Uint8Array): Uint8Array => setOf(sequence(oid(type), value));

describe.skipIf(!requireVectors('nist-pkits'))('readCertificate over the PKITS certificates', () => {
  const folder = vectorPath('nist-pkits', 'certs');
  /** Damaged on purpose so that the signature value ends amid an octet. */
  const split = ['BadSignedCACert.crt', 'InvalidDSASignatureTest6EE.crt'];
  const files = readdirSync(folder).filter((file) => !split.includes(file));

  it('refuses signature values that are no whole octets', () => {
    for (const file of split) expect(codeOf(() => readCertificate(readFileSync(`${folder}/${file}`)))).toBe('CERTIFICATE_MALFORMED');
  });

  it('reads the same fields as node:crypto', () => {
    for (const file of files) {
      const der = readFileSync(`${folder}/${file}`);
      const [ours, theirs] = [readCertificate(der), new X509Certificate(der)];
      expect(ours.sha256Hex).toBe(theirs.fingerprint256.replaceAll(':', '').toLowerCase());
      expect(ours.serialHex.replace('-', '')).toBe(theirs.serialNumber.replace('-', '').toLowerCase());
      expect(ours.notBefore.getTime()).toBe(new Date(theirs.validFrom).getTime());
      expect(ours.notAfter.getTime()).toBe(new Date(theirs.validTo).getTime());
      expect(ours.subjectAltNames.length > 0).toBe(theirs.subjectAltName !== undefined);
    }
    expect(files.length).toBe(403);
  });

  it('refuses every truncation with CERTIFICATE_MALFORMED and lets no engine error out of any flipped bit', () => {
    const der = readFileSync(`${folder}/GoodCACert.crt`);
    for (let size = 0; size < der.length; size += 3) expect(codeOf(() => readCertificate(der.subarray(0, size)))).toBe('CERTIFICATE_MALFORMED');
    for (let bit = 0; bit < der.length * 8; bit += 5) {
      const damaged = Buffer.from(der);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(['none', 'CERTIFICATE_MALFORMED']).toContain(codeOf(() => readCertificate(damaged)));
    }
  });
});

describe('readCertificates', () => {
  const [first, second] = [testIdentity(), testIdentity()].map((identity) => identity.certificateDer);

  it('reads one in DER and several in PEM, passing over keys and text between (RFC 7468)', () => {
    const text = `subject=…\n${pemOf('CERTIFICATE', first ?? new Uint8Array(0))}\n${pemOf('PUBLIC KEY', Uint8Array.of(1))}${pemOf('CERTIFICATE', second ?? new Uint8Array(0)).replaceAll('\n', '\r\n')}`;
    expect(readCertificates(Buffer.from(text)).map(({ der }) => Buffer.from(der))).toEqual([first, second].map((der) => Buffer.from(der ?? [])));
    expect(readCertificates(first ?? new Uint8Array(0))).toHaveLength(1);
  });

  it.each(['-----BEGIN CERTIFICATE-----\nAAAA', '-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'not a certificate', ''])(
    'refuses %j',
    (text) => {
      expect(codeOf(() => readCertificates(Buffer.from(text)))).toBe('CERTIFICATE_MALFORMED');
    },
  );
});

describe('names', () => {
  const name = readNameDer(sequence(rdn(NAME_OID.C, printableString('VN')), rdn(NAME_OID.O, utf8String('Sở Tư pháp, tỉnh "Thừa Thiên Huế"')), rdn(NAME_OID.UID, utf8String('MST:0100109106')), rdn(NAME_OID.CN, utf8String(' Nguyễn Văn Thử#+'))));

  it('are written most specific first, with Vietnamese letters as issued and specials escaped (RFC 4514 §2)', () => {
    expect(nameText(name)).toBe('CN=\\ Nguyễn Văn Thử#\\+,UID=MST:0100109106,O=Sở Tư pháp\\, tỉnh \\"Thừa Thiên Huế\\",C=VN');
    expect(commonName(name)).toBe(' Nguyễn Văn Thử#+');
    expect(attributesOf(name, NAME_OID.UID)).toEqual(['MST:0100109106']);
  });

  it('cannot break a line or turn the direction of a page', () => {
    const hostile = readNameDer(sequence(rdn(NAME_OID.CN, utf8String('a\nb\u202ec\u0000'))));
    expect(nameText(hostile)).toBe('CN=a\\0ab\\e2\\80\\aec\\00');
  });

  it('are equal without regard to case, string type and inner white space (RFC 5280 §7.1)', () => {
    const one = readNameDer(sequence(rdn(NAME_OID.O, printableString('Cuc  Van Thu')), rdn(NAME_OID.EMAIL, ia5String('A@example.vn'))));
    const two = readNameDer(sequence(rdn(NAME_OID.O, utf8String(' cuc van THU ')), rdn(NAME_OID.EMAIL, ia5String('a@example.vn'))));
    expect(sameName(one, two)).toBe(true);
    expect(sameName(one, name)).toBe(false);
  });

  it('treat composed and decomposed Vietnamese as the same, other letters as others', () => {
    const cn = (text: string): ReturnType<typeof readNameDer> => readNameDer(sequence(rdn(NAME_OID.CN, utf8String(text))));
    expect(sameName(cn('Huế'.normalize('NFC')), cn('Huế'.normalize('NFD')))).toBe(true);
    expect(sameName(cn('Huế'), cn('Hue'))).toBe(false);
  });

  it('do not run together: two RDNs are not one that contains their separator', () => {
    const two = readNameDer(sequence(rdn(NAME_OID.O, utf8String('a')), rdn(NAME_OID.CN, utf8String('b'))));
    const one = readNameDer(sequence(rdn(NAME_OID.O, utf8String(`a\u0001${NAME_OID.CN}=b`))));
    expect(sameName(two, one)).toBe(false);
  });

  it('keep a string that breaks its own type by its bytes (PrintableString with 8-bit letters)', () => {
    const broken = readNameDer(sequence(rdn(NAME_OID.CN, tlv(19, Buffer.from('Huế')))));
    expect(nameText(broken)).toBe('CN=#1305487565cc81'.replace('7565cc81', Buffer.from('uế').toString('hex')));
  });
});

describe.skipIf(!requireTool('openssl'))('names beside openssl', () => {
  it('reads subject and issuer as openssl does (RFC 2253 order, UTF-8)', () => {
    const folder = opensslFolder();
    try {
      const { certificateDer } = testIdentity();
      folder.write('c.der', certificateDer);
      const said = folder.run('x509', '-inform', 'DER', '-in', 'c.der', '-noout', '-subject', '-nameopt', 'RFC2253,-esc_msb,utf8').toString('utf8').trim();
      expect(`subject=${readCertificate(certificateDer).subject}`).toBe(said);
    } finally {
      folder.remove();
    }
  });
});
