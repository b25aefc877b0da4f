import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../sandbox/vnpost/faults.ts';
import { startSandboxVnpost, type SandboxVnpost, type SandboxVnpostOptions } from '../../sandbox/vnpost/start.ts';
import type { PartnerId } from '../../src/domain/ids.ts';
import { DEFAULT_POSTAL_RULES } from '../../src/domain/postal-rules.ts';
import type { PostalOrder } from '../../src/domain/postal-order.ts';
import type { Call } from '../../src/usecases/call.ts';
import { cancelPostalOrder } from '../../src/usecases/cancel-postal-order.ts';
import { skipDelivery } from '../../src/usecases/operate-delivery.ts';
import { deliveryOf } from '../../src/usecases/order-post.ts';
import { resolvePostalOrder, type PostalDecision } from '../../src/usecases/resolve-postal-order.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { noQueue, QUICK } from '../support/gateway-worker.ts';
import { postEngine, vnpostAt, type PostEngine, type PostEngineOptions, type PostWorker } from '../support/postal-engine.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** Product invariant 4: an order is placed with the carrier at most once, whatever crashes when, whether the carrier refuses repeats or books them. */

let fresh: FreshRecords;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  fresh = await freshRecords();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => fresh.close());

interface Post {
  readonly sandbox: SandboxVnpost;
  readonly engine: PostEngine;
  work(options?: Parameters<PostEngine['startWorker']>[0]): Promise<PostWorker>;
  couriers(order: PostalOrder): number;
  /** Calls to place it that arrived as a whole. */
  sent(order: PostalOrder): number;
}

let account = 0;

async function post(sandboxOptions: SandboxVnpostOptions = {}, options: PostEngineOptions = {}, carrierSettings: Parameters<typeof vnpostAt>[1] = {}): Promise<Post> {
  // A customer of its own: cursors are kept per account, and these tests share a database.
  const customer = { consumerKey: 'sandbox-consumer', secretKey: 'sandbox-secret', customerCode: `HUE-${(account += 1)}` };
  const sandbox = await startSandboxVnpost({ stageMs: 3_600_000, customer, ...sandboxOptions });
  closing.push(() => sandbox.close());
  const carrier = vnpostAt(sandbox.url, { ...carrierSettings, customerCode: customer.customerCode });
  const engine = await postEngine(fresh, [carrier], options);
  return {
    sandbox,
    engine,
    work: async (workerOptions) => {
      const worker = await engine.startWorker(workerOptions);
      closing.push(() => worker.stop());
      return worker;
    },
    couriers: ({ orderNumber }) => sandbox.ledger.lines().find((line) => line.orderNumber === orderNumber)?.couriers ?? 0,
    sent: ({ orderNumber }) => sandbox.received.filter((body) => (body as { OrderNumber: string }).OrderNumber === orderNumber).length,
  };
}

const ports = { clock: systemClock, queue: noQueue, rules: DEFAULT_POSTAL_RULES };
const resolve = (order: PostalOrder, decision: PostalDecision, { engine }: Post, quarantineMs = 0): ReturnType<typeof resolvePostalOrder> =>
  resolvePostalOrder(fresh.records, engine.ports, { id: order.id, decision, note: 'hỏi bưu điện', actor: 'operator:test', at: systemClock.now(), quarantineMs });
const callOf = (partnerId: PartnerId): Call => ({ caller: { partnerId, keyId: 'test', scopes: new Set() }, idempotencyKey: null, traceparent: null });
const cancel = (order: PostalOrder, { engine }: Post): ReturnType<typeof cancelPostalOrder> =>
  cancelPostalOrder({ ...ports, ...engine.ports }, callOf(order.requestedBy), order.id, null);

const LOST: readonly (readonly [string, Fault, number])[] = [
  ['HTTP 500 without effect', { answer: 'status', effect: 'none' }, 0],
  ['HTTP 500 after the effect', { answer: 'status', effect: 'done' }, 1],
  ['silence after the effect', { answer: 'hang', effect: 'done' }, 1],
  ['silence, and the effect comes after our time-out', { answer: 'hang', effect: 'late', delayMs: 600 }, 1],
  ['a page instead of an answer', { answer: 'html', effect: 'done' }, 1],
  ['a cut connection after the effect', { answer: 'reset', effect: 'done' }, 1],
  ['half an answer', { answer: 'truncated', effect: 'done' }, 1],
  ['a Status nobody documented', { answer: 'undocumented', effect: 'done' }, 1],
];

describe.each(['refused', 'booked-twice'] as const)('an order to a carrier with a feed only, repeats being %s', (repeat) => {
  it('is placed once and accepted; the delivery is done', async () => {
    const at = await post({ repeat });
    const order = await at.engine.order();
    await at.work();
    expect(await at.engine.whenIn(order, 'ACCEPTED')).toMatchObject({ carrierText: 'Thành công', stateReason: null });
    expect([at.couriers(order), await at.engine.deliveryState(order), await at.engine.attempts(order)]).toEqual([1, 'delivered', ['delivered']]);
  });

  it.each(LOST)('is not sent again after %s: it waits, UNKNOWN, for the feed or a person', async (_what, fault, booked) => {
    const at = await post({ repeat });
    at.sandbox.faults.post = fault;
    const order = await at.engine.order();
    await at.work();
    await at.engine.whenIn(order, 'UNKNOWN');
    at.sandbox.faults.post = null;
    await eventually(() => at.couriers(order), (couriers) => couriers === booked);
    expect([at.sent(order), await at.engine.deliveryState(order), await at.engine.attempts(order)]).toEqual([1, 'parked', ['unknown']]);
    expect(await at.engine.timeline(order.dossierCode)).toEqual(['postal.ordered', 'postal.unknown']);
  });

  it('is not sent by the next worker when one died between mark and send', async () => {
    const at = await post({ repeat });
    const order = await at.engine.order();
    await at.engine.dieAfter(order, 'mark');
    expect((await at.engine.read(order)).state).toBe('SUBMITTED');
    await at.work();
    await at.engine.whenIn(order, 'UNKNOWN');
    expect([at.couriers(order), at.sent(order), await at.engine.attempts(order)]).toEqual([0, 0, ['unknown', 'unknown']]);
  });

  it('is not sent again when a worker died between answer and record, and the feed adopts it', async () => {
    const at = await post({ repeat });
    const order = await at.engine.order();
    await at.engine.dieAfter(order, 'answer');
    await at.work();
    await at.engine.whenIn(order, 'UNKNOWN');
    expect(await at.engine.pollAll()).toBe(1);
    expect(await at.engine.read(order)).toMatchObject({ state: 'ACCEPTED', stateReason: 'the carrier knows the order number', trackingNumber: expect.stringMatching(/^EA\d{9}VN$/) as string });
    expect([at.couriers(order), await at.engine.deliveryState(order)]).toEqual([1, 'delivered']);
  });

  it('adopted by the feed while its answer is still awaited is not parked when that answer is lost, and its lane goes on', async () => {
    const at = await post({ repeat });
    at.sandbox.faults.post = { answer: 'hang', effect: 'done' };
    const code = await at.engine.openDossier();
    const first = await at.engine.order(code);
    await at.work();
    await eventually(() => at.couriers(first), (couriers) => couriers === 1);
    await at.engine.pollAll();
    expect((await at.engine.read(first)).state).toBe('ACCEPTED');
    at.sandbox.faults.post = null;
    await eventually(() => at.engine.deliveryState(first), (state) => state === 'delivered');
    const later = await at.engine.order(code, { leg: 'RETURN_DOSSIER' });
    await at.engine.whenIn(later, 'ACCEPTED');
    expect([at.couriers(first), at.couriers(later)]).toEqual([1, 1]);
  });

  it('given to two workers and a real queue, forty at a time, is placed once each', async () => {
    const at = await post({ repeat }, {}, { timeoutMs: 15_000 }); // of forty at once none may be late on a busy machine: it would be UNKNOWN
    const orders = await Promise.all(Array.from({ length: 40 }, () => at.engine.order()));
    await Promise.all([at.work({ queue: 'real' }), at.work(), at.work()]);
    for (const order of orders) await at.engine.whenIn(order, 'ACCEPTED');
    expect(orders.map((order) => at.couriers(order))).toEqual(orders.map(() => 1));
    expect(orders.map((order) => at.sent(order))).toEqual(orders.map(() => 1));
  });

  it('whose lease another worker took is given up by the first, whose late answer changes nothing', async () => {
    const at = await post({ repeat });
    at.sandbox.faults.post = { answer: 'right', effect: 'done', delayMs: 300 };
    const order = await at.engine.order();
    await at.work();
    await eventually(() => at.sandbox.calls.post, (calls) => calls === 1);
    const now = systemClock.now();
    await fresh.handle.pool.query('UPDATE outbox SET lease_until = $2 WHERE id = $1', [order.id, now]);
    expect(await fresh.records.outbox.lease(deliveryOf(order), 'thief', now, now)).not.toBeNull();
    await at.engine.whenIn(order, 'UNKNOWN');
    expect([at.couriers(order), at.sent(order)]).toEqual([1, 1]);
  });

  it('is tried again as long as it certainly did not reach the carrier: token refused, service away', async () => {
    const at = await post({ repeat }, { schedule: { ...QUICK, delaysMs: Array.from({ length: 50 }, () => 50) } });
    at.sandbox.faults.token = { answer: 'status', status: 401, effect: 'none' };
    const order = await at.engine.order();
    await at.work();
    await eventually(() => at.sandbox.calls.token, (calls) => calls > 2);
    expect(await at.engine.read(order)).toMatchObject({ state: expect.stringMatching(/QUEUED|SUBMITTED/) as string });
    at.sandbox.faults.token = null;
    await at.engine.whenIn(order, 'ACCEPTED');
    expect([at.couriers(order), at.sent(order)]).toEqual([1, 1]);
  });

  it('that never reached the carrier is parked QUEUED when its schedule is over, also after a worker was lost, and can be sent by a person', async () => {
    const at = await post({ repeat }, { schedule: { ...QUICK, delaysMs: [20] } });
    at.sandbox.faults.token = { answer: 'status', effect: 'none' };
    const order = await at.engine.order();
    const now = systemClock.now();
    expect(await fresh.records.outbox.lease(deliveryOf(order), 'lost before the mark', now, now)).not.toBeNull();
    await at.work();
    await eventually(() => at.engine.deliveryState(order), (state) => state === 'parked');
    expect((await at.engine.read(order)).state).toBe('QUEUED');
    await expect(resolve(order, 'adopt', at)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    at.sandbox.faults.token = null;
    await resolve(order, 'resend', at, 60_000);
    await at.engine.whenIn(order, 'ACCEPTED');
    expect(at.couriers(order)).toBe(1);
  });
});

describe('a person decides about an order whose outcome is unknown', () => {
  async function unknownOrder(at: Post, fault: Fault): Promise<PostalOrder> {
    at.sandbox.faults.post = fault;
    const order = await at.engine.order();
    await at.work();
    await at.engine.whenIn(order, 'UNKNOWN');
    at.sandbox.faults.post = null;
    return order;
  }

  it('adopt: the carrier has it', async () => {
    const at = await post();
    const order = await unknownOrder(at, { answer: 'hang', effect: 'done' });
    await resolve(order, 'adopt', at);
    expect([(await at.engine.read(order)).state, await at.engine.deliveryState(order), at.couriers(order)]).toEqual(['ACCEPTED', 'delivered', 1]);
    await expect(resolve(order, 'resend', at)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('resend: not within the quarantine, then once', async () => {
    const at = await post({ repeat: 'booked-twice' });
    const order = await unknownOrder(at, { answer: 'reset', effect: 'none' });
    await expect(resolve(order, 'resend', at, 60_000)).rejects.toMatchObject({ code: 'STATE_CONFLICT', message: expect.stringContaining('not before') as string });
    await resolve(order, 'resend', at);
    await at.engine.whenIn(order, 'ACCEPTED');
    expect([at.couriers(order), at.sent(order)]).toEqual([1, 2]);
  });

  it('two persons at once: one of them', async () => {
    const at = await post();
    const order = await unknownOrder(at, { answer: 'reset', effect: 'none' });
    const both = await Promise.allSettled([resolve(order, 'resend', at), resolve(order, 'resend', at), resolve(order, 'cancel', at)]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(both.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))).toEqual(['STATE_CONFLICT', 'STATE_CONFLICT']);
  });

  it('cancel: it is not sent, the next leg goes on, and the audit tells who', async () => {
    const at = await post();
    const order = await unknownOrder(at, { answer: 'reset', effect: 'none' });
    const later = await at.engine.order(order.dossierCode, { leg: 'RETURN_DOSSIER' });
    await resolve(order, 'cancel', at);
    await at.engine.whenIn(later, 'ACCEPTED');
    expect([(await at.engine.read(order)).state, at.couriers(order), at.sent(order)]).toEqual(['CANCELLED', 0, 1]);
    expect((await fresh.handle.pool.query('SELECT action, actor, detail FROM audit WHERE subject = $1', [`postal-order:${order.id}`])).rows).toEqual([
      { action: 'postal-cancel', actor: 'operator:test', detail: { note: 'hỏi bưu điện', orderNumber: order.orderNumber } },
    ]);
  });

  it('cancelled too soon: what the carrier did late is told as it is', async () => {
    const at = await post();
    const order = await unknownOrder(at, { answer: 'hang', effect: 'late', delayMs: 600 });
    await resolve(order, 'cancel', at);
    await eventually(() => at.couriers(order), (couriers) => couriers === 1);
    await at.engine.pollAll();
    expect(await at.engine.read(order)).toMatchObject({ state: 'ACCEPTED', stateReason: expect.stringContaining('cancel it there') as string });
  });

  it('a postal delivery cannot be skipped or cancelled behind its order’s back', async () => {
    const at = await post();
    const order = await at.engine.order();
    await expect(skipDelivery({ ...ports, records: fresh.records }, deliveryOf(order), { actor: 'operator:test', note: 'x' })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect([(await at.engine.read(order)).state, await at.engine.deliveryState(order)]).toEqual(['QUEUED', 'pending']);
  });
});

describe('a cancellation', () => {
  it('of an order nobody began to send sends nothing, ever', async () => {
    const at = await post();
    const order = await at.engine.order();
    await cancel(order, at);
    await at.work();
    const other = await at.engine.order();
    await at.engine.whenIn(other, 'ACCEPTED');
    expect([(await at.engine.read(order)).state, at.couriers(order), at.sent(order)]).toEqual(['CANCELLED', 0, 0]);
  });

  it('racing the worker leaves the order either cancelled and unsent, or sent and not cancelled', async () => {
    const at = await post({ repeat: 'booked-twice' });
    const orders = await Promise.all(Array.from({ length: 12 }, () => at.engine.order()));
    await at.work();
    const ended = await Promise.allSettled(orders.map((order) => cancel(order, at)));
    for (const [index, order] of orders.entries()) {
      await eventually(() => at.engine.deliveryState(order), (state) => state === 'delivered' || state === 'cancelled');
      const { state } = await at.engine.read(order);
      const line = at.sandbox.ledger.lines().find(({ orderNumber }) => orderNumber === order.orderNumber);
      expect([state, ended[index]?.status, line?.couriers ?? 0, line?.cancelled ?? 0]).toEqual(
        state === 'ACCEPTED' ? ['ACCEPTED', 'rejected', 1, 0] : line === undefined ? ['CANCELLED', 'fulfilled', 0, 0] : ['CANCELLED', 'fulfilled', 1, 1],
      );
    }
  });

  it('asked twice at once is recorded once', async () => {
    const at = await post();
    const order = await at.engine.order();
    await at.work();
    await at.engine.whenIn(order, 'ACCEPTED');
    await Promise.allSettled([cancel(order, at), cancel(order, at)]);
    expect((await at.engine.read(order)).state).toBe('CANCELLED');
    expect((await at.engine.timeline(order.dossierCode)).filter((kind) => kind === 'postal.cancelled')).toHaveLength(1);
  });

  it('agreed to, and collected all the same: the parcel is where the carrier says it is', async () => {
    const at = await post();
    const order = await at.engine.order();
    await at.work();
    await at.engine.whenIn(order, 'ACCEPTED');
    await cancel(order, at);
    at.sandbox.ledger.tell({ OrderNumber: order.orderNumber, StatusCode: 4, StatusMessage: 'Đã phát thành công', EventTime: Date.now() + 1_000 });
    await at.engine.pollAll();
    expect((await at.engine.read(order)).state).toBe('DELIVERED');
  });
});

describe('the legs of a dossier', () => {
  it('go one after the other: a later one waits until the earlier one’s placing is settled', async () => {
    const at = await post();
    at.sandbox.faults.post = { answer: 'hang', effect: 'none' };
    const code = await at.engine.openDossier();
    const first = await at.engine.order(code, { leg: 'COLLECT_DOSSIER' });
    const second = await at.engine.order(code, { leg: 'DELIVER_RESULT' });
    await at.work();
    await at.engine.whenIn(first, 'UNKNOWN');
    at.sandbox.faults.post = null;
    const other = await at.engine.order();
    await at.engine.whenIn(other, 'ACCEPTED');
    expect([(await at.engine.read(second)).state, at.couriers(second)]).toEqual(['QUEUED', 0]);
    await resolve(first, 'resend', at);
    await at.engine.whenIn(second, 'ACCEPTED');
    expect(at.sandbox.received.slice(-2).map((order) => (order as { OrderNumber: string }).OrderNumber)).toEqual([first.orderNumber, second.orderNumber]);
  });

  it('are ordered once each, however many ask at the same time, whatever their revision', async () => {
    const at = await post();
    const code = await at.engine.openDossier();
    const asked = await Promise.allSettled([1, 1, 2, 3, 2, 1].map((revision) => at.engine.order(code, { revision })));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
