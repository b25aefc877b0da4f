import { createPublicKey, verify } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPkcs11Token, type Pkcs11TokenSettings } from '../../connectors/key-pkcs11/index.ts';
import { hasPkcs11, loadModule } from '../../connectors/key-pkcs11/module.ts';
import { processPinGuard } from '../../src/ports/process-pin-guard.ts';
import { openToken } from '../../connectors/key-pkcs11/token.ts';
import { isGatewayError } from '../../src/domain/errors.ts';
import type { Signer } from '../../src/ports/signer.ts';
import { testCa, testIdentity } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { silentLog } from '../support/log.ts';
import { remoteToken, type RemoteToken } from '../support/p11-kit-server.ts';
import { softHsm, type SoftHsm } from '../support/softhsm.ts';
import { required, requireTool } from '../support/tools.ts';

const usable = requireTool('softhsm2-util') && requireTool('pkcs11-tool') && requireTool('p11-kit') && required(hasPkcs11(), 'pkcs11js');
const identity = testIdentity({ issuer: testCa() });
const publicKey = createPublicKey(identity.privateKey);
const isRight = (input: Uint8Array, value: Uint8Array): boolean => verify('sha256', input, publicKey, value);

describe.skipIf(!usable)('a token that is lost', () => {
  let hsm: SoftHsm;
  let remote: RemoteToken;

  beforeAll(async () => {
    hsm = softHsm();
    hsm.add(identity, 'can-bo', '01');
    remote = remoteToken(hsm);
    await remote.start();
  });
  afterAll(async () => {
    await remote.kill();
    hsm.remove();
  });

  const open = (settings: Partial<Pkcs11TokenSettings> = {}): ReturnType<typeof openPkcs11Token> =>
    openPkcs11Token({ uri: remote.uri('id=%01'), pinGuard: processPinGuard(() => new Date()), log: silentLog, environment: remote.environment, ...settings });

  it('in the middle of 1,000 signatures gives typed errors and no wrong value, and signs again within 10 s of its return', async () => {
    const token = open();
    const signer = await token.signer({ keyId: 'thu' });
    const tally: Tally = { right: 0, wrong: 0, failures: new Map() };
    try {
      const work = Promise.all(Array.from({ length: 8 }, (_, lane) => signAll(signer, lane, 125, tally)));
      for (const until of [200, 500]) {
        await eventually(() => tally.right, (right) => right >= until);
        const earlier = failuresIn(tally);
        await remote.kill();
        await eventually(() => failuresIn(tally), (failures) => failures > earlier);
        const before = tally.right;
        await remote.start();
        await eventually(() => tally.right, (right) => right > before, 10_000);
      }
      await work;
    } finally {
      await token.close();
    }
    expect(tally).toMatchObject({ right: 1000, wrong: 0 });
    expect([...tally.failures.keys()]).toEqual(['SIGNER_UNAVAILABLE']);
  }, 120_000);

  it('and hangs instead of answering is left at the deadline, and found again', async () => {
    const token = open({ signTimeoutMs: 500, openTimeoutMs: 1000, restartPauseMs: 0 });
    const signer = await token.signer({ keyId: 'thu' });
    const input = Buffer.from('signed attributes');
    try {
      remote.freeze();
      await expect(signer.sign(input, 'sha256')).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
      await expect(signer.sign(input, 'sha256')).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
      await remote.kill();
      await remote.start();
      const value = await eventually(() => signer.sign(input, 'sha256').catch(() => null), (made) => made !== null, 10_000);
      expect(value !== null && isRight(input, value)).toBe(true);
    } finally {
      await token.close();
    }
  });
});

interface Tally {
  right: number;
  wrong: number;
  readonly failures: Map<string, number>;
}

/** As the queue would: whatever may be tried again is tried again a little later. */
async function signAll(signer: Signer, lane: number, count: number, tally: Tally): Promise<void> {
  for (let index = 0; index < count; ) {
    const input = Buffer.from(`attributes ${lane}.${index}`);
    try {
      const value = await signer.sign(input, 'sha256');
      if (isRight(input, value)) tally.right += 1;
      else tally.wrong += 1;
      index += 1;
    } catch (error) {
      const code = isGatewayError(error) ? error.code : String(error);
      tally.failures.set(code, (tally.failures.get(code) ?? 0) + 1);
      if (!isGatewayError(error) || !error.retryable) throw error;
      await delay(50);
    }
  }
}

function failuresIn({ failures }: Tally): number {
  return failures.get('SIGNER_UNAVAILABLE') ?? 0;
}

describe.skipIf(!usable)('a token that forgets its sessions', () => {
  let hsm: SoftHsm;
  const before = process.env['SOFTHSM2_CONF'];

  beforeAll(() => {
    hsm = softHsm();
    hsm.add(identity, 'can-bo', '01');
    process.env['SOFTHSM2_CONF'] = hsm.environment['SOFTHSM2_CONF'] ?? '';
  });
  afterAll(() => {
    if (before === undefined) delete process.env['SOFTHSM2_CONF'];
    else process.env['SOFTHSM2_CONF'] = before;
    hsm.remove();
  });

  it('asks for a new login, and signs with new sessions after it; being logged in already counts as success', async () => {
    const module = loadModule(hsm.modulePath);
    const token = openToken(module, { label: hsm.label }, 2);
    const pin = Buffer.from(hsm.pin);
    expect(token.opened).toMatchObject({ needsLogin: true, pinInDanger: false });
    expect([token.login(pin), token.login(pin)]).toEqual(['accepted', 'accepted']);
    const { key } = token.find({ label: 'can-bo' });
    const input = Buffer.from('signed attributes');
    const sign = (): Promise<Uint8Array> => token.sign({ key, scheme: 'pkcs1', digest: 'sha256', toBeSigned: input, pin: null });
    expect(isRight(input, await sign())).toBe(true);
    for (const slot of module.api.C_GetSlotList(true)) module.api.C_CloseAllSessions(slot);
    await expect(sign()).rejects.toThrow('CKR_');
    expect(token.login(pin)).toBe('accepted');
    expect(isRight(input, await sign())).toBe(true);
  });
});
