import { createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPkcs11Token, type Pkcs11Token } from '../../connectors/key-pkcs11/index.ts';
import { hasPkcs11 } from '../../connectors/key-pkcs11/module.ts';
import { pinFromFile } from '../../connectors/key-pkcs11/pin.ts';
import { processPinGuard } from '../../src/ports/process-pin-guard.ts';
import type { LoginOutcome, PinGuard } from '../../src/ports/pin-guard.ts';
import { pinGuard } from '../../src/store/records/pin-guard.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { testCa, testIdentity } from '../support/certificates.ts';
import { keptLog, silentLog } from '../support/log.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';
import { softHsm, type SoftHsm } from '../support/softhsm.ts';
import { required, requireTool } from '../support/tools.ts';

let database: FreshRecords;
beforeAll(async () => {
  database = await freshRecords();
});
afterAll(() => database.close());

const guards: readonly (readonly [string, () => PinGuard])[] = [
  ['PostgreSQL', () => pinGuard(database.handle.db, { clock: systemClock })],
  ['one process', () => processPinGuard(() => systemClock.now())],
];

describe.each(guards)('the PIN guard in %s', (name, create) => {
  const token = `thu-${name}#1`;
  const login = (outcome: LoginOutcome): (() => Promise<LoginOutcome>) => () => Promise.resolve(outcome);
  let guard: PinGuard;
  beforeEach(async () => {
    guard = create();
    await guard.reset(token);
  });

  it('lets nobody try after two refusals, until an operator says so', async () => {
    expect([await guard.attempt(token, login('refused')), await guard.attempt(token, login('refused'))]).toEqual(['refused', 'refused']);
    let tried = false;
    const third = guard.attempt(token, () => {
      tried = true;
      return Promise.resolve('accepted');
    });
    await expect(third).rejects.toMatchObject({ code: 'HSM_LOGIN_FAILED', retryable: false });
    expect(tried).toBe(false);
    expect(await guard.failures()).toMatchObject([{ token, failures: 2 }]);
    expect([await guard.reset(token), await guard.reset(token)]).toEqual([true, false]);
    expect(await guard.attempt(token, login('accepted'))).toBe('accepted');
  });

  it('forgets refusals after a success, counts what was not tried as nothing, and what ended without an answer as a refusal', async () => {
    await guard.attempt(token, login('refused'));
    await guard.attempt(token, login('untried'));
    expect(await guard.failures()).toMatchObject([{ failures: 1 }]);
    await guard.attempt(token, login('accepted'));
    expect(await guard.failures()).toEqual([]);
    await expect(guard.attempt(token, () => Promise.reject(new Error('the process died')))).rejects.toThrow('the process died');
    await expect(guard.attempt(token, () => Promise.reject(new Error('the process died')))).rejects.toThrow('the process died');
    await expect(guard.attempt(token, login('accepted'))).rejects.toMatchObject({ code: 'HSM_LOGIN_FAILED' });
  });

  it('lets ten that are right log in at once, one after another', async () => {
    let inside = 0;
    let most = 0;
    const one = async (): Promise<LoginOutcome> => {
      most = Math.max(most, (inside += 1));
      await systemClock.sleep(5);
      inside -= 1;
      return 'accepted';
    };
    expect(await Promise.all(Array.from({ length: 10 }, () => guard.attempt(token, one)))).toEqual(Array.from({ length: 10 }, () => 'accepted'));
    expect(most).toBe(1);
  });
});

const usable = requireTool('softhsm2-util') && requireTool('pkcs11-tool') && required(hasPkcs11(), 'pkcs11js');

describe.skipIf(!usable)('a wrong PIN', () => {
  const identity = testIdentity({ issuer: testCa() });
  const open: Pkcs11Token[] = [];
  let hsm: SoftHsm;
  beforeAll(() => {
    hsm = softHsm();
    hsm.add(identity, 'can-bo', '01');
  });
  afterEach(async () => {
    for (const token of open.splice(0)) await token.close();
  });
  afterAll(() => hsm.remove());

  const worker = (log = silentLog): Pkcs11Token => {
    const token = openPkcs11Token({ uri: hsm.uri('id=%01'), pinGuard: pinGuard(database.handle.db, { clock: systemClock }), log, environment: hsm.environment, restartPauseMs: 0 });
    open.push(token);
    return token;
  };

  it('stops all workers after its second refusal, is tried no third time, and is never written anywhere', async () => {
    const wrong = '99994444999';
    const log = keptLog();
    writeFileSync(hsm.pinFile, `${wrong}\n`);
    const workers = Array.from({ length: 5 }, () => worker(log));
    const errors = await Promise.all(workers.map((token) => token.signer({ keyId: 'thu' }).then(() => null, (error: unknown) => error)));
    expect(errors.every((error) => (error as { code?: string } | null)?.code === 'HSM_LOGIN_FAILED')).toBe(true);
    expect(log.lines.filter(({ event }) => event === 'signer.pin-refused')).toHaveLength(2);

    // The right PIN changes nothing before an operator has spoken.
    writeFileSync(hsm.pinFile, `${hsm.pin}\n`);
    await expect(worker(log).signer({ keyId: 'thu' })).rejects.toMatchObject({ code: 'HSM_LOGIN_FAILED' });
    const guard = pinGuard(database.handle.db, { clock: systemClock });
    const [stopped] = await guard.failures();
    expect(stopped?.failures).toBe(2);
    expect(stopped?.token).toMatch(/^lienthong-thu#[0-9a-f]{16}$/);
    await guard.reset(stopped?.token ?? '');
    const signer = await worker(log).signer({ keyId: 'thu' });
    const data = Buffer.from('signed attributes');
    expect(verify('sha256', data, createPublicKey(identity.privateKey), await signer.sign(data, 'sha256'))).toBe(true);

    const rows = await sql`SELECT * FROM pin_guard`.execute(database.handle.db);
    const written = inspect([errors, log.lines, rows.rows], { depth: 12, maxStringLength: null, maxArrayLength: null });
    expect([wrong, hsm.pin].filter((pin) => written.includes(pin))).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['a line end only', '\n'],
    ['longer than any PIN', '1'.repeat(300)],
  ])('is not even sent when its file is %s', async (_, text) => {
    writeFileSync(hsm.pinFile, text);
    await expect(worker().signer({ keyId: 'thu' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await pinGuard(database.handle.db, { clock: systemClock }).failures()).toEqual([]);
    writeFileSync(hsm.pinFile, `${hsm.pin}\n`);
  });

  it('reads the PIN without its line end, of either kind', async () => {
    const read = async (text: string): Promise<string> => {
      writeFileSync(hsm.pinFile, text);
      return Buffer.from(await pinFromFile(hsm.pinFile)()).toString('utf8');
    };
    expect([await read('12 34\n'), await read('12 34\r\n'), await read('12 34'), await read('mật mã\n')]).toEqual(['12 34', '12 34', '12 34', 'mật mã']);
    writeFileSync(hsm.pinFile, `${hsm.pin}\n`);
  });
});
