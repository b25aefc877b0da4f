import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpOnce } from '../../connectors/http-once/index.ts';
import { createGenericCarrier } from '../../connectors/post-generic/index.ts';
import { startParcelPost } from '../../sandbox/parcel-post/start.ts';
import { startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import { startSandboxVnpostMy } from '../../sandbox/vnpost-my/start.ts';
import { isoDayInVietnam } from '../../src/domain/postal-limits.ts';
import type { PostalOrder } from '../../src/domain/postal-order.ts';
import type { PostalCarrier } from '../../src/ports/postal-carrier.ts';
import { closePostalTask, reconcileDay, type ReconciledDay } from '../../src/usecases/reconcile-post.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { noQueue } from '../support/gateway-worker.ts';
import { postEngine, vnpostAt, vnpostMyAt, type PostEngine } from '../support/postal-engine.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** Our records against the carrier's, by day: what is missing here is repaired, what differs becomes one task. */

let fresh: FreshRecords;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  fresh = await freshRecords();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => fresh.close());

const LATER_MS = 3 * 86_400_000;
const today = (): string => isoDayInVietnam(systemClock.now());
const reconcile = (carrier: PostalCarrier, { day = today(), laterMs = 0 } = {}): Promise<ReconciledDay> => {
  const clock = { ...systemClock, now: () => new Date(systemClock.now().getTime() + laterMs) };
  return reconcileDay({ records: fresh.records, exchangeKey: fresh.exchangeKey, clock, chance: systemChance(systemClock), queue: noQueue, actor: 'operator:test' }, carrier, day);
};

interface Post {
  readonly sandbox: SandboxVnpost;
  readonly carrier: PostalCarrier;
  readonly engine: PostEngine;
}

let account = 0;

/** Each under a name of its own: what others left is none of theirs. */
async function post(): Promise<Post> {
  const sandbox = await startSandboxVnpost({ stageMs: 3_600_000 });
  closing.push(() => sandbox.close());
  const carrier = { ...vnpostAt(sandbox.url, { pageSize: 2 }), carrier: `hcc-${(account += 1)}` };
  return { sandbox, carrier, engine: await postEngine(fresh, [carrier]) };
}

async function accepted({ engine }: Pick<Post, 'engine'>, count = 1): Promise<PostalOrder[]> {
  const orders: PostalOrder[] = [];
  for (let made = 0; made < count; made += 1) orders.push(await engine.order());
  const worker = await engine.startWorker();
  for (const order of orders) await engine.whenIn(order, 'ACCEPTED');
  await worker.stop();
  return orders;
}

const kinds = ({ differences }: ReconciledDay): string[] => differences.map(({ kind, orderNumber, fact }) => `${kind} ${orderNumber} ${fact}`.trim());

describe('a day of a feed', () => {
  it('that agrees leaves nothing; events that were missed are recorded, once', async () => {
    const given = await post();
    const orders = await accepted(given, 3);
    for (const { orderNumber } of orders) given.sandbox.ledger.tell({ OrderNumber: orderNumber, StatusCode: 4, StatusMessage: 'Đã phát', ItemCode: '' });
    expect(await reconcile(given.carrier)).toMatchObject({ listed: 3, repaired: 6, differences: [], opened: 0 });
    for (const order of orders) expect((await given.engine.read(order)).state).toBe('DELIVERED');
    expect(await reconcile(given.carrier)).toMatchObject({ listed: 3, repaired: 0, differences: [] });
    expect(await given.engine.pollAll()).toBe(0);
  });

  it('on which a courier was booked twice, a stranger’s order, and another number of a parcel are tasks, one each, however often it is compared', async () => {
    const given = await post();
    const [twice, other] = (await accepted(given, 2)) as [PostalOrder, PostalOrder];
    const { ledger } = given.sandbox;
    ledger.book(twice.orderNumber, 'EA999999995VN');
    ledger.tell({ OrderNumber: 'H57.99-261124-9999-KQ1', StatusCode: 91, ItemCode: 'EA888888888VN' });
    await given.engine.pollAll();
    await fresh.handle.pool.query(`UPDATE postal_order SET tracking_number = 'EA111111111VN' WHERE id = $1`, [other.id]);
    const first = await reconcile(given.carrier);
    const [booked] = ledger.lines().find(({ orderNumber }) => orderNumber === twice.orderNumber)?.itemCodes ?? [];
    const [code] = ledger.lines().find(({ orderNumber }) => orderNumber === other.orderNumber)?.itemCodes ?? [];
    expect(kinds(first).sort()).toEqual([`order-not-ours H57.99-261124-9999-KQ1 EA888888888VN`, `tracking-number ${other.orderNumber} EA111111111VN / ${code ?? ''}`, `two-parcels ${twice.orderNumber} ${booked ?? ''} EA999999995VN`]);
    expect(first.opened).toBe(3);
    const again = await reconcile(given.carrier);
    expect([kinds(again).sort(), again.opened]).toEqual([kinds(first).sort(), 0]);

    const ofThis = (await fresh.records.postalTasks.listOpen(1000)).filter(({ carrier }) => carrier === given.carrier.carrier);
    const operator = { records: fresh.records, clock: systemClock, actor: 'operator:test' };
    for (const { id } of ofThis) await closePostalTask(operator, { id, note: 'đã hỏi bưu điện' });
    await expect(closePostalTask(operator, { id: ofThis[0]?.id ?? '', note: 'x' })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect((await reconcile(given.carrier)).opened).toBe(0);
    expect((await fresh.records.audit.of(`postal-task:${ofThis[0]?.id ?? ''}`, 1))[0]).toMatchObject({ action: 'close-postal-task', detail: { note: 'đã hỏi bưu điện' } });
  });

  it('names an order that the carrier took and tells nothing of, but only when it had time to', async () => {
    const given = await post();
    const [order] = (await accepted(given)) as [PostalOrder];
    const silent: PostalCarrier = { ...given.carrier, listDay: () => Promise.resolve([]) };
    expect(kinds(await reconcile(silent))).toEqual([]);
    expect(kinds(await reconcile(silent, { laterMs: LATER_MS }))).toEqual([`order-not-theirs ${order.orderNumber} ACCEPTED`]);
    expect(kinds(await reconcile(given.carrier, { laterMs: LATER_MS }))).toEqual([]);
  });

  it('holds nothing of another day', async () => {
    const given = await post();
    await accepted(given);
    expect(await reconcile(given.carrier, { day: '2026-01-01' })).toMatchObject({ listed: 0, repaired: 0, differences: [] });
  });

  it('of a carrier that cannot be asked by day is refused', async () => {
    const { carrier } = await post();
    await expect(reconcile({ ...carrier, listDay: null })).rejects.toMatchObject({ code: 'CARRIER_REFUSED' });
  });
});

describe('a day of a carrier that a mapping file describes', () => {
  const mapping = JSON.parse(readFileSync(new URL('../../connectors/post-generic/parcel-post.json', import.meta.url), 'utf8')) as Readonly<Record<string, unknown>>;

  it('repairs what was missed, page by page, holds nothing of another day, and names a stranger’s order', async () => {
    const sandbox = await startParcelPost();
    closing.push(() => sandbox.close());
    const carrier = { ...createGenericCarrier({ baseUrl: sandbox.url, customerCode: 'GEN-DAY', secret: 'sandbox', mapping, exchange: httpOnce().exchange }), carrier: 'generic-reconciled' };
    const engine = await postEngine(fresh, [carrier]);
    const [order] = (await accepted({ engine })) as [PostalOrder];
    for (let told = 0; told < 120; told += 1) sandbox.tell(order.orderNumber, 'moving');
    sandbox.tell(order.orderNumber, 'done');
    sandbox.tell('H57.99-261124-9999-KQ1', 'booked', new Date(Date.now() - 40 * 86_400_000));
    sandbox.tell('H57.99-261124-9998-KQ1', 'booked');
    const first = await reconcile(carrier);
    expect([first.listed, first.repaired, kinds(first)]).toEqual([2, 123, ['order-not-ours H57.99-261124-9998-KQ1 PPH57.99-261124-9998-KQ1']]);
    expect((await engine.read(order)).state).toBe('DELIVERED');
    expect([(await reconcile(carrier)).repaired, (await reconcile(carrier)).opened]).toEqual([0, 0]);
  });

  it('whose file names no way to ask for a day is not compared', () => {
    const feed = { ...(mapping['feed'] as Record<string, unknown>) };
    delete feed['dayPath'];
    expect(createGenericCarrier({ baseUrl: 'http://x', customerCode: 'c', secret: 's', mapping: { ...mapping, feed }, exchange: httpOnce().exchange }).listDay).toBeNull();
  });
});

describe('a day of MyVNPost’s list', () => {
  it('repairs what the poll missed, order by order', async () => {
    const sandbox = await startSandboxVnpostMy({ stageMs: 0 });
    closing.push(() => sandbox.close());
    const carrier = { ...vnpostMyAt(sandbox.url), carrier: 'my-reconciled' };
    const engine = await postEngine(fresh, [carrier]);
    const [order] = (await accepted({ engine })) as [PostalOrder];
    const first = await reconcile(carrier);
    expect([first.listed, first.repaired > 0, first.differences]).toEqual([1, true, []]);
    expect((await engine.read(order)).state).toBe('DELIVERED');
    expect((await reconcile(carrier)).repaired).toBe(0);
  });
});
