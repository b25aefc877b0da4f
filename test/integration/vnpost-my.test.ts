import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VnpostMyCarrier, VnpostMySettings } from '../../connectors/post-vnpost-my/index.ts';
import type { Fault } from '../../sandbox/faults.ts';
import { startSandboxVnpostMy, type SandboxVnpostMy, type SandboxVnpostMyOptions } from '../../sandbox/vnpost-my/start.ts';
import { GatewayError } from '../../src/domain/errors.ts';
import type { PostalOrder } from '../../src/domain/postal-order.ts';
import { alarmFacts } from '../../src/store/alarm-facts.ts';
import { hearCarrier } from '../../src/usecases/hear-carrier.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { readPostalAccounts, type RunningAccount } from '../../src/wiring/postal.ts';
import { eventually } from '../support/eventually.ts';
import { noQueue } from '../support/gateway-worker.ts';
import { postEngine, vnpostMyAt, type PostEngine } from '../support/postal-engine.ts';
import { POSTAL_DETAIL, postalOrder } from '../support/postal.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

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

async function start(options: SandboxVnpostMyOptions = {}, settings: Partial<VnpostMySettings> = {}): Promise<{ sandbox: SandboxVnpostMy; carrier: VnpostMyCarrier }> {
  const customer = { username: 'sandbox', password: 'sandbox', customerCode: `MY-${(account += 1)}` };
  const sandbox = await startSandboxVnpostMy({ stageMs: 3_600_000, customer, ...options });
  closing.push(() => sandbox.close());
  return { sandbox, carrier: vnpostMyAt(sandbox.url, { ...customer, webhookKeyPem: sandbox.webhookKeyPem, ...settings }) };
}

async function engineWith(options: SandboxVnpostMyOptions = {}, settings: Partial<VnpostMySettings> = {}): Promise<{ sandbox: SandboxVnpostMy; carrier: VnpostMyCarrier; engine: PostEngine; work: () => Promise<void> }> {
  const { sandbox, carrier } = await start(options, settings);
  const engine = await postEngine(fresh, [carrier], { quarantineMs: 1_200 });
  return {
    sandbox,
    carrier,
    engine,
    work: async () => {
      const worker = await engine.startWorker();
      closing.push(() => worker.stop());
    },
  };
}

const LOST: readonly (readonly [string, Fault])[] = [
  ['HTTP 500 without effect', { answer: 'status', effect: 'none' }],
  ['HTTP 500 after the effect', { answer: 'status', effect: 'done' }],
  ['silence, without effect', { answer: 'hang', effect: 'none' }],
  ['silence after the effect', { answer: 'hang', effect: 'done' }],
  ['silence, and the effect comes after our time-out', { answer: 'hang', effect: 'late', delayMs: 700 }],
  ['a page instead of an answer', { answer: 'html', effect: 'done' }],
  ['a cut connection before the effect', { answer: 'reset', effect: 'none' }],
  ['a cut connection after the effect', { answer: 'reset', effect: 'done' }],
  ['half an answer', { answer: 'truncated', effect: 'done' }],
];

describe.each(['refused', 'booked-twice'] as const)('an order to a carrier that can be asked by number, repeats being %s', (repeat) => {
  it.each(LOST)('is placed once without a person after %s', async (_what, fault) => {
    const { sandbox, engine, work } = await engineWith({ repeat });
    let spoilt = 0;
    sandbox.faults.create = () => ((spoilt += 1) === 1 ? fault : null);
    const order = await engine.order();
    await work();
    const placed = await engine.whenIn(order, 'ACCEPTED');
    expect([sandbox.ledger.couriers(order.orderNumber), await engine.deliveryState(order)]).toEqual([1, 'delivered']);
    expect(placed.trackingNumber).toBe(sandbox.ledger.find(order.orderNumber)?.itemCode);
  });

  it.each(['mark', 'answer'] as const)('is placed once without a person when a worker died after its %s', async (point) => {
    const { sandbox, engine, work } = await engineWith({ repeat });
    const order = await engine.order();
    await engine.dieAfter(order, point);
    await work();
    await engine.whenIn(order, 'ACCEPTED');
    expect(sandbox.ledger.couriers(order.orderNumber)).toBe(1);
  });

  it('is not placed anew while the carrier cannot be asked, or answers about other orders', async () => {
    const { sandbox, engine, work } = await engineWith({ repeat });
    sandbox.faults.create = { answer: 'hang', effect: 'done' };
    sandbox.faults.find = { answer: 'html', effect: 'none' };
    const order = await engine.order();
    await work();
    await eventually(() => sandbox.calls.find, (calls) => calls > 1);
    sandbox.faults.create = null;
    sandbox.faults.find = { answer: 'status', effect: 'none' };
    await eventually(() => sandbox.calls.find, (calls) => calls > 2);
    sandbox.faults.find = null;
    await engine.whenIn(order, 'ACCEPTED');
    expect([sandbox.calls.create, sandbox.ledger.couriers(order.orderNumber)]).toEqual([1, 1]);
  });
});

describe('MyVNPost', () => {
  it('takes an order with two-level addresses, the word in the place of the district, and everything the postal worker has to know', async () => {
    const { sandbox, carrier } = await start();
    const authorised = { name: 'Lê Thị Mẫu', identityDocument: 'citizen-card', authorisationRef: 'GUQ-12' } as const;
    const outcome = await carrier.placeOrder(postalOrder('n1', { delivery: { rule: 'TO_NAMED_PERSON_ONLY', identityCheck: true, authorised }, sealNumber: 'NP-7', weightG: 350 }));
    expect(outcome).toMatchObject({ outcome: 'accepted', trackingNumber: 'CB000000001VN' });
    expect(sandbox.received).toEqual([
      expect.objectContaining({
        informationOrder: expect.objectContaining({
          saleOrderCode: 'n1',
          senderProvinceCode: '53',
          senderDistrictCode: 'VNPOST',
          senderCommuneCode: '530001',
          receiverDistrictCode: 'VNPOST',
          weight: '350',
          addonService: [{ code: 'GTG021', propValue: 'PROP0018:50000' }],
          deliveryInstruction: 'Giao tận tay; chỉ phát cho đúng người nhận; kiểm tra giấy tờ tùy thân; người được ủy quyền: Lê Thị Mẫu (văn bản ủy quyền GUQ-12); niêm phong số NP-7',
        }) as unknown,
      }),
    ]);
  });

  it('is not asked when something is known to be wrong: no commune, weight 0, amount negative', async () => {
    const { sandbox, carrier } = await start();
    const recipient = { ...POSTAL_DETAIL.recipient, address: { ...POSTAL_DETAIL.recipient.address, communeCode: null } };
    const fees = [{ purpose: 'CHARGE', payer: 'recipient', amountVnd: -1, collectBy: 'POST' }] as const;
    const faults = carrier.checkOrder(postalOrder('n1', { recipient, weightG: 0, fees }));
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/recipient/address/communeCode', '/weightG', '/codAmountVnd']);
    const unmapped = { recipient: { ...recipient, address: { ...recipient.address, communeCode: '99999', provinceCode: '99' } } };
    expect(carrier.checkOrder(postalOrder('n1', unmapped))).toEqual([]);
    expect(carrier.unmappedPlaces(postalOrder('n1', unmapped)).map(({ pointer }) => pointer)).toEqual(['/recipient/address/provinceCode', '/recipient/address/communeCode']);
    await expect(carrier.placeOrder(postalOrder('n1', { weightG: 0 }))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(sandbox.calls.create).toBe(0);
  });

  it('refuses wrong keys: nothing was ordered, and no use trying unchanged', async () => {
    const { carrier } = await start({}, { password: 'sai' });
    await expect(carrier.placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_REFUSED' });
  });

  it('whose token ended in the middle of a batch is asked for one new token, and every order is placed once', async () => {
    const { sandbox, carrier } = await start({ repeat: 'booked-twice' });
    await carrier.placeOrder(postalOrder('first'));
    sandbox.revokeTokens();
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => carrier.placeOrder(postalOrder(`n-${index}`))));
    expect(outcomes.every(({ outcome }) => outcome === 'accepted')).toBe(true);
    expect([sandbox.calls.token, sandbox.ledger.lines().every(({ couriers }) => couriers === 1)]).toEqual([2, true]);
  });

  it('cancels by its own number (00), leaves it open (02), and refuses what was collected', async () => {
    const { sandbox, carrier } = await start();
    for (const number of ['a', 'b']) await carrier.placeOrder(postalOrder(number));
    expect(await carrier.cancelOrder(postalOrder('a'))).toMatchObject({ outcome: 'accepted', carrierText: 'Đã hủy' });
    sandbox.ledger.tell('b', 6, 'Đã lấy hàng');
    expect(await carrier.cancelOrder(postalOrder('b'))).toMatchObject({ outcome: 'rejected', carrierText: 'Không hủy được' });
    expect(await carrier.cancelOrder(postalOrder('never placed'))).toMatchObject({ outcome: 'rejected' });
    const pending = await start({ cancelPending: true });
    await pending.carrier.placeOrder(postalOrder('c'));
    expect(await pending.carrier.cancelOrder(postalOrder('c'))).toMatchObject({ outcome: 'unknown', carrierText: 'Chờ duyệt' });
  });

  it('prints labels, a hundred a call', async () => {
    const { sandbox, carrier } = await start();
    const numbers = Array.from({ length: 230 }, (_, index) => `CB${index}`);
    const labels = await carrier.fetchLabels(numbers);
    expect([labels.length, sandbox.calls.labels, Buffer.from(labels[229] ?? []).toString().includes('CB229')]).toEqual([230, 3, true]);
  });
});

describe('what MyVNPost tells', () => {
  async function accepted(engine: PostEngine, count = 1): Promise<PostalOrder[]> {
    const orders = await Promise.all(Array.from({ length: count }, () => engine.order()));
    const worker = await engine.startWorker();
    for (const order of orders) await engine.whenIn(order, 'ACCEPTED');
    await worker.stop();
    return orders;
  }

  it('is read by the list of what changed, page by page, each event once; only the documented codes move the state', async () => {
    const { sandbox, engine } = await engineWith({ way: [] }, { pageSize: 2 });
    const orders = await accepted(engine, 5);
    const at = (second: number): Date => new Date(Math.floor(Date.now() / 1_000) * 1_000 + second * 1_000);
    for (const { orderNumber } of orders) for (const [index, code] of [1, 2, 4, 6, 10, 12, 21].entries()) sandbox.ledger.tell(orderNumber, code, `mã ${code}`, at(index));
    expect(await engine.pollAll()).toBe(35);
    expect(await engine.pollAll()).toBe(0);
    for (const order of orders) expect(await engine.read(order)).toMatchObject({ state: 'OUT_FOR_DELIVERY', carrierText: 'mã 21' });
    const [first] = orders;
    sandbox.ledger.tell(first?.orderNumber ?? '', 14, 'Đã giao hàng', at(8));
    expect(await engine.pollAll()).toBe(1);
    expect((await engine.read(first as PostalOrder)).state).toBe('DELIVERED');
  });

  it('raises an alarm by codes that nobody documented, and by no others', async () => {
    const { sandbox, engine, carrier } = await engineWith({ way: [] });
    const [order] = (await accepted(engine)) as [PostalOrder];
    const at = (second: number): Date => new Date(Math.floor(Date.now() / 1_000) * 1_000 + second * 1_000);
    const alarms = async (): Promise<readonly string[]> =>
      (await alarmFacts(fresh.handle.db)(new Date(), { lanesBefore: new Date(0), statusesAfter: new Date(0) })).unknownStatuses.filter((one) => one.carrier === carrier.carrier).flatMap(({ codes }) => codes);
    for (const [index, code] of Array.from({ length: 30 }, (_, all) => all).filter((all) => all !== 0 && (all < 25 || all > 27)).entries()) sandbox.ledger.tell(order.orderNumber, code, 'lời', at(index));
    await engine.pollAll();
    expect(await alarms()).toEqual([]);
    sandbox.ledger.tell(order.orderNumber, 27, 'mã lạ', at(40));
    await engine.pollAll();
    expect(await alarms()).toEqual(['27']);
    expect((await fresh.records.postal.events(order.id)).at(-1)).toMatchObject({ carrierCode: '27', carrierText: 'mã lạ', status: 'UNKNOWN' });
  });

  it('4 is "being collected" here, whatever it means elsewhere', async () => {
    const { sandbox, engine } = await engineWith({ way: [] });
    const [order] = (await accepted(engine)) as [PostalOrder];
    sandbox.ledger.tell(order.orderNumber, 4, 'Đang lấy hàng');
    await engine.pollAll();
    expect((await engine.read(order)).state).toBe('PICKUP_SCHEDULED');
  });

  it('by a webhook is only a hint: the order is read again, a lie in it changes nothing, and a repetition nothing more', async () => {
    const { sandbox, engine, carrier } = await engineWith({ way: [] });
    const [order, other] = (await accepted(engine, 2)) as [PostalOrder, PostalOrder];
    sandbox.ledger.tell(order.orderNumber, 6, 'Đã lấy hàng');
    const told = JSON.parse(sandbox.buildWebhook([order.orderNumber, other.orderNumber, 'not-ours'])) as { data: { status: string }[] };
    if (told.data[1] !== undefined) told.data[1].status = '14'; // not covered by the signature
    const body = Buffer.from(JSON.stringify(told));
    const hear = (bytes: Uint8Array): ReturnType<typeof hearCarrier> => hearCarrier({ ...engine.ports, queue: noQueue }, carrier.carrier, bytes);
    expect(await hear(body)).toEqual({ orders: 2, events: 1 });
    expect(await hear(body)).toEqual({ orders: 2, events: 0 });
    expect([(await engine.read(order)).state, (await engine.read(other)).state]).toEqual(['PICKED_UP', 'ACCEPTED']);
    expect(await fresh.records.postal.events(order.id)).toMatchObject([{ source: 'webhook', carrierCode: '6' }]);
    expect(await engine.pollAll()).toBe(0);
  });

  it('by a webhook that was lost is told by the poll, five minutes later at the latest', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'my-pace-'));
    closing.push(async () => rmSync(folder, { recursive: true }));
    const { sandbox, engine, carrier } = await engineWith({ way: [] });
    writeFileSync(join(folder, 'password'), 'sandbox');
    writeFileSync(join(folder, 'postal.json'), JSON.stringify({ accounts: [{ carrier: 'post-vnpost-my', baseUrl: sandbox.url, username: 'u', passwordFile: 'password', customerCode: 'c', serviceCode: 'CTN007', provinces: {}, communes: {} }] }));
    const [{ pollMs }] = readPostalAccounts(join(folder, 'postal.json'), systemClock, new Agent()) as [RunningAccount];
    expect(pollMs).toBeLessThanOrEqual(5 * 60_000);
    const [order] = (await accepted(engine)) as [PostalOrder];
    sandbox.buildWebhook([order.orderNumber]); // and nobody heard it
    sandbox.ledger.tell(order.orderNumber, 14, 'Đã giao hàng');
    // A simulated clock: the worker's turns, each after a nap of the usual pace.
    let simulatedMs = 0;
    for (let read = 0; read < 3 && (await engine.read(order)).state !== 'DELIVERED'; read += 1) {
      simulatedMs += pollMs;
      await engine.poll(carrier);
    }
    expect([(await engine.read(order)).state, simulatedMs <= 5 * 60_000]).toEqual(['DELIVERED', true]);
  });

  it.each([
    ['a signature over another record', (text: string) => text.replace(/"status":"\d+"/, '"status":"14"'), 'UNAUTHENTICATED'],
    ['no signature', (text: string) => JSON.stringify({ ...(JSON.parse(text) as object), signature: '' }), 'UNAUTHENTICATED'],
    ['no JSON', () => 'xin chào', 'REQUEST_MALFORMED'],
    ['no data', () => '{"data":[],"sendDate":"x","signature":"y"}', 'REQUEST_MALFORMED'],
  ] as const)('by a webhook with %s is refused', async (_what, spoil, code) => {
    const { sandbox, carrier } = await start();
    await carrier.placeOrder(postalOrder('n1'));
    const body = Buffer.from(spoil(sandbox.buildWebhook(['n1'])));
    expect(() => carrier.readHint?.(body)).toThrow(GatewayError);
    expect(() => carrier.readHint?.(body)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('by a webhook of long ago, or of the future, or whose time has no zone, is refused', async () => {
    const { sandbox, carrier } = await start();
    await carrier.placeOrder(postalOrder('n1'));
    for (const sendDate of [String(Date.now() - 3_600_000), String(Date.now() + 3_600_000), '2026-11-24 09:00']) {
      expect(() => carrier.readHint?.(Buffer.from(sandbox.buildWebhook(['n1'], sendDate)))).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }) as Error);
    }
  });

  it('by a webhook is refused when no key is set', async () => {
    const { sandbox } = await start();
    const carrier = vnpostMyAt(sandbox.url);
    expect(() => carrier.readHint?.(Buffer.from(sandbox.buildWebhook(['n1'])))).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }) as Error);
  });
});
