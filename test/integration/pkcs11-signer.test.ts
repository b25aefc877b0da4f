import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openPkcs11Token, type Pkcs11Token, type Pkcs11TokenSettings } from '../../connectors/key-pkcs11/index.ts';
import { hasPkcs11 } from '../../connectors/key-pkcs11/module.ts';
import { processPinGuard } from '../../src/ports/process-pin-guard.ts';
import { readAlgorithmIdentifierDer } from '../../src/formats/algorithms/identifier.ts';
import { signatureAlgorithmDer } from '../../src/formats/algorithms/schemes.ts';
import { verifyValue } from '../../src/formats/algorithms/verify.ts';
import { buildCertificate } from '../../src/formats/x509/build-certificate.ts';
import { keyUsageExtension } from '../../src/formats/x509/build-extensions.ts';
import { buildName } from '../../src/formats/x509/build-name.ts';
import { testCa, testIdentity } from '../support/certificates.ts';
import { keptLog, silentLog } from '../support/log.ts';
import { softHsm, type SoftHsm } from '../support/softhsm.ts';
import { required, requireTool } from '../support/tools.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

const usable = requireTool('softhsm2-util') && requireTool('pkcs11-tool') && required(hasPkcs11(), 'pkcs11js');
const data = Buffer.from('signed attributes of a document');

describe.skipIf(!usable)('key-pkcs11 on SoftHSM2', () => {
  const ca = testCa();
  const rsa = testIdentity({ issuer: ca });
  const ec = testIdentity({ issuer: ca, key: 'p256' });
  const p384 = testIdentity({ issuer: ca, privateKey: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey });
  const p521 = testIdentity({ issuer: ca, privateKey: generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey });
  const open: Pkcs11Token[] = [];
  let hsm: SoftHsm;
  /** For what needs no process of its own. */
  let shared: Pkcs11Token;

  beforeAll(() => {
    hsm = softHsm();
    hsm.add(rsa, 'can-bo', '01');
    hsm.add(ec, 'trao-doi', '02');
    hsm.add(p384, 'ec-384', '03');
    hsm.add(p521, 'ec-521', '04');
    hsm.addCertificate(ca.certificateDer, 'ca', '99');
    shared = openPkcs11Token({ uri: hsm.uri('id=%01'), pinGuard: processPinGuard(() => new Date()), log: silentLog, environment: hsm.environment });
  });
  afterEach(async () => {
    for (const token of open.splice(0)) await token.close();
  });
  afterAll(async () => {
    await shared.close();
    hsm.remove();
  });

  const openToken = (key: string, settings: Partial<Pkcs11TokenSettings> = {}): Pkcs11Token => {
    const token = openPkcs11Token({ uri: hsm.uri(key), pinGuard: processPinGuard(() => new Date()), log: silentLog, environment: hsm.environment, ...settings });
    open.push(token);
    return token;
  };

  it.each([
    ['pkcs1', '01', 'sha256'],
    ['pkcs1', '01', 'sha512'],
    ['pkcs1', '01', 'sha3-256'],
    ['pss', '01', 'sha256'],
    ['pss', '01', 'sha384'],
    ['ecdsa', '02', 'sha256'],
    ['ecdsa', '02', 'sha512'],
    ['ecdsa', '03', 'sha384'],
    ['ecdsa', '04', 'sha512'],
  ] as const)('signs with %s (key %s, %s) so that the value is right under the identifier we write', async (scheme, id, digest) => {
    const signer = await shared.signer({ keyId: 'thu', uri: hsm.uri(`id=%${id}`), scheme });
    const signature = await signer.sign(data, digest);
    const spkiDer = new X509Certificate(signer.chainDer[0]).publicKey.export({ type: 'spki', format: 'der' });
    expect(verifyValue({ algorithm: readAlgorithmIdentifierDer(signatureAlgorithmDer(scheme, digest)), spkiDer, data, signature })).toMatchObject({ valid: true, weak: null });
  });

  it('takes the certificate with the key’s CKA_ID and its issuers from the token, and the scheme from the key', async () => {
    const token = shared;
    const signer = await token.signer({ keyId: 'thu', uri: hsm.uri('object=can-bo') });
    expect(signer.chainDer.map((der) => Buffer.from(der).toString('hex'))).toEqual([rsa, ca].map(({ certificateDer }) => Buffer.from(certificateDer).toString('hex')));
    expect(signer.scheme).toBe('pkcs1');
    expect((await token.signer({ keyId: 'khac', uri: hsm.uri('object=trao-doi') })).scheme).toBe('ecdsa');
    const given = await token.signer({ keyId: 'thu', chainDer: [rsa.certificateDer] });
    expect(given.chainDer).toEqual([rsa.certificateDer]);
  });

  it.each([
    ['a key that is not there', () => shared.signer({ keyId: 'x', uri: hsm.uri('object=khong-co') }), 'KEY_NOT_FOUND'],
    ['a URI that fits several keys', () => shared.signer({ keyId: 'x', uri: hsm.uri('') }), 'CONFIG_INVALID'],
    ['a key of another token', () => shared.signer({ keyId: 'x', uri: hsm.uri('object=can-bo').replace('token=', 'serial=1;token=') }), 'CONFIG_INVALID'],
    ['a token that is not there', () => openToken('', { uri: `pkcs11:token=khong-co;id=%01?module-path=${hsm.modulePath}&pin-source=${hsm.pinFile}` }).signer({ keyId: 'x' }), 'SIGNER_UNAVAILABLE'],
    ['a module that is not there', () => openToken('', { uri: `pkcs11:token=a;id=%01?module-path=/khong/co.so&pin-source=${hsm.pinFile}` }).signer({ keyId: 'x' }), 'CONFIG_INVALID'],
    ['a PIN file that is not there', () => openToken('', { uri: `pkcs11:token=${hsm.label};id=%01?module-path=${hsm.modulePath}&pin-source=/khong/co` }).signer({ keyId: 'x' }), 'FILE_NOT_READABLE'],
    ['another key’s certificate, RSA', () => shared.signer({ keyId: 'x', chainDer: [testIdentity().certificateDer] }), 'KEY_MISMATCH'],
    ['another kind of certificate', () => shared.signer({ keyId: 'x', chainDer: [ec.certificateDer] }), 'KEY_MISMATCH'],
    ['an EC key asked for PSS', () => shared.signer({ keyId: 'x', uri: hsm.uri('id=%02'), scheme: 'pss' }), 'KEY_UNSUPPORTED'],
    ['PSS with a hash the token does not know', async () => (await shared.signer({ keyId: 'x', scheme: 'pss' })).sign(data, 'sha3-512'), 'KEY_UNSUPPORTED'],
  ])('refuses %s', async (_, act, code) => {
    await expect(act()).rejects.toMatchObject({ code });
  });

  it('makes many signatures at once on few sessions, each over its own bytes', async () => {
    const signer = await openToken('id=%02', { maxSessions: 2 }).signer({ keyId: 'thu' });
    const inputs = Array.from({ length: 200 }, (_, index) => Buffer.from(`attributes ${index}`));
    const values = await Promise.all(inputs.map((input) => signer.sign(input, 'sha256')));
    expect(values.every((value, index) => verify('sha256', inputs[index] ?? data, createPublicKey(ec.privateKey), value))).toBe(true);
  });

  it('lets a bounded number wait and answers OVERLOADED beyond; one that is cancelled leaves the queue', async () => {
    const signer = await openToken('id=%01', { maxSessions: 1, maxWaiting: 2 }).signer({ keyId: 'thu' });
    const controller = new AbortController();
    const [running, next, cancelled, waiting] = [signer.sign(data, 'sha256'), signer.sign(data, 'sha256'), signer.sign(data, 'sha256', controller.signal), signer.sign(data, 'sha256')];
    const settled = Promise.allSettled([running, next, cancelled, waiting]);
    await expect(signer.sign(data, 'sha256')).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    await expect(signer.sign(data, 'sha256', AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('gives the PIN with each signature to a key that wants it (CKA_ALWAYS_AUTHENTICATE)', async () => {
    hsm.tool('--keypairgen', '--key-type', 'EC:prime256v1', '--id', '05', '--label', 'moi-lan', '--always-auth');
    const path = join(hsm.folder, 'public.der');
    hsm.tool('--read-object', '--type', 'pubkey', '--id', '05', '--output-file', path);
    const spkiDer = readFileSync(path);
    const name = buildName([['CN', 'Trần Văn Thử']]);
    const certificateDer = buildCertificate({
      serialNumber: Uint8Array.of(5),
      issuerDer: ca.subjectDer,
      subjectDer: name,
      notBefore: new Date(Date.now() - 86_400_000),
      notAfter: new Date(Date.now() + 86_400_000),
      spkiDer,
      extensionsDer: [keyUsageExtension(['digitalSignature'])],
      signer: ca.signer,
    });
    const signer = await openToken('id=%05').signer({ keyId: 'thu', chainDer: [certificateDer] });
    const values = await Promise.all([signer.sign(data, 'sha256'), signer.sign(data, 'sha256')]);
    expect(values.map((value) => verify('sha256', data, createPublicKey({ key: spkiDer, format: 'der', type: 'spki' }), value))).toEqual([true, true]);
  });

  it('replaces a signer process that was killed; what was under way fails as unavailable, never as a value', async () => {
    const log = keptLog();
    const signer = await openToken('id=%01', { log, restartPauseMs: 0 }).signer({ keyId: 'thu' });
    const underWay = Array.from({ length: 50 }, () => signer.sign(data, 'sha256').then((value) => verify('sha256', data, createPublicKey(rsa.privateKey), value)));
    process.kill(pidIn(log), 'SIGKILL');
    const outcomes = await Promise.allSettled(underWay);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as { code: string; retryable: boolean }] : []));
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.every(({ code, retryable }) => code === 'SIGNER_UNAVAILABLE' && retryable)).toBe(true);
    expect(outcomes.every((outcome) => outcome.status === 'rejected' || outcome.value)).toBe(true);
    expect(verify('sha256', data, createPublicKey(rsa.privateKey), await signer.sign(data, 'sha256'))).toBe(true);
  });

  it('kills a signer process that hangs, at the deadline of its signature', async () => {
    const log = keptLog();
    const signer = await openToken('id=%01', { log, signTimeoutMs: 400, restartPauseMs: 0 }).signer({ keyId: 'thu' });
    process.kill(pidIn(log), 'SIGSTOP');
    await expect(signer.sign(data, 'sha256')).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE', message: 'The signer process ended (no answer within 400 ms)' });
    expect(verify('sha256', data, createPublicKey(rsa.privateKey), await signer.sign(data, 'sha256'))).toBe(true);
  });

  it.each(['close', 'leave'])('lets a program that signed with it end by itself (%s)', async (ending) => {
    const script = fileURLToPath(new URL('../support/pkcs11-program-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, hsm.uri('id=%02'), ending], { env: { ...process.env, ...hsm.environment } });
    expect(stdout).toBe('signed\n');
  });

  it('leaves no process when it is closed, and signs no more', async () => {
    const log = keptLog();
    const token = openToken('id=%01', { log });
    const signer = await token.signer({ keyId: 'thu' });
    await token.close();
    expect(() => process.kill(pidIn(log), 0)).toThrow('ESRCH');
    await expect(signer.sign(data, 'sha256')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});

describe.skipIf(!inject('isBuilt'))('key-pkcs11 without pkcs11js', () => {
  it('says what to do, where the package was not built (KEY_UNSUPPORTED)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lienthong-no-pkcs11-'));
    try {
      // The program as it is built, where no package can be found.
      for (const part of ['src/domain', 'src/formats', 'src/ports', 'connectors/key-pkcs11']) cpSync(join(PROJECT_ROOT, 'dist', part), join(folder, part), { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      const program = `import { openPkcs11Token } from './connectors/key-pkcs11/index.js';
        try { openPkcs11Token({ uri: 'pkcs11:token=a;object=b?module-path=/m.so&pin-source=/pin' }); } catch ({ code, message }) { console.log(code, message); }`;
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder });
      expect(stdout).toMatch(/^KEY_UNSUPPORTED .*pkcs11js.*npm ci again/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Of the signer process started last. */
function pidIn({ lines }: ReturnType<typeof keptLog>): number {
  const pid = lines.filter(({ event }) => event === 'signer.opened').at(-1)?.attributes['pid'];
  if (typeof pid !== 'number') throw new Error('No signer process was opened');
  return pid;
}
