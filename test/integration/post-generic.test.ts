import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpOnce } from '../../connectors/http-once/index.ts';
import { createGenericCarrier } from '../../connectors/post-generic/index.ts';
import { startParcelPost, type ParcelPost, type ParcelPostOptions } from '../../sandbox/parcel-post/start.ts';
import type { PostalCarrier } from '../../src/ports/postal-carrier.ts';
import { keptLog } from '../support/log.ts';
import { postEngine, type PostEngine } from '../support/postal-engine.ts';
import { postalOrder } from '../support/postal.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

const EXAMPLE = JSON.parse(readFileSync(new URL('../../connectors/post-generic/parcel-post.json', import.meta.url), 'utf8')) as Readonly<Record<string, unknown>>;

let fresh: FreshRecords;
const closing: (() => Promise<void>)[] = [];
let account = 0;

beforeAll(async () => {
  fresh = await freshRecords();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => fresh.close());

async function start(mapping: object = EXAMPLE, options: ParcelPostOptions = {}): Promise<{ sandbox: ParcelPost; carrier: PostalCarrier; engine: PostEngine; work: () => Promise<void> }> {
  const sandbox = await startParcelPost(options);
  closing.push(() => sandbox.close());
  const carrier = createGenericCarrier({ baseUrl: sandbox.url, customerCode: `GEN-${(account += 1)}`, secret: 'sandbox', mapping, timeoutMs: 400, exchange: httpOnce().exchange });
  const engine = await postEngine(fresh, [carrier]);
  const work = async (): Promise<void> => {
    const worker = await engine.startWorker();
    closing.push(() => worker.stop());
  };
  return { sandbox, carrier, engine, work };
}

const { find: _find, ...feedOnly } = EXAMPLE;
const { feed: _feed, ...neither } = feedOnly;

describe('a carrier described by a file', () => {
  it('is found again as the file allows: by number, by its feed, or not at all', async () => {
    for (const [mapping, lookup] of [[EXAMPLE, 'by-number'], [feedOnly, 'feed-only'], [neither, 'none']] as const) expect((await start(mapping)).carrier.lookup).toBe(lookup);
  });

  it('takes an order, tells its way by the codes the file knows, and cancels', async () => {
    const { sandbox, engine, work, carrier } = await start({ ...EXAMPLE, statuses: { ...(EXAMPLE['statuses'] as object), paid: 'NOTED' } });
    const order = await engine.order();
    await work();
    expect(await engine.whenIn(order, 'ACCEPTED')).toMatchObject({ trackingNumber: `PP${order.orderNumber}`, carrierText: 'booked' });
    for (const [minute, code] of ['collected', 'customs?', 'out', 'done', 'paid'].entries()) sandbox.tell(order.orderNumber, code, new Date(Date.now() + minute * 1_000));
    expect(await engine.pollAll()).toBe(6);
    expect((await engine.read(order)).state).toBe('DELIVERED');
    expect((await fresh.records.postal.events(order.id)).map(({ status }) => status)).toEqual(expect.arrayContaining(['UNKNOWN', 'NOTED']));
    expect(await carrier.cancelOrder(order)).toMatchObject({ outcome: 'rejected', carrierText: 'too late' });
  });

  it.each(['refused', 'booked-twice'] as const)('by number: a lost answer is resolved without a person, repeats being %s', async (repeat) => {
    const { sandbox, engine, work } = await start(EXAMPLE, { repeat });
    let count = 0;
    sandbox.faults.place = () => ((count += 1) === 1 ? { answer: 'reset', effect: 'done' } : null);
    const order = await engine.order();
    await work();
    await engine.whenIn(order, 'ACCEPTED');
    expect([sandbox.couriers(order.orderNumber), sandbox.calls.place]).toEqual([1, 1]);
  });

  it('neither: a lost answer waits for a person', async () => {
    const { sandbox, engine, work } = await start(neither, { repeat: 'booked-twice' });
    sandbox.faults.place = { answer: 'html', effect: 'done' };
    const order = await engine.order();
    await work();
    await engine.whenIn(order, 'UNKNOWN');
    expect([await engine.pollAll(), (await engine.read(order)).state, sandbox.couriers(order.orderNumber)]).toEqual([0, 'UNKNOWN', 1]);
  });

  it('whose codes are no codes leaves none of them in the log (canary)', async () => {
    const { sandbox, carrier: described } = await start();
    const carrier = { ...described, carrier: 'generic-canary' }; // events are told apart by carrier and id, and each sandbox counts from 1
    const log = keptLog();
    const engine = await postEngine(fresh, [carrier], { log });
    const order = await engine.order();
    sandbox.tell(order.orderNumber, 'Trần Văn Mẫu 0900000001');
    sandbox.tell(order.orderNumber, 'customs-7');
    await engine.pollAll();
    expect(log.lines).toContainEqual(expect.objectContaining({ event: 'post.unmapped-codes', attributes: { carrier: carrier.carrier, codes: '(not a code) customs-7' } }));
    expect(JSON.stringify(log.lines)).not.toMatch(/Mẫu|0900000001/);
  });

  it('puts nothing of an order into an address but its number, percent-encoded', async () => {
    const { carrier } = await start();
    expect(await carrier.findOrder?.('a/b?c=1#d')).toMatchObject({ found: false });
  });

  it('is asked for a price, and to change an address, as the file says; without it neither is offered', async () => {
    const { sandbox, engine, work, carrier } = await start();
    expect(await carrier.quoteOrder?.(postalOrder('n1', { weightG: 600 }))).toEqual([{ serviceCode: 'parcel', serviceName: 'parcel', postageVnd: 29_000, surchargesVnd: 5_000, totalVnd: 34_000 }]);
    expect(sandbox.calls.place).toBe(0);
    const order = await engine.order();
    await work();
    await engine.whenIn(order, 'ACCEPTED');
    const moved = { ...order, detail: { ...order.detail, recipient: { ...order.detail.recipient, address: { ...order.detail.recipient.address, line: '9 Đường Mới' } } } };
    expect([await carrier.correctOrder?.(moved), sandbox.destination(order.orderNumber)]).toMatchObject([{ outcome: 'accepted' }, '9 Đường Mới']);
    sandbox.faults.correct = { answer: 'truncated', effect: 'done' };
    expect(await carrier.correctOrder?.(moved)).toMatchObject({ outcome: 'unknown' });
    sandbox.faults.correct = null;
    sandbox.tell(order.orderNumber, 'done');
    expect(await carrier.correctOrder?.(moved)).toMatchObject({ outcome: 'rejected', carrierText: 'too late' });
    const { correct: _correct, quote: _quote, ...plain } = EXAMPLE;
    const without = (await start(plain)).carrier;
    expect([without.quoteOrder, without.correctOrder]).toEqual([null, null]);
  });

  it.each([
    ['a part of a đồng', '/postage_in_dollars'],
    ['a text', '/currency'],
  ])('whose price is %s gives none', async (_what, totalVnd) => {
    const { carrier } = await start({ ...EXAMPLE, quote: { ...(EXAMPLE['quote'] as object), totalVnd } });
    await expect(carrier.quoteOrder?.(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_ANSWER_INVALID' });
  });

  it.each([
    ['a wrong secret', { headers: { 'x-api-key': 'sai' } }, 'CARRIER_REFUSED'],
  ] as const)('%s: nothing was ordered', async (_what, change, code) => {
    const { carrier } = await start({ ...EXAMPLE, ...change });
    await expect(carrier.placeOrder(postalOrder())).rejects.toMatchObject({ code });
  });

  it.each([
    ['an unknown field', { colour: 'red' }],
    ['a state that is none', { statuses: { done: 'ARRIVED' } }],
    ['a day that is not named', { feed: { ...(EXAMPLE['feed'] as object), dayPath: '/events?after={cursor}' } }],
    ['a feed without a cursor', { feed: { ...(EXAMPLE['feed'] as object), path: '/events' } }],
    ['no accepted answer', { place: { method: 'POST', path: '/shipments' } }],
  ])('a file with %s is refused', (_what, change) => {
    expect(() => createGenericCarrier({ baseUrl: 'http://x', customerCode: 'c', secret: 's', mapping: { ...EXAMPLE, ...change }, exchange: httpOnce().exchange })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });
});
