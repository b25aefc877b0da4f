import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, revokeIdentity, type DevPki } from '../../../certs/dev/create-dev-pki.ts';
import { pkcs12Of, type DevIdentity } from '../../../certs/dev/identity.ts';
import { issueOddSigner } from '../../../certs/dev/odd-signers.ts';
import { readDevPki, writeDevPki } from '../../../certs/dev/write-dev-pki.ts';
import { GatewayError } from '../../../src/domain/errors.ts';
import { readPkcs12 } from '../../../src/formats/pkcs12/read-pkcs12.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { pemOf } from '../../../src/formats/x509/pem.ts';
import { opensslFolder, type OpensslFolder } from '../../support/openssl.ts';
import { requireTool } from '../../support/tools.ts';

const BASE_URL = 'http://127.0.0.1:8318';
const now = new Date();
let pki: DevPki;

beforeAll(async () => {
  pki = await createDevPki({ now, baseUrl: BASE_URL });
});

const pem = (...identities: readonly DevIdentity[]): string => identities.map(({ certificateDer }) => pemOf('CERTIFICATE', certificateDer)).join('');

describe.skipIf(!requireTool('openssl'))('the throw-away PKI before openssl as judge', () => {
  let openssl: OpensslFolder;

  beforeAll(() => {
    openssl = opensslFolder();
    openssl.write('root.pem', pem(pki.root.identity));
    openssl.write('issuing.pem', pem(pki.issuing.identity));
  });
  afterAll(() => openssl.remove());

  const verifyStrictly = (identity: DevIdentity, ...options: readonly string[]): { accepted: boolean; said: string } => {
    openssl.write('leaf.pem', pem(identity));
    return openssl.judge('verify', '-x509_strict', '-check_ss_sig', ...options, '-CAfile', 'root.pem', '-untrusted', 'issuing.pem', 'leaf.pem');
  };

  it('issues certificates that stand strict checking (RFC 5280 §6)', () => {
    for (const identity of [pki.root.identity, pki.issuing.identity, pki.officer, pki.seal, pki.tsa, pki.ocsp]) {
      expect(verifyStrictly(identity).said, identity.name).toContain('OK');
    }
  });

  it('makes the TSA fit for time-stamping and nothing else (RFC 3161 §2.3)', () => {
    expect(verifyStrictly(pki.tsa, '-purpose', 'timestampsign').accepted).toBe(true);
    expect(verifyStrictly(pki.officer, '-purpose', 'timestampsign').accepted).toBe(false);
    expect(verifyStrictly(pki.tsa, '-purpose', 'smimesign').accepted).toBe(false);
    openssl.write('tsa.pem', pem(pki.tsa));
    expect(openssl.run('x509', '-in', 'tsa.pem', '-noout', '-ext', 'extendedKeyUsage').toString()).toMatch(/Extended Key Usage: critical\s+Time Stamping/);
  });

  it('marks the responder: OCSP signing, not to be checked itself (RFC 6960 §4.2.2.2)', () => {
    openssl.write('ocsp.pem', pem(pki.ocsp));
    const text = openssl.run('x509', '-in', 'ocsp.pem', '-noout', '-text').toString();
    expect(text).toContain('OCSP Signing');
    expect(text).toContain('OCSP No Check');
  });

  it('writes the Vietnamese names as they are, and the addresses it was told', () => {
    openssl.write('officer.pem', pem(pki.officer));
    const text = openssl.run('x509', '-in', 'officer.pem', '-noout', '-text', '-nameopt', 'utf8').toString();
    expect(text).toContain('CN=Nguyễn Thị Hoài Mẫu');
    expect(text).toContain(`OCSP - URI:${BASE_URL}/ocsp`);
    expect(text).toContain(`URI:${BASE_URL}/crl/issuing.crl`);
    expect(text).toContain(`CA Issuers - URI:${BASE_URL}/ca/issuing.crt`);
  });

  it.each([
    ['expired', 'certificate has expired'],
    ['not-yet-valid', 'certificate is not yet valid'],
    ['self-signed', 'self-signed certificate'],
  ] as const)('issues a signer that is %s on demand', async (odd, said) => {
    const verdict = verifyStrictly(await issueOddSigner(pki, odd, now));
    expect(verdict.accepted).toBe(false);
    expect(verdict.said).toContain(said);
  });

  it.each(['sha3', 'pss'] as const)('issues a signer whose certificate is signed with %s, and it verifies', async (odd) => {
    expect(verifyStrictly(await issueOddSigner(pki, odd, now)).said).toContain('OK');
  });

  it('lists what was revoked, with reason, in a CRL that verifies (RFC 5280 §5)', async () => {
    const revoked = await issueOddSigner(pki, 'revoked', now);
    openssl.write('list.crl', pki.issuing.crl(new Date(), new Date(Date.now() + 86_400_000)));
    const said = openssl.run('crl', '-inform', 'DER', '-in', 'list.crl', '-noout', '-text', '-verify', '-CAfile', 'issuing.pem').toString();
    expect(said).toContain(`Serial Number: ${readCertificate(revoked.certificateDer).serialHex.toUpperCase()}`);
    expect(said).toContain('Key Compromise');
    openssl.run('crl', '-inform', 'DER', '-in', 'list.crl', '-out', 'list.pem');
    expect(verifyStrictly(revoked, '-crl_check', '-CRLfile', 'list.pem').said).toContain('certificate revoked');
    expect(verifyStrictly(pki.officer, '-crl_check', '-CRLfile', 'list.pem').accepted).toBe(true);
  });

  it('leaves the list of revoked certificates out when it is empty (RFC 5280 §5.1.2.6)', async () => {
    openssl.write('root.crl', pki.root.crl(now, new Date(now.getTime() + 86_400_000)));
    expect(openssl.run('crl', '-inform', 'DER', '-in', 'root.crl', '-noout', '-text').toString()).toContain('No Revoked Certificates');
  });

  it('makes key files that openssl opens with a Vietnamese passphrase, and not with another (RFC 7292)', async () => {
    openssl.write('officer.p12', await pkcs12Of(pki.officer, 'mật khẩu Ế', randomBytes));
    const opened = openssl.judge('pkcs12', '-info', '-in', 'officer.p12', '-passin', 'pass:mật khẩu Ế', '-nodes');
    expect(opened.said).toContain('PBES2, PBKDF2, AES-256-CBC');
    expect(opened.said).toContain('MAC: sha256');
    expect(opened.said).toContain('friendlyName: officer');
    expect(opened.said.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    expect(opened.said).toContain('BEGIN PRIVATE KEY');
    expect(openssl.judge('pkcs12', '-in', 'officer.p12', '-passin', 'pass:mat khau', '-nodes').accepted).toBe(false);
  });
});

describe('the throw-away PKI', () => {
  it('makes key files that the gateway itself opens, chain from leaf to root', async () => {
    const contents = await readPkcs12(await pkcs12Of(pki.seal, 'con dấu', randomBytes), 'con dấu');
    expect(contents.chainDer.map((der) => Buffer.from(der))).toEqual(pki.seal.chainDer.map((der) => Buffer.from(der)));
    expect(Buffer.from(contents.privateKeyPkcs8Der)).toEqual(pki.seal.privateKey.export({ type: 'pkcs8', format: 'der' }));
    await expect(readPkcs12(await pkcs12Of(pki.seal, 'con dấu', randomBytes), 'sai')).rejects.toMatchObject({ code: 'P12_PASSPHRASE_WRONG' });
  });

  it('gives every certificate its own positive serial number of 16 octets (RFC 5280 §4.1.2.2)', () => {
    const serials = [pki.root.identity, pki.issuing.identity, pki.officer, pki.seal, pki.tsa, pki.ocsp].map(({ certificateDer }) => readCertificate(certificateDer));
    expect(new Set(serials.map(({ serialHex }) => serialHex)).size).toBe(6);
    for (const { serial, serialHex } of serials) {
      expect(serial > 0n).toBe(true);
      expect(serialHex).toHaveLength(32);
    }
  });

  it('issues a signer of wrong usage on demand (RFC 5280 §4.2.1.3)', async () => {
    const { keyUsage } = readCertificate((await issueOddSigner(pki, 'wrong-usage', now)).certificateDer);
    expect([...(keyUsage ?? [])]).toEqual(['keyEncipherment', 'dataEncipherment']);
  });

  it('gives certificates no addresses when it has none', async () => {
    const bare = await createDevPki({ now });
    const { ocspUrls, crlUrls, caIssuersUrls } = readCertificate(bare.officer.certificateDer);
    expect([ocspUrls, crlUrls, caIssuersUrls]).toEqual([[], [], []]);
  });
});

describe('a throw-away PKI in a folder', () => {
  let parent: string;
  let dir: string;

  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'lienthong-pki-'));
    dir = join(parent, 'pki');
    revokeIdentity(pki, pki.seal, now, 'superseded');
    await writeDevPki(pki, dir);
  });
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  it('is read back whole: same certificates, working keys, same revocations', async () => {
    const read = await readDevPki(dir, randomBytes);
    expect(read.officer.chainDer.map((der) => Buffer.from(der))).toEqual(pki.officer.chainDer.map((der) => Buffer.from(der)));
    expect(read.issuing.revocations).toEqual(pki.issuing.revocations);
    expect(read.baseUrl).toBe(BASE_URL);
    const further = await issueOddSigner(read, 'expired', now);
    const { tbsDer, signature } = readCertificate(further.certificateDer);
    expect(verify('sha256', tbsDer, createPublicKey(pki.issuing.identity.privateKey), signature)).toBe(true);
    expect(read.issuing.hasIssued(readCertificate(pki.tsa.certificateDer).serialHex)).toBe(true);
  });

  it('keeps keys and passphrases from everyone else, and anchors apart from them', () => {
    for (const folder of ['keys', 'authorities']) {
      expect(statSync(join(dir, folder)).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(join(dir, folder))) expect(statSync(join(dir, folder, name)).mode & 0o777, name).toBe(0o600);
    }
    expect(readdirSync(join(dir, 'trust'))).toEqual(['root.pem']);
    expect(readFileSync(join(dir, 'trust', 'root.pem'), 'utf8')).toBe(pem(pki.root.identity));
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).toContain('openssl verify');
  });

  it('is never written over another', async () => {
    const before = readFileSync(join(dir, 'keys', 'officer.p12'));
    await expect(writeDevPki(pki, dir)).rejects.toThrow(GatewayError);
    expect(readFileSync(join(dir, 'keys', 'officer.p12'))).toEqual(before);
  });

  it('says what to do when the folder holds none', async () => {
    await expect(readDevPki(parent, randomBytes)).rejects.toMatchObject({ code: 'FILE_NOT_READABLE', message: expect.stringContaining('lienthong dev-pki') as string });
  });
});
