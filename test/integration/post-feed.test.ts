import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import type { PostalOrder } from '../../src/domain/postal-order.ts';
import type { PostalCarrier } from '../../src/ports/postal-carrier.ts';
import type { Records } from '../../src/ports/records.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { keptLog } from '../support/log.ts';
import { postEngine, vnpostAt, type PostEngine } from '../support/postal-engine.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** What the carrier tells is recorded once, with the cursor, in one transaction; the state follows the order of occurrence. */

let fresh: FreshRecords;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  fresh = await freshRecords();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => fresh.close());

let account = 0;

interface Feed {
  readonly sandbox: SandboxVnpost;
  readonly carrier: PostalCarrier;
  readonly engine: PostEngine;
  readonly log: ReturnType<typeof keptLog>;
}

/** Entries are told by hand; pages of two. */
async function feed(pageSize = 2): Promise<Feed> {
  const customer = { consumerKey: 'sandbox-consumer', secretKey: 'sandbox-secret', customerCode: `FEED-${(account += 1)}` };
  const sandbox = await startSandboxVnpost({ stageMs: 3_600_000, way: [], customer });
  closing.push(() => sandbox.close());
  const carrier = vnpostAt(sandbox.url, { customerCode: customer.customerCode, pageSize });
  const log = keptLog();
  return { sandbox, carrier, log, engine: await postEngine(fresh, [carrier], { log }) };
}

async function accepted({ engine, sandbox }: Feed): Promise<PostalOrder> {
  const order = await engine.order();
  const worker = await engine.startWorker();
  await engine.whenIn(order, 'ACCEPTED');
  await worker.stop();
  expect(sandbox.ledger.lines().find((line) => line.orderNumber === order.orderNumber)?.couriers).toBe(1);
  return order;
}

const eventsOf = async (order: PostalOrder): Promise<readonly string[]> => (await fresh.records.postal.events(order.id)).map(({ carrierCode }) => carrierCode);
const tell = ({ sandbox }: Feed, { orderNumber }: Pick<PostalOrder, 'orderNumber'>, code: number, more: Partial<Parameters<SandboxVnpost['ledger']['tell']>[0]> = {}): void =>
  sandbox.ledger.tell({ OrderNumber: orderNumber, StatusCode: code, StatusMessage: `mã ${code}`, ...more });

/** Records whose transactions do all their work and then fail, as when the process or the database dies before the commit. */
function dyingBeforeCommit(records: Records): Records {
  return {
    ...records,
    transaction: (work) =>
      records.transaction(async (tx) => {
        await work(tx);
        throw new Error('died before the commit');
      }),
  };
}

describe('the feed of a carrier', () => {
  it('is read once: an order’s events, its state, its tracking number and what its parties are told', async () => {
    const at = await feed();
    const order = await accepted(at);
    for (const code of [91, 92, 4]) tell(at, order, code);
    expect(await at.engine.pollAll()).toBe(3);
    expect(await at.engine.read(order)).toMatchObject({ state: 'DELIVERED', carrierText: 'mã 4', trackingNumber: 'EA000010005VN' });
    expect(await eventsOf(order)).toEqual(['91', '92', '4']);
    // Pages of two: accepted, then once for each page that said something new.
    expect(await at.engine.told(order.dossierCode)).toEqual(['ACCEPTED', 'ACCEPTED', 'DELIVERED']);
    expect(await at.engine.timeline(order.dossierCode)).toEqual(['postal.ordered', 'postal.accepted', 'postal.event', 'postal.event', 'postal.delivered']);
  });

  it('read again and again tells nobody twice', async () => {
    const at = await feed();
    const order = await accepted(at);
    for (const code of [91, 92, 4]) tell(at, order, code);
    await at.engine.pollAll();
    const told = await at.engine.told(order.dossierCode);
    for (let round = 0; round < 3; round += 1) expect(await at.engine.pollAll()).toBe(0);
    expect([await at.engine.told(order.dossierCode), (await eventsOf(order)).length]).toEqual([told, 3]);
  });

  it('that tells of two orders of one dossier on a page, mixed: each is settled once, and the timeline has no gap', async () => {
    const at = await feed(100);
    const first = await accepted(at);
    const second = await at.engine.order(first.dossierCode, { leg: 'RETURN_DOSSIER' });
    const worker = await at.engine.startWorker();
    await at.engine.whenIn(second, 'ACCEPTED');
    await worker.stop();
    for (const [order, code] of [[first, 91], [second, 91], [second, 92], [first, 4], [second, 93]] as const) tell(at, order, code);
    expect(await at.engine.pollAll()).toBe(5);
    expect([(await at.engine.read(first)).state, (await at.engine.read(second)).state]).toEqual(['DELIVERED', 'ACCEPTED']);
    expect([await eventsOf(first), (await eventsOf(second)).toSorted()]).toEqual([['91', '4'], ['91', '92', '93']]);
    expect(await at.engine.told(first.dossierCode)).toEqual(['ACCEPTED', 'ACCEPTED', 'DELIVERED', 'ACCEPTED']);
    const timeline = await fresh.records.dossiers.events(first.dossierCode, 0, 200);
    expect(timeline.map(({ seq }) => seq)).toEqual(timeline.map((_, index) => index + 1));
    const lane = await fresh.handle.pool.query<{ seq: string }>('SELECT seq FROM outbox WHERE lane_id LIKE $1 ORDER BY seq', [`${first.dossierCode}|portal`]);
    expect(lane.rows.map(({ seq }) => Number(seq))).toEqual([1, 2, 3, 4]);
  });

  it('read by two at once is recorded once', async () => {
    const at = await feed(100);
    const order = await accepted(at);
    for (const code of [91, 92, 93, 4]) tell(at, order, code);
    const read = await Promise.all(Array.from({ length: 5 }, () => at.engine.poll()));
    expect(read.reduce((sum, { events }) => sum + events, 0)).toBe(4);
    expect(await at.engine.told(order.dossierCode)).toEqual(['ACCEPTED', 'DELIVERED']);
  });

  it('skips nothing and repeats nothing when its reader dies before the commit, or between two pages', async () => {
    const at = await feed();
    const order = await accepted(at);
    for (const code of [91, 92, 93, 94, 4]) tell(at, order, code);
    await at.engine.poll();
    for (let death = 0; death < 2; death += 1) await expect(at.engine.poll(at.carrier, dyingBeforeCommit(fresh.records))).rejects.toThrow('died before the commit');
    expect(await eventsOf(order)).toEqual(['91', '92']);
    const successor = await postEngine(fresh, [at.carrier]);
    expect(await successor.pollAll()).toBe(3);
    expect(await eventsOf(order)).toEqual(['91', '92', '93', '94', '4']);
    expect((await at.engine.told(order.dossierCode)).slice(-1)).toEqual(['DELIVERED']);
  });

  it('that tells an entry late, below ids it told before, still has it read', async () => {
    const at = await feed();
    const order = await accepted(at);
    tell(at, order, 4);
    await at.engine.pollAll();
    const earlier = Math.floor(Date.now() / 1000) - 60;
    tell(at, order, 92, { _id: { $oid: earlier.toString(16) + randomBytes(8).toString('hex') }, EventTime: earlier * 1000 });
    expect(await at.engine.pollAll()).toBe(1);
    expect([(await at.engine.read(order)).state, await eventsOf(order)]).toEqual(['DELIVERED', ['92', '4']]);
  });

  it('that tells a delivery before what came before it never moves the state back', async () => {
    const at = await feed();
    const order = await accepted(at);
    const now = Date.now();
    tell(at, order, 4, { EventTime: now });
    tell(at, order, 91, { EventTime: now - 60_000, StatusMessage: 'nhận yêu cầu' });
    await at.engine.pollAll();
    expect(await at.engine.read(order)).toMatchObject({ state: 'DELIVERED', stateAt: new Date(now), carrierText: 'mã 4' });
  });

  it('with a code nobody documented keeps it raw, shows its words, changes no state, and raises an alarm', async () => {
    const at = await feed();
    const order = await accepted(at);
    tell(at, order, 12345, { StatusMessage: 'mã lạ' });
    await at.engine.pollAll();
    expect(await at.engine.read(order)).toMatchObject({ state: 'ACCEPTED', carrierText: 'mã lạ' });
    expect(await fresh.records.postal.events(order.id)).toMatchObject([{ carrierCode: '12345', status: 'UNKNOWN' }]);
    expect(at.log.lines).toContainEqual(expect.objectContaining({ level: 'warn', event: 'post.unmapped-codes', attributes: { carrier: at.carrier.carrier, codes: '12345' } }));
  });

  it('with an event from the future keeps it without effect, and raises an alarm', async () => {
    const at = await feed();
    const order = await accepted(at);
    tell(at, order, 4, { EventTime: Date.now() + 3_600_000 });
    await at.engine.pollAll();
    expect([(await at.engine.read(order)).state, await eventsOf(order)]).toEqual(['ACCEPTED', ['4']]);
    expect(at.log.lines).toContainEqual(expect.objectContaining({ event: 'post.contradicting-events' }));
  });

  it('with events of orders that are not ours keeps them, tells nobody, and raises an alarm', async () => {
    const at = await feed();
    tell(at, { orderNumber: 'X-1' }, 4);
    expect(await at.engine.pollAll()).toBe(1);
    expect((await fresh.handle.pool.query('SELECT postal_order_id, status FROM postal_event WHERE order_number = $1', ['X-1'])).rows).toEqual([{ postal_order_id: null, status: 'DELIVERED' }]);
    expect(at.log.lines).toContainEqual(expect.objectContaining({ event: 'post.events-of-no-order', attributes: { carrier: at.carrier.carrier, count: 1 } }));
  });

  it('with text that no database takes (NUL, half a surrogate pair) is read on', async () => {
    const at = await feed();
    const order = await accepted(at);
    tell(at, order, 91, { StatusMessage: 'lỗi\u0000 \ud800 hết', ItemCode: 'EA\u0000' });
    tell(at, { orderNumber: 'X\u0000-\udc00' }, 4);
    tell(at, order, 4);
    expect(await at.engine.pollAll()).toBe(3);
    expect((await at.engine.read(order)).state).toBe('DELIVERED');
  });

  it('knows an order that is still waiting to be sent: it is never sent', async () => {
    const at = await feed();
    const order = await at.engine.order();
    tell(at, order, 91);
    await at.engine.pollAll();
    const worker = await at.engine.startWorker();
    await systemClock.sleep(300);
    await worker.stop();
    expect([(await at.engine.read(order)).state, at.sandbox.calls.post, await at.engine.deliveryState(order)]).toEqual(['ACCEPTED', 0, 'delivered']);
  });

  it('never leaves names, telephone numbers or addresses in the log (canary)', async () => {
    const at = await feed();
    const order = await accepted(at);
    tell(at, order, 91, { StatusMessage: 'Người nhận Trần Văn Mẫu 0900000001 hẹn lại', Notes: '12/3 Kiệt Giả Định' });
    await at.engine.pollAll();
    expect(JSON.stringify(at.log.lines)).not.toMatch(/Mẫu|0900000001|Giả Định|Thử Nghiệm/);
  });
});
