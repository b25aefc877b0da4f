import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCscService, type CscService, type CscSettings } from '../../connectors/key-csc/index.ts';
import { secretFromFile } from '../../connectors/key-csc/access-token.ts';
import type { AuthAnswers } from '../../connectors/key-csc/transaction.ts';
import type { PinGuard } from '../../src/ports/pin-guard.ts';
import { processPinGuard } from '../../src/ports/process-pin-guard.ts';
import { readAlgorithmIdentifierDer } from '../../src/formats/algorithms/identifier.ts';
import { signatureAlgorithmDer } from '../../src/formats/algorithms/schemes.ts';
import { verifyValue } from '../../src/formats/algorithms/verify.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { SANDBOX_CLIENT, startSandboxCsc, type SandboxCsc } from '../../sandbox/csc/start.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { opensslFolder } from '../support/openssl.ts';
import { requireTool } from '../support/tools.ts';

const data = Buffer.from('signed attributes of a document');

describe('key-csc', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-csc-'));
  const tokenFile = join(folder, 'token');
  const secretFile = join(folder, 'secret');
  const open: CscService[] = [];
  let sandbox: SandboxCsc;
  let initial: SandboxCsc['settings'];

  beforeAll(async () => {
    sandbox = await startSandboxCsc();
    initial = { ...sandbox.settings };
    writeFileSync(secretFile, `${SANDBOX_CLIENT.clientSecret}\n`, { mode: 0o600 });
  });
  beforeEach(() => writeFileSync(tokenFile, `${sandbox.newToken()}\n`, { mode: 0o600 }));
  afterEach(async () => {
    for (const service of open.splice(0)) await service.close();
    Object.assign(sandbox.settings, initial);
    for (const call of Object.keys(sandbox.faults)) delete sandbox.faults[call as keyof typeof sandbox.faults];
    for (const { status } of sandbox.credentials.values()) Object.assign(status, { key: 'enabled', certificate: 'valid' });
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const connect = (settings: Partial<CscSettings> = {}): CscService => {
    const service = openCscService({ url: sandbox.apiUrl, access: { token: secretFromFile(tokenFile) }, clock: systemClock, timeoutMs: 5000, pollEveryMs: 5, ...settings });
    open.push(service);
    return service;
  };
  const answering = (pin: string, otp: string): AuthAnswers => (questions) =>
    Promise.resolve(questions.map(({ id }) => ({ id, value: id === 'PIN' ? pin : otp })));
  const withPin = (answers: AuthAnswers, pinGuard: PinGuard = processPinGuard(() => systemClock.now())): Partial<CscSettings> => ({ authorization: { answers, pinGuard } });
  const calls = (call: string): number => sandbox.calls[call] ?? 0;

  it('tells what the service is and which credentials it has', async () => {
    const service = connect();
    expect(await service.info()).toMatchObject({ specification: '2.0.0.2', name: 'CSC sandbox' });
    expect(await service.credentials()).toEqual(['can-bo', 'con-dau', 'trao-doi', 'lanh-dao']);
  });

  it.each([
    ['con-dau', 'pkcs1', 'sha256'],
    ['con-dau', 'pkcs1', 'sha512'],
    ['con-dau', 'pss', 'sha384'],
    ['con-dau', 'pkcs1', 'sha3-256'],
    ['trao-doi', 'ecdsa', 'sha256'],
    ['trao-doi', 'ecdsa', 'sha512'],
  ] as const)('signs with %s, %s, %s so that the value is right under the identifier we write', async (credentialID, scheme, digest) => {
    const signer = await connect().signer({ keyId: 'thu', credentialID, scheme });
    const signature = await signer.sign(data, digest);
    const { spkiDer } = readCertificate(signer.chainDer[0]);
    expect(signer.chainDer).toHaveLength(2);
    expect(verifyValue({ algorithm: readAlgorithmIdentifierDer(signatureAlgorithmDer(scheme, digest)), spkiDer, data, signature })).toMatchObject({ valid: true, weak: null });
  });

  it('takes PSS where the credential offers it, and ECDSA for EC keys', async () => {
    const service = connect();
    expect((await service.signer({ keyId: 'a', credentialID: 'con-dau' })).scheme).toBe('pss');
    expect((await service.signer({ keyId: 'b', credentialID: 'trao-doi' })).scheme).toBe('ecdsa');
    await expect(service.signer({ keyId: 'c', credentialID: 'trao-doi', scheme: 'pss' })).rejects.toMatchObject({ code: 'KEY_UNSUPPORTED' });
  });

  it('gets its access token by client credentials too, and keeps it (RFC 6749 §4.4)', async () => {
    const before = calls('token');
    const service = connect({ access: { url: `${sandbox.apiUrl}/oauth2/token`, clientId: SANDBOX_CLIENT.clientId, clientSecret: secretFromFile(secretFile) } });
    await service.credentials();
    await (await service.signer({ keyId: 'thu', credentialID: 'con-dau' })).sign(data, 'sha256');
    expect(calls('token') - before).toBe(1);
    const wrong = connect({ access: { url: `${sandbox.apiUrl}/oauth2/token`, clientId: 'khac', clientSecret: secretFromFile(secretFile) } });
    await expect(wrong.credentials()).rejects.toMatchObject({ code: 'HSM_LOGIN_FAILED' });
  });

  it('answers the PIN and the one-time password that the credential asks for', async () => {
    const asked: string[] = [];
    const answers: AuthAnswers = (questions, signal) => {
      asked.push(...questions.map(({ id, type }) => `${id} ${type}`));
      return answering(SANDBOX_CLIENT.pin, SANDBOX_CLIENT.otp)(questions, signal);
    };
    const signer = await connect(withPin(answers)).signer({ keyId: 'thu', credentialID: 'can-bo', scheme: 'pkcs1' });
    expect(verify('sha256', data, createPublicKey(sandbox.credentials.get('can-bo')?.privateKey ?? ''), await signer.sign(data, 'sha256'))).toBe(true);
    expect(asked).toEqual(['PIN Password', 'OTP Password']);
  });

  it('covers as many hashes with one authorisation as the credential allows, and no more', async () => {
    const signer = await connect(withPin(answering(SANDBOX_CLIENT.pin, SANDBOX_CLIENT.otp))).signer({ keyId: 'thu', credentialID: 'can-bo', scheme: 'pkcs1' });
    const before = calls('authorize');
    const inputs = Array.from({ length: 25 }, (_, index) => Buffer.from(`attributes ${index}`));
    const values = await signer.signMany(inputs, 'sha256');
    const publicKey = createPublicKey(sandbox.credentials.get('can-bo')?.privateKey ?? '');
    expect(values.map((value, index) => verify('sha256', inputs[index] ?? data, publicKey, value)).every(Boolean)).toBe(true);
    expect([values.length, signer.maxHashes, calls('authorize') - before]).toEqual([25, 10, 3]);
  });

  it('comes back for an authorisation that a person confirms, and for signatures made later', async () => {
    Object.assign(sandbox.settings, { authorizePolls: 3, signPolls: 2 });
    const signer = await connect().signer({ keyId: 'thu', credentialID: 'trao-doi' });
    expect(await signer.sign(data, 'sha256')).toBeInstanceOf(Uint8Array);
    Object.assign(sandbox.settings, { authorizePolls: 1000 });
    const impatient = await connect({ pollLimitMs: 50 }).signer({ keyId: 'thu', credentialID: 'trao-doi' });
    await expect(impatient.sign(data, 'sha256')).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE', retryable: true });
    const controller = new AbortController();
    const pending = (await connect().signer({ keyId: 'thu', credentialID: 'trao-doi' })).sign(data, 'sha256', controller.signal);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  describe.skipIf(!requireTool('openssl'))('signDoc', () => {
    it.each(['SignatureObject', 'DocumentWithSignature', 'documentWithSignature'] as const)('gives a signature that openssl accepts, spelt %s', async (documentSpelling) => {
      sandbox.settings.documentSpelling = documentSpelling;
      const signer = await connect().signer({ keyId: 'thu', credentialID: 'con-dau' });
      const hash = createHash('sha256').update(data).digest();
      const [cmsDer] = await signer.signDocuments({ hashes: [hash], digest: 'sha256', format: 'C', conformanceLevel: 'Ades-B-B' });
      const openssl = opensslFolder();
      try {
        openssl.write('document', data);
        openssl.write('signature.der', cmsDer ?? new Uint8Array());
        openssl.write('ca.der', signer.chainDer[1] ?? new Uint8Array());
        openssl.run('x509', '-inform', 'DER', '-in', 'ca.der', '-out', 'ca.pem');
        const judged = openssl.judge('cms', '-verify', '-cades', '-inform', 'DER', '-in', 'signature.der', '-content', 'document', '-binary', '-CAfile', 'ca.pem', '-purpose', 'any', '-out', 'out');
        expect(judged).toMatchObject({ accepted: true });
      } finally {
        openssl.remove();
      }
    });

    it.each(['other-hash', 'other-key', 'one-fewer'] as const)('refuses %s', async (fault) => {
      const signer = await connect().signer({ keyId: 'thu', credentialID: 'con-dau' });
      sandbox.faults['sign-doc'] = fault;
      const signing = signer.signDocuments({ hashes: [createHash('sha256').update(data).digest()], digest: 'sha256', format: 'P', conformanceLevel: 'Ades-B-B' });
      await expect(signing).rejects.toMatchObject({ code: fault === 'one-fewer' ? 'SIGNER_UNAVAILABLE' : 'SIGNATURE_VALUE_WRONG' });
    });

    it('does not take a lower level than the one asked for', async () => {
      const signer = await connect().signer({ keyId: 'thu', credentialID: 'con-dau' });
      const signing = signer.signDocuments({ hashes: [createHash('sha256').update(data).digest()], digest: 'sha256', format: 'P', conformanceLevel: 'Ades-B-LT' });
      await expect(signing).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    });
  });

  describe('when the service fails', () => {
    it.each([
      ['sign-hash', 'other-hash', 'SIGNATURE_VALUE_WRONG'],
      ['sign-hash', 'other-key', 'SIGNATURE_VALUE_WRONG'],
      ['sign-hash', 'one-fewer', 'SIGNER_UNAVAILABLE'],
      ['sign-hash', 'refuse', 'HSM_LOGIN_FAILED'],
      ['sign-hash', 'status', 'SIGNER_UNAVAILABLE'],
      ['sign-hash', 'html', 'SIGNER_UNAVAILABLE'],
      ['sign-hash', 'hang', 'SIGNER_UNAVAILABLE'],
      ['sign-hash', 'reset', 'SIGNER_UNAVAILABLE'],
      ['sign-hash', 'endless', 'SIGNER_UNAVAILABLE'],
      ['authorize', 'refuse', 'HSM_LOGIN_FAILED'],
      ['authorize', 'status', 'SIGNER_UNAVAILABLE'],
      ['authorize', 'html', 'SIGNER_UNAVAILABLE'],
      ['authorize', 'hang', 'SIGNER_UNAVAILABLE'],
      ['authorize', 'expired', 'SIGNER_UNAVAILABLE'],
    ] as const)('%s: %s → %s, and never a value', async (call, fault, code) => {
      const signer = await connect({ timeoutMs: 400, maxBytes: 200_000 }).signer({ keyId: 'thu', credentialID: 'con-dau' });
      sandbox.faults[call] = fault;
      await expect(signer.sign(data, 'sha256')).rejects.toMatchObject({ code });
    });

    it('says when to come back, as the service does', async () => {
      sandbox.faults.credential = 'status';
      await expect(connect().signer({ keyId: 'thu', credentialID: 'con-dau' })).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE', retryAfterMs: 7000 });
    });

    it('answers SIGNER_UNAVAILABLE when nobody is there', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      const service = connect({ url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/csc/v2` });
      await expect(service.info()).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    });

    it.each([
      ['an unknown credential', () => connect().signer({ keyId: 'x', credentialID: 'khong-co' }), 'KEY_NOT_FOUND'],
      ['a file without a token', () => (writeFileSync(tokenFile, '\n'), connect().credentials()), 'CONFIG_INVALID'],
      ['a token that breaks out of its header', () => (writeFileSync(tokenFile, 'a\r\nx: y'), connect().credentials()), 'CONFIG_INVALID'],
      ['a token that is not valid', () => (writeFileSync(tokenFile, 'khong-phai'), connect().credentials()), 'HSM_LOGIN_FAILED'],
      ['no token file', () => connect({ access: { token: secretFromFile(join(folder, 'none')) } }).credentials(), 'FILE_NOT_READABLE'],
      ['a PIN that nobody gives', async () => (await connect().signer({ keyId: 'x', credentialID: 'can-bo' })).sign(data, 'sha256'), 'HSM_LOGIN_FAILED'],
    ])('refuses %s', async (_, act, code) => {
      await expect(act()).rejects.toMatchObject({ code });
    });

    it.each([
      [{ key: 'disabled' }, 'KEY_UNSUPPORTED'],
      [{ certificate: 'expired' }, 'CERTIFICATE_EXPIRED'],
      [{ certificate: 'revoked' }, 'CERTIFICATE_REVOKED'],
      [{ certificate: 'suspended' }, 'CERTIFICATE_REVOKED'],
    ])('refuses a credential whose status is %o', async (status, code) => {
      Object.assign(sandbox.credentials.get('con-dau')?.status ?? {}, status);
      await expect(connect().signer({ keyId: 'x', credentialID: 'con-dau' })).rejects.toMatchObject({ code });
    });

    it.each(['ftp://a', 'http://user:secret@a/csc/v2', 'a'])('refuses the address %s', (url) => {
      expect(() => connect({ url })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    });

    it('stops after two wrong one-time passwords or PINs, and repeats none of them', async () => {
      const guard = processPinGuard(() => systemClock.now());
      const sign = async (pin: string, otp: string): Promise<unknown> => {
        const signer = await connect(withPin(answering(pin, otp), guard)).signer({ keyId: 'x', credentialID: 'can-bo' });
        return signer.sign(data, 'sha256').catch((error: unknown) => error);
      };
      const errors = [await sign('999777555', SANDBOX_CLIENT.otp), await sign(SANDBOX_CLIENT.pin, '888666444')];
      expect(errors).toMatchObject([{ code: 'HSM_LOGIN_FAILED' }, { code: 'OTP_WRONG' }]);
      expect(errors.map((error) => `${String(error)} ${JSON.stringify(error)}`).join()).not.toMatch(/999777555|888666444/);
      const before = calls('authorize');
      expect(await sign(SANDBOX_CLIENT.pin, SANDBOX_CLIENT.otp)).toMatchObject({ code: 'HSM_LOGIN_FAILED' });
      expect(calls('authorize')).toBe(before);
      await guard.reset(`${new URL(sandbox.url).host}#can-bo`);
      expect(await sign(SANDBOX_CLIENT.pin, SANDBOX_CLIENT.otp)).toBeInstanceOf(Uint8Array);
    });

    it('does not count a service that is down as wrong PINs', async () => {
      const guard = processPinGuard(() => systemClock.now());
      const signer = await connect(withPin(answering(SANDBOX_CLIENT.pin, SANDBOX_CLIENT.otp), guard)).signer({ keyId: 'x', credentialID: 'can-bo' });
      sandbox.faults.authorize = 'reset';
      for (let round = 0; round < 3; round += 1) await expect(signer.sign(data, 'sha256')).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
      delete sandbox.faults.authorize;
      expect(await signer.sign(data, 'sha256')).toBeInstanceOf(Uint8Array);
    });
  });
});
