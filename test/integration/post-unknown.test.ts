import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandboxVnpost } from '../../sandbox/vnpost/start.ts';
import { startSandboxVnpostMy } from '../../sandbox/vnpost-my/start.ts';
import type { PostalOrder } from '../../src/domain/postal-order.ts';
import type { PostalCarrier } from '../../src/ports/postal-carrier.ts';
import { deliver } from '../../src/usecases/deliver.ts';
import { deliveryOf } from '../../src/usecases/order-post.ts';
import { postalHandler } from '../../src/usecases/place-postal-order.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { DEFAULT_DELIVERY } from '../../src/wiring/delivery-settings.ts';
import { frozenClock } from '../support/clock.ts';
import { noQueue } from '../support/gateway-worker.ts';
import { silentLog } from '../support/log.ts';
import { postEngine, vnpostAt, vnpostMyAt } from '../support/postal-engine.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** How long an unknown outcome lasts at the pace that a gateway has without any setting, on a clock that is moved from attempt to attempt. */

const SOON_MS = 15 * 60_000;
const LEASE_MS = 6_000;

let fresh: FreshRecords;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  fresh = await freshRecords();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => fresh.close());

interface Outcome {
  readonly order: PostalOrder;
  readonly delivery: string | undefined;
  /** From the attempt that left it unknown. */
  readonly afterMs: number;
  readonly attempts: number;
}

/** Attempt after attempt, each when it is due, until nothing is due any more. */
async function settled(carrier: PostalCarrier, afterFirst: () => void): Promise<Outcome> {
  const engine = await postEngine(fresh, [carrier]);
  const order = await engine.order();
  const clock = frozenClock(new Date(Date.now() + 1_000));
  const { schedule, quarantineMs } = DEFAULT_DELIVERY;
  const ports = { records: fresh.records, exchangeKey: fresh.exchangeKey, clock, chance: systemChance(systemClock), schedule, log: silentLog, queue: noQueue };
  const postal = postalHandler({ ...ports, accounts: engine.ports.accounts, quarantineMs });
  const handlers = { postal, message: postal };
  const began = clock.now().getTime();
  for (let attempts = 1; attempts < 20; attempts += 1) {
    const lease = await fresh.records.outbox.lease(deliveryOf(order), 'test', clock.now(), new Date(clock.now().getTime() + LEASE_MS));
    if (lease === null) throw new Error('it is not due');
    await deliver({ ...ports, handlers }, lease, new AbortController().signal);
    if (attempts === 1) afterFirst();
    const { rows } = await fresh.handle.pool.query<{ state: string; next_at: Date }>('SELECT state, next_at FROM outbox WHERE id = $1', [order.id]);
    const [row] = rows;
    if (row?.state !== 'pending') return { order: await engine.read(order), delivery: row?.state, afterMs: clock.now().getTime() - began, attempts };
    clock.set(row.next_at);
  }
  throw new Error('it goes on for ever');
}

describe('an order whose answer was lost, at the usual pace', () => {
  it.each([
    ['that took effect', 'done', 'refused'],
    ['that took effect', 'done', 'booked-twice'],
    ['that did not', 'none', 'refused'],
    ['that did not', 'none', 'booked-twice'],
  ] as const)('%s (%s, repeats %s) is placed once within fifteen minutes, though three questions fail too', async (_what, effect, repeat) => {
    const sandbox = await startSandboxVnpostMy({ repeat, way: [] });
    closing.push(() => sandbox.close());
    sandbox.faults.create = { answer: 'reset', effect };
    let asked = 0;
    sandbox.faults.find = () => ((asked += 1) <= 3 ? { answer: 'status', effect: 'none' } : null);
    const { order, delivery, afterMs, attempts } = await settled(vnpostMyAt(sandbox.url, { timeoutMs: 10_000 }), () => (sandbox.faults.create = null));
    expect([order.state, delivery, sandbox.ledger.couriers(order.orderNumber)]).toEqual(['ACCEPTED', 'delivered', 1]);
    expect(attempts).toBeGreaterThan(3);
    expect(afterMs).toBeLessThanOrEqual(SOON_MS);
  });

  it('waits for a person at once where the carrier has only a feed', async () => {
    const sandbox = await startSandboxVnpost({ way: [] });
    closing.push(() => sandbox.close());
    sandbox.faults.post = { answer: 'reset', effect: 'done' };
    const { order, delivery, afterMs } = await settled(vnpostAt(sandbox.url, { timeoutMs: 10_000 }), () => undefined);
    expect([order.state, delivery, afterMs]).toEqual(['UNKNOWN', 'parked', 0]);
  });
});
