import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../sandbox/faults.ts';
import { SANDBOX_LGSP_PATHS, startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import type { PostalOrder } from '../../src/domain/postal-order.ts';
import { addPostalNumbers, recallPostalNumber } from '../../src/usecases/recall-postal-number.ts';
import { watchNumbers } from '../../src/usecases/watch-numbers.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { keptLog } from '../support/log.ts';
import { postEngine, vnpostAt, type PostEngine } from '../support/postal-engine.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** The LGSP form: the token in a header of its own, statuses as texts, parcels numbered from a pool that VNPost gave out beforehand. */

let fresh: FreshRecords;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  fresh = await freshRecords();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await fresh.handle.pool.query('DELETE FROM postal_number');
});
afterAll(() => fresh.close());

const CARRIER = 'post-vnpost-hcc';
const NUMBERS = ['EA000717618VN', 'EA000717595VN', 'EA473124829VN'];
const operator = () => ({ records: fresh.records, clock: systemClock, actor: 'operator:test' });

interface Post {
  readonly sandbox: SandboxVnpost;
  readonly engine: PostEngine;
}

async function post(repeat: 'refused' | 'booked-twice', numbers: readonly string[] = NUMBERS): Promise<Post> {
  const sandbox = await startSandboxVnpost({ form: 'lgsp', repeat, stageMs: 3_600_000 });
  closing.push(() => sandbox.close());
  const carrier = vnpostAt(sandbox.url, { form: 'lgsp', numbersFromPool: true, paths: SANDBOX_LGSP_PATHS });
  await addPostalNumbers(operator(), CARRIER, numbers);
  return { sandbox, engine: await postEngine(fresh, [carrier]) };
}

async function worked({ engine }: Post, order: PostalOrder, state: Parameters<PostEngine['whenIn']>[1]): Promise<PostalOrder> {
  const worker = await engine.startWorker();
  closing.push(() => worker.stop());
  return engine.whenIn(order, state);
}

const lineOf = ({ sandbox }: Post, { orderNumber }: PostalOrder) => sandbox.ledger.lines().find((line) => line.orderNumber === orderNumber);

describe.each(['refused', 'booked-twice'] as const)('an order through the province’s platform, repeats being %s', (repeat) => {
  it('bears a number of the pool from the moment it is ordered, and the carrier books that one', async () => {
    const given = await post(repeat);
    const order = await given.engine.order();
    expect(NUMBERS).toContain(order.trackingNumber);
    await worked(given, order, 'ACCEPTED');
    expect(lineOf(given, order)).toMatchObject({ couriers: 1, itemCodes: [order.trackingNumber] });
    expect(given.sandbox.received).toEqual([expect.objectContaining({ ItemCode: order.trackingNumber, FlagConfig: 2 })]);
    expect(await fresh.records.postalNumbers.counts(CARRIER)).toEqual({ free: 2, taken: 1, withdrawn: 0 });
  });

  it.each([
    ['its answer is lost after the effect', { answer: 'hang', effect: 'done' }, 1],
    ['its answer is lost without effect', { answer: 'status', effect: 'none' }, 0],
  ] as const)('is never sent again when %s; the number stays with it', async (_what, fault: Fault, couriers) => {
    const given = await post(repeat);
    given.sandbox.faults.post = fault;
    const order = await given.engine.order();
    const unknown = await worked(given, order, 'UNKNOWN');
    await given.engine.pollAll();
    expect([(lineOf(given, order)?.couriers ?? 0), given.sandbox.calls.post, unknown.trackingNumber]).toEqual([couriers, 1, order.trackingNumber]);
    await expect(recallPostalNumber(operator(), { carrier: CARRIER, number: order.trackingNumber ?? '', to: 'withdrawn', note: 'x' })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('goes on after its token was taken away', async () => {
    const given = await post(repeat);
    await worked(given, await given.engine.order(), 'ACCEPTED');
    given.sandbox.revokeTokens();
    await given.engine.whenIn(await given.engine.order(), 'ACCEPTED');
    expect(given.sandbox.calls).toMatchObject({ token: 2, post: 3 }); // the second, refused unread, once more
  });
});

describe('a pool of numbers', () => {
  it('that is used up lets orders wait, unsent, says so, and serves them when it is filled again', async () => {
    const given = await post('refused', []);
    const order = await given.engine.order();
    expect(order.trackingNumber).toBeNull();
    const worker = await given.engine.startWorker();
    closing.push(() => worker.stop());
    await expect.poll(async () => (await given.engine.read(order)).stateReason).toContain('Waits, nothing was sent: no number of a parcel is left');
    expect((await given.engine.read(order)).state).toBe('QUEUED');
    expect(given.sandbox.calls.post).toBe(0);
    const log = keptLog();
    await watchNumbers({ records: fresh.records, log }, given.engine.ports.accounts);
    await addPostalNumbers(operator(), CARRIER, NUMBERS);
    await watchNumbers({ records: fresh.records, log }, given.engine.ports.accounts);
    expect(log.lines.map(({ level, event, attributes }) => [level, event, attributes['free']])).toEqual([['warn', 'post.numbers-exhausted', 0], ['warn', 'post.numbers-low', 3]]);
    const placed = await given.engine.whenIn(order, 'ACCEPTED');
    expect(lineOf(given, order)?.itemCodes).toEqual([placed.trackingNumber]);
  });

  it('gives each of many orders at once a number of its own', async () => {
    const given = await post('refused');
    const orders = await Promise.all(Array.from({ length: 5 }, () => given.engine.order()));
    const taken = orders.flatMap(({ trackingNumber }) => trackingNumber ?? []);
    expect([...taken].sort()).toEqual([...NUMBERS].sort());
  });

  it('takes a number back from an order that never reached the carrier, audited, unless its label was printed', async () => {
    const given = await post('refused', NUMBERS.slice(0, 1));
    given.sandbox.faults.post = { answer: 'right', effect: 'none' };
    const order = await given.engine.order();
    const number = order.trackingNumber ?? '';
    const recall = { carrier: CARRIER, number, to: 'free', note: 'đơn hủy trước khi gửi' } as const;
    await expect(recallPostalNumber(operator(), recall)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await fresh.handle.pool.query(`UPDATE postal_order SET state = 'CANCELLED' WHERE id = $1`, [order.id]);
    await recallPostalNumber(operator(), recall);
    expect((await given.engine.read(order)).trackingNumber).toBeNull();
    expect((await fresh.records.audit.of(`carrier:${CARRIER}`, 1))[0]).toMatchObject({ action: 'recall-postal-number', detail: { number, to: 'free', from: 'taken', postalOrderId: order.id } });

    const second = await given.engine.order();
    expect(second.trackingNumber).toBe(number);
    await fresh.handle.pool.query(`UPDATE postal_order SET state = 'CANCELLED' WHERE id = $1`, [second.id]);
    await fresh.records.audit.add({ at: systemClock.now(), actor: 'partner:portal', action: 'print-postal-paper', subject: `postal-order:${second.id}`, detail: { paper: 'label' } });
    await expect(recallPostalNumber(operator(), recall)).rejects.toMatchObject({ code: 'STATE_CONFLICT', message: expect.stringContaining('was printed') as string });
    await recallPostalNumber(operator(), { ...recall, to: 'withdrawn' });
    expect(await fresh.records.postalNumbers.counts(CARRIER)).toEqual({ free: 0, taken: 0, withdrawn: 1 });
  });

  it('refuses what is no number, and counts none twice (bad input)', async () => {
    await expect(addPostalNumbers(operator(), CARRIER, ['EA000717618VN', "'; DROP TABLE"])).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await addPostalNumbers(operator(), CARRIER, NUMBERS)).toEqual({ added: 3, free: 3 });
    expect(await addPostalNumbers(operator(), CARRIER, [...NUMBERS, 'EB000717618VN'])).toEqual({ added: 1, free: 4 });
    await expect(recallPostalNumber(operator(), { carrier: CARRIER, number: 'EC000717618VN', to: 'free', note: 'x' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('settings of the LGSP form', () => {
  it('name every path, since none is known', () => {
    expect(() => vnpostAt('http://127.0.0.1:1', { form: 'lgsp' })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
    expect(() => vnpostAt('http://127.0.0.1:1', { numbersFromPool: true })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });
});
