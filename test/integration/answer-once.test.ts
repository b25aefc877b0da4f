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
    const stopped = { ...clock, now: () => clock.now(), sleep: () => new Promise<void>(() => undefined) }; // renews nothing, like a process that was killed
    void answerOnceLeased({ ...ports(), clock: stopped }, call, REQUEST, () => new Promise<string>(() => undefined));
    await expect.poll(async () => (await fresh.handle.pool.query('SELECT 1 FROM idempotency WHERE key = $1', [call.idempotencyKey])).rowCount).toBe(1);
    clock.advance(LEASE_MS - 1);
    await expect(answerOnceLeased(ports(), call, REQUEST, () => Promise.resolve('again'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    clock.advance(1);
    expect(await answerOnceLeased(ports(), call, REQUEST, () => Promise.resolve('again'))).toEqual({ body: 'again', replayed: false });
  });

  it('holds its key for as long as its process lives', async () => {
    const call = newCall();
    let finish: (() => void) | undefined;
    const running = answerOnceLeased(ports(), call, REQUEST, async (recordAnswer) => {
      await new Promise<void>((resolve) => (finish = resolve));
      await fresh.records.transaction((tx) => recordAnswer(tx, 'slow'));
      return 'slow';
    });
    const leaseEnd = async (): Promise<number> => (await fresh.handle.pool.query<{ lease_until: Date }>('SELECT lease_until FROM idempotency WHERE key = $1', [call.idempotencyKey])).rows[0]?.lease_until.getTime() ?? 0;
    await expect.poll(() => finish !== undefined).toBe(true);
    for (let waitedMs = 0; waitedMs < 2 * LEASE_MS; waitedMs += LEASE_MS / 3) {
      await expect.poll(() => clock.sleepers).toBe(1);
      clock.advance(LEASE_MS / 3);
      await expect.poll(leaseEnd).toBe(clock.now().getTime() + LEASE_MS);
    }
    await expect(answerOnceLeased(ports(), call, REQUEST, () => Promise.resolve('again'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    finish?.();
    expect(await running).toEqual({ body: 'slow', replayed: false });
    await expect.poll(() => clock.sleepers).toBe(0);
  });

  it('that another took over releases nothing, and the answer of the other stands', async () => {
    const call = newCall();
    let finish: (() => void) | undefined;
    const stopped = { ...clock, now: () => clock.now(), sleep: () => new Promise<void>(() => undefined) };
    const held = answerOnceLeased({ ...ports(), clock: stopped }, call, REQUEST, async (recordAnswer) => {
      await new Promise<void>((resolve) => (finish = resolve));
      await fresh.records.transaction(async (tx) => {
        await tx.audit.add({ at: clock.now(), actor: 'gateway', action: 'released-late', subject: call.idempotencyKey ?? '', detail: {} });
        await recordAnswer(tx, 'late');
      });
      return 'late';
    });
    await expect.poll(() => finish !== undefined).toBe(true);
    clock.advance(LEASE_MS);
    const second = answerOnceLeased(ports(), call, REQUEST, async (recordAnswer) => {
      await fresh.records.transaction((tx) => recordAnswer(tx, 'in time'));
      return 'in time';
    });
    expect(await second).toEqual({ body: 'in time', replayed: false });
    finish?.();
    await expect(held).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS', retryable: true });
    expect(await fresh.records.audit.of(call.idempotencyKey ?? '', 5)).toEqual([]);
    expect(await answerOnceLeased(ports(), call, REQUEST, () => Promise.resolve('again'))).toEqual({ body: 'in time', replayed: true });
  });
});
