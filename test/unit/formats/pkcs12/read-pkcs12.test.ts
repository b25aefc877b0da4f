import { createCipheriv, createHmac, createPrivateKey, pbkdf2Sync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { context, integer, nullValue, octetString, oid, sequence, setOf } from '../../../../src/formats/asn1/writer.ts';
import { readPkcs12, type Pkcs12Contents } from '../../../../src/formats/pkcs12/read-pkcs12.ts';
import { pemOf } from '../../../../src/formats/x509/pem.ts';
import { testCa, testIdentity } from '../../../support/certificates.ts';
import { opensslFolder, type OpensslFolder } from '../../../support/openssl.ts';
import { requireTool } from '../../../support/tools.ts';

const ca = testCa();
const rsa = testIdentity({ issuer: ca });
const ec = testIdentity({ issuer: ca, key: 'p256' });
/** Typed in NFC: ậ, ẩ and Ế are one code point each. */
const VIETNAMESE = 'mật khẩu Ế'.normalize('NFC');

function expectIdentity(contents: Pkcs12Contents, identity: typeof rsa, chain: readonly Uint8Array[]): void {
  expect(Buffer.from(contents.certificateDer).equals(identity.certificateDer)).toBe(true);
  expect(contents.chainDer.map((der) => new X509Certificate(der).fingerprint256)).toEqual(chain.map((der) => new X509Certificate(der).fingerprint256));
  const key = createPrivateKey({ key: Buffer.from(contents.privateKeyPkcs8Der), format: 'der', type: 'pkcs8' });
  expect(key.equals(identity.privateKey)).toBe(true);
}

describe.skipIf(!requireTool('openssl'))('readPkcs12 on files of openssl pkcs12', () => {
  let folder: OpensslFolder;
  beforeAll(() => {
    folder = opensslFolder();
    folder.write('ca.pem', pemOf('CERTIFICATE', ca.certificateDer));
    for (const [name, identity] of [['rsa', rsa], ['ec', ec]] as const) {
      folder.write(`${name}.pem`, pemOf('CERTIFICATE', identity.certificateDer));
      folder.write(`${name}.key`, identity.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    }
  });
  afterAll(() => folder.remove());

  function exported(name: 'rsa' | 'ec', passphrase: string, ...options: readonly string[]): Uint8Array {
    folder.write('passphrase', `${passphrase}\n`);
    folder.run('pkcs12', '-export', '-inkey', `${name}.key`, '-in', `${name}.pem`, '-certfile', 'ca.pem', '-passout', 'file:passphrase', '-out', 'out.p12', ...options);
    return readFileSync(folder.path('out.p12'));
  }

  it.each<[string, 'rsa' | 'ec', string, readonly string[]]>([
    ['the default of OpenSSL 3 (AES-256, SHA-256 MAC)', 'rsa', 'correct horse', []],
    ['-legacy (RC2-40, 3DES, SHA-1 MAC)', 'rsa', 'correct horse', ['-legacy']],
    ['-legacy with a Vietnamese passphrase (BMPString)', 'rsa', VIETNAMESE, ['-legacy']],
    ['3DES for key and certificates', 'rsa', 'correct horse', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['two-key 3DES and RC2-128', 'rsa', 'correct horse', ['-legacy', '-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-RC2-128']],
    ['AES-128 and a SHA-512 MAC', 'rsa', 'correct horse', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha512']],
    ['a Vietnamese passphrase (UTF-8 for PBES2, BMPString for the MAC)', 'rsa', VIETNAMESE, []],
    ['an EC key', 'ec', VIETNAMESE, []],
    ['no MAC', 'ec', 'correct horse', ['-nomac']],
    ['an empty passphrase', 'ec', '', []],
    ['certificates not encrypted', 'ec', 'correct horse', ['-certpbe', 'NONE']],
    ['100,000 iterations', 'ec', 'correct horse', ['-iter', '100000']],
  ])('opens %s (RFC 7292)', async (_, name, passphrase, options) => {
    expectIdentity(await readPkcs12(exported(name, passphrase, ...options), passphrase), name === 'rsa' ? rsa : ec, [(name === 'rsa' ? rsa : ec).certificateDer, ca.certificateDer]);
  });

  it.each<[string, readonly string[]]>([
    ['with a MAC', []],
    ['without one', ['-nomac']],
    ['in a legacy file', ['-legacy']],
  ])('tells a wrong passphrase %s', async (_, options) => {
    await expect(readPkcs12(exported('rsa', 'right', ...options), 'wrong')).rejects.toMatchObject({ code: 'P12_PASSPHRASE_WRONG' });
  });

  it('takes the passphrase as typed: NFD is another one', async () => {
    await expect(readPkcs12(exported('ec', VIETNAMESE), VIETNAMESE.normalize('NFD'))).rejects.toMatchObject({ code: 'P12_PASSPHRASE_WRONG' });
  });

  it('refuses more than a million iterations before deriving anything (reliability: sum of all counts)', async () => {
    await expect(readPkcs12(exported('ec', 'right', '-iter', '400000'), 'wrong')).rejects.toMatchObject({ code: 'P12_LIMIT' });
  });

  it('refuses a key without its certificate, and a file of certificates only', async () => {
    folder.run('pkcs12', '-export', '-nokeys', '-in', 'ca.pem', '-passout', 'pass:x', '-out', 'certs.p12');
    await expect(readPkcs12(readFileSync(folder.path('certs.p12')), 'x')).rejects.toMatchObject({ code: 'P12_MALFORMED' });
    folder.run('pkcs12', '-export', '-nocerts', '-inkey', 'ec.key', '-passout', 'pass:x', '-out', 'key.p12');
    await expect(readPkcs12(readFileSync(folder.path('key.p12')), 'x')).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  });

  it('answers every truncation and every overwritten byte of a file with a typed error', async () => {
    const bytes = exported('ec', 'right', '-iter', '1', '-maciter');
    for (let at = 0; at < bytes.length; at += 7) {
      await expect(readPkcs12(bytes.subarray(0, at), 'right')).rejects.toMatchObject({ name: 'GatewayError' });
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      await expect(readPkcs12(changed, 'right')).rejects.toMatchObject({ name: 'GatewayError' });
    }
  });
});

describe('readPkcs12', () => {
  it('opens PBMAC1 with PBES2 (RFC 9579 §4)', async () => {
    expectIdentity(await readPkcs12(pbmac1File(VIETNAMESE), VIETNAMESE), ec, [ec.certificateDer]);
    await expect(readPkcs12(pbmac1File(VIETNAMESE), 'other')).rejects.toMatchObject({ code: 'P12_PASSPHRASE_WRONG' });
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['text', Buffer.from('-----BEGIN CERTIFICATE-----\n')],
    ['a certificate', ec.certificateDer],
    ['zeros', new Uint8Array(1000)],
  ])('refuses %s', async (_, bytes) => {
    await expect(readPkcs12(bytes, 'x')).rejects.toMatchObject({ code: 'P12_MALFORMED' });
  });

  it('refuses more than 1 MiB unread', async () => {
    await expect(readPkcs12(new Uint8Array(1024 * 1024 + 1), 'x')).rejects.toMatchObject({ code: 'P12_LIMIT' });
  });

  it('refuses a key whose certificate is another one’s', async () => {
    await expect(readPkcs12(pbmac1File('x', rsa.certificateDer), 'x')).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  });
});

/** A PKCS#12 file as RFC 9579 describes it, which OpenSSL makes from 3.4 on. */
function pbmac1File(passphrase: string, certificateDer = ec.certificateDer): Uint8Array {
  const DATA = '1.2.840.113549.1.7.1';
  const salt = Buffer.alloc(16, 7);
  const iv = Buffer.alloc(16, 9);
  const pbkdf2 = sequence(oid('1.2.840.113549.1.5.12'), sequence(octetString(salt), integer(2048), integer(32), sequence(oid('1.2.840.113549.2.9'), nullValue())));
  const key = pbkdf2Sync(Buffer.from(passphrase, 'utf8'), salt, 2048, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(ec.privateKeyPkcs8Der), cipher.final()]);
  const pbes2 = sequence(oid('1.2.840.113549.1.5.13'), sequence(pbkdf2, sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(iv))));
  const keyBag = sequence(oid('1.2.840.113549.1.12.10.1.2'), context(0, sequence(pbes2, octetString(encrypted))));
  const certBag = sequence(oid('1.2.840.113549.1.12.10.1.3'), context(0, sequence(oid('1.2.840.113549.1.9.22.1'), context(0, octetString(certificateDer)))), setOf());
  const safe = sequence(sequence(oid(DATA), context(0, octetString(sequence(keyBag, certBag)))));
  const pbmac1 = sequence(oid('1.2.840.113549.1.5.14'), sequence(pbkdf2, sequence(oid('1.2.840.113549.2.9'), nullValue())));
  const mac = createHmac('sha256', key).update(safe).digest();
  return sequence(integer(3), sequence(oid(DATA), context(0, octetString(safe))), sequence(sequence(pbmac1, octetString(mac)), octetString(salt), integer(1)));
}
