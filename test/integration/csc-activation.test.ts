import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openCscService } from '../../connectors/key-csc/index.ts';
import { authorizeRequest, signHashRequest, type CscRequest, type SignAlgorithm } from '../../connectors/key-csc/request.ts';
import { processPinGuard } from '../../src/ports/process-pin-guard.ts';
import { secretFromFile } from '../../connectors/key-csc/access-token.ts';
import { SANDBOX_CLIENT, startSandboxCsc, type SandboxCsc } from '../../sandbox/csc/start.ts';
import { systemClock } from '../../src/wiring/clock.ts';

/**
 * Signature activation data is worth one signature over what a person agreed to, and nothing else (EN 419 241-1, SCAL 2; CSC API §8.4). The
 * requests are those of the connector, sent as an attacker would send them.
 */
describe('signature activation data', () => {
  const hashA = createHash('sha256').update('document A').digest();
  const hashB = createHash('sha256').update('document B').digest();
  const PKCS1: SignAlgorithm = { signAlgo: '1.2.840.113549.1.1.11' };
  let sandbox: SandboxCsc;
  let token: string;

  beforeAll(async () => {
    sandbox = await startSandboxCsc();
    token = sandbox.newToken();
  });
  afterEach(() => {
    sandbox.settings.sadSeconds = 300;
  });
  afterAll(() => sandbox.close());

  const send = async ({ path, body }: CscRequest, bearer = token): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await fetch(`${sandbox.apiUrl}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` }, body: JSON.stringify(body) });
    return { status: response.status, json: response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>) };
  };
  const authorized = async (hashes = [hashA], credentialID = 'con-dau'): Promise<string> => {
    const { json } = await send(authorizeRequest({ credentialID, hashes, digest: 'sha256' }, []));
    return String(json['SAD']);
  };
  const signing = (sad: string, hashes = [hashA], credentialID = 'con-dau', algorithm = PKCS1): CscRequest => signHashRequest({ credentialID, hashes, digest: 'sha256' }, sad, algorithm);
  const refusal = (description: string): unknown => ({ status: 400, json: { error: 'invalid_request', error_description: description } });

  it('signs what was authorised, once', async () => {
    expect(await send(signing(await authorized()))).toMatchObject({ status: 200 });
  });

  it('SAD-1: is refused for another hash', async () => {
    expect(await send(signing(await authorized([hashA]), [hashB]))).toEqual(refusal('Hash is not authorized by the SAD'));
  });

  it('SAD-2: is refused for one hash more', async () => {
    expect(await send(signing(await authorized([hashA]), [hashA, hashB]))).toEqual(refusal('Hash is not authorized by the SAD'));
    expect(await send(signing(await authorized([hashA]), [hashA, hashA]))).toEqual(refusal('Hash is not authorized by the SAD'));
    const many = await send({ path: 'credentials/authorize', body: { ...authorizeRequest({ credentialID: 'trao-doi', hashes: [hashA, hashB], digest: 'sha256' }, []).body } });
    expect(many).toEqual(refusal('Numbers of signatures is too high'));
  });

  it('SAD-3: is refused for another credential', async () => {
    expect(await send(signing(await authorized(), [hashA], 'can-bo'))).toEqual(refusal('Invalid parameter SAD'));
  });

  it('SAD-4: is refused the second time', async () => {
    const sad = await authorized();
    expect((await send(signing(sad))).status).toBe(200);
    expect(await send(signing(sad))).toEqual(refusal('Invalid parameter SAD'));
  });

  it('SAD-5: is refused when it has expired', async () => {
    sandbox.settings.sadSeconds = 0;
    expect(await send(signing(await authorized()))).toEqual(refusal('SAD expired'));
  });

  it('SAD-6: is refused from another client', async () => {
    const sad = await authorized();
    expect(await send(signing(sad), sandbox.newToken())).toEqual(refusal('Invalid parameter SAD'));
    expect((await send(signing(sad))).status).toBe(200);
  });

  it('SAD-7: is refused for another algorithm', async () => {
    const otherName = await send(signing(await authorized(), [hashA], 'con-dau', { signAlgo: '1.2.840.113549.1.1.13' }));
    expect(otherName).toEqual(refusal('Hash is not authorized by the SAD'));
    const sad = await authorized();
    const request = signing(sad);
    const otherHash = await send({ ...request, body: { ...request.body, hashAlgorithmOID: '2.16.840.1.101.3.4.2.8', signAlgo: '1.2.840.113549.1.1.1' } });
    expect(otherHash).toEqual(refusal('Hash is not authorized by the SAD'));
  });

  it('SAD-8: spent twice at the same time, makes one signature', async () => {
    const sad = await authorized();
    const before = sandbox.made;
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => send(signing(sad))));
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(sandbox.made - before).toBe(1);
  });

  it('SAD-10: is refused after its access token was revoked', async () => {
    const bearer = sandbox.newToken();
    const { json } = await send(authorizeRequest({ credentialID: 'con-dau', hashes: [hashA], digest: 'sha256' }, []), bearer);
    expect((await send({ path: 'auth/revoke', body: { token: bearer } })).status).toBe(204);
    expect(await send(signing(String(json['SAD'])), bearer)).toMatchObject({ status: 401, json: { error: 'invalid_token' } });
    expect(await send(signing(String(json['SAD'])))).toEqual(refusal('Invalid parameter SAD'));
  });

  describe('in the hands of the connector', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lienthong-sad-'));
    const tokenFile = join(folder, 'token');
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const signerWith = async (meanwhile: () => void): Promise<{ sign: (bytes: Uint8Array, signal?: AbortSignal) => Promise<Uint8Array>; close: () => Promise<void> }> => {
      writeFileSync(tokenFile, sandbox.newToken());
      const service = openCscService({
        url: sandbox.apiUrl,
        access: { token: secretFromFile(tokenFile) },
        clock: systemClock,
        authorization: {
          answers: (questions) => {
            meanwhile();
            return Promise.resolve(questions.map(({ id }) => ({ id, value: id === 'PIN' ? SANDBOX_CLIENT.pin : SANDBOX_CLIENT.otp })));
          },
          pinGuard: processPinGuard(() => systemClock.now()),
        },
      });
      const signer = await service.signer({ keyId: 'thu', credentialID: 'can-bo', scheme: 'pkcs1' });
      return { sign: (bytes, signal) => signer.sign(bytes, 'sha256', signal), close: () => service.close() };
    };

    it('SAD-9: a document changed between authorisation and signature is not signed; the one agreed to is', async () => {
      const bytes = Buffer.from('agreed to');
      const signer = await signerWith(() => void bytes.fill(0x21));
      const value = await signer.sign(bytes);
      const publicKey = createPublicKey(sandbox.credentials.get('can-bo')?.privateKey ?? '');
      expect([verify('sha256', Buffer.from('agreed to'), publicKey, value), verify('sha256', bytes, publicKey, value)]).toEqual([true, false]);
      await signer.close();
    });

    it('SAD-10: what was cancelled after the person agreed is not signed', async () => {
      const controller = new AbortController();
      const signer = await signerWith(() => controller.abort());
      const before = sandbox.made;
      await expect(signer.sign(Buffer.from('agreed to'), controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
      await delay(100); // a signature under way would be made by then
      expect(sandbox.made).toBe(before);
      await signer.close();
    });
  });
});
