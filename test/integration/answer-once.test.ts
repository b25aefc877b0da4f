import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/domain/errors.ts';
import type { PartnerId } from '../../src/domain/ids.ts';
import { answerOnce, answerOnceLeased, LEASE_MS, type OncePorts, type OnceRequest } from '../../src/usecases/answer-once.ts';
import type { Call } from '../../src/usecases/call.ts';
import { frozenClock } from '../support/clock.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

const clock = frozenClock('2026-11-24T01:00:00Z');
let fresh: FreshRecords;
let serial = 0;

beforeAll(async () => {
  fresh = await freshRecords();
});
afterAll(() => fresh.close());

const ports = (): OncePorts => ({ ...fresh, clock });
const newCall = (): Call => ({ caller: { partnerId: 'land' as PartnerId, keyId: 'k', scopes: new Set() }, idempotencyKey: `key-${(serial += 1)}`, traceparent: null });
const REQUEST: OnceRequest = { operation: 'POST /v1/things', status: 201, input: { thing: 'đơn' } };
const DAY_MS = 24 * 3_600_000;

describe('an answer to a request with an Idempotency-Key', () => {
  it('is kept sealed for 90 days, and forgotten then', async () => {
    const call = newCall();
    let done = 0;
    const work = (): Promise<{ number: number; name: string }> => Promise.resolve({ number: (done += 1), name: 'Trần Thị Canary' });
    expect(await answerOnce(ports(), call, REQUEST, work)).toEqual({ body: { number: 1, name: 'Trần Thị Canary' }, replayed: false });
    clock.advance(90 * DAY_MS - 1);
    expect(await answerOnce(ports(), call, REQUEST, work)).toEqual({ body: { number: 1, name: 'Trần Thị Canary' }, replayed: true });
    const { rows } = await fresh.handle.pool.query<{ row: string }>("SELECT encode(response_sealed, 'escape') || key || request_sha256 AS row FROM idempotency");
    expect(rows.some(({ row }) => row.includes('Canary'))).toBe(false);
    clock.advance(1);
    expect((await answerOnce(ports(), call, REQUEST, work)).body.number).toBe(2);
  });

  it('does not depend on the order of members, and does on everything else (RFC 8785)', async () => {
    const call = newCall();
    await answerOnce(ports(), call, { ...REQUEST, input: { a: 1, b: [1, 2] } }, () => Promise.resolve('first'));
    expect(await answerOnce(ports(), call, { ...REQUEST, input: { b: [1, 2], a: 1 } }, () => Promise.resolve('second'))).toEqual({ body: 'first', replayed: true });
    for (const changed of [{ input: { a: 1, b: [2, 1] } }, { input: { a: 1 } }, { operation: 'POST /v1/others' }]) {
      await expect(answerOnce(ports(), call, { ...REQUEST, input: { a: 1, b: [1, 2] }, ...changed }, () => Promise.resolve('third'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    }
  });

  it('is not kept when the work failed: nothing of it is recorded', async () => {
    const call = newCall();
    const failing = answerOnce(ports(), call, REQUEST, async (records) => {
      await records.audit.add({ at: clock.now(), actor: 'gateway', action: 'half-done', subject: call.idempotencyKey ?? '', detail: {} });
      throw new GatewayError('STATE_CONFLICT', 'No');
    });
    await expect(failing).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await fresh.records.audit.of(call.idempotencyKey ?? '', 5)).toEqual([]);
    expect(await answerOnce(ports(), call, REQUEST, () => Promise.resolve('now'))).toEqual({ body: 'now', replayed: false });
  });
});

describe('work that lasts', () => {
  it('holds its key against others while it runs', async () => {
    const call = newCall();
    let finish: (() => void) | undefined;
    const running = answerOnceLeased(ports(), call, REQUEST, async (recordAnswer) => {
      await new Promise<void>((resolve) => (finish = resolve));
      await fresh.records.transaction((tx) => recordAnswer(tx, 'signed'));
      return 'signed';
    });
    await expect.poll(() => finish !== undefined).toBe(true);
    await expect(answerOnceLeased(ports(), call, REQUEST, () => Promise.resolve('again'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS', retryable: true });
    finish?.();
    expect(await running).toEqual({ body: 'signed', replayed: false });
    expect(await answerOnceLeased(ports(), call, REQUEST, () => Promise.resolve('again'))).toEqual({ body: 'signed', replayed: true });
  });

  it('whose process died gives its key free when the lease ends, and not before', async () => {
    const call = newCall();
    const key = { partnerId: call.caller.partnerId, key: call.idempotencyKey ?? '', operation: REQUEST.operation, requestSha256: '' };
    const died = answerOnceLeased(ports(), call, REQUEST, () => new Promise<string>(() => undefined));
    void died; // never settles, like the work of a process that was killed
    await expect.poll(async () => (await fresh.handle.pool.query('SELECT 1 FROM idempotency WHERE key = $1', [key.key])).rowCount).toBe(1);
    clock.advance(LEASE_MS - 1);
    await expect(answerOnceLeased(ports(), call, REQUEST, () => Promise.resolve('again'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    clock.advance(1);
    expect(await answerOnceLeased(ports(), call, REQUEST, () => Promise.resolve('again'))).toEqual({ body: 'again', replayed: false });
  });
});
