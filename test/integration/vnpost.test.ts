import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, buildConnector } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { httpOnce } from '../../connectors/http-once/index.ts';
import { createVnpostHccCarrier, type VnpostHccSettings } from '../../connectors/post-vnpost-hcc/index.ts';
import type { Fault } from '../../sandbox/vnpost/faults.ts';
import { SANDBOX_REFUSED, startSandboxVnpost, type SandboxVnpost, type SandboxVnpostOptions } from '../../sandbox/vnpost/start.ts';
import type { CarrierEvent, PostalCarrier } from '../../src/ports/postal-carrier.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { frozenClock } from '../support/clock.ts';
import { POSTAL_DETAIL, postalOrder } from '../support/postal.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Pair {
  readonly sandbox: SandboxVnpost;
  readonly carrier: PostalCarrier;
}

async function start(options: SandboxVnpostOptions = {}, settings: Partial<VnpostHccSettings> = {}): Promise<Pair> {
  const sandbox = await startSandboxVnpost(options);
  closing.push(() => sandbox.close());
  return { sandbox, carrier: carrierAt(sandbox.url, settings) };
}

function carrierAt(baseUrl: string, settings: Partial<VnpostHccSettings> = {}): PostalCarrier {
  const http = httpOnce();
  closing.push(() => http.close());
  return createVnpostHccCarrier({
    exchange: http.exchange,
    baseUrl,
    consumerKey: 'sandbox-consumer',
    secretKey: 'sandbox-secret',
    customerCode: 'HUE-SANDBOX',
    provinceCodes: { '46': 53, '48': 55 },
    statuses: { rejected: [SANDBOX_REFUSED] },
    clock: systemClock,
    timeoutMs: 400,
    ...settings,
  });
}

const couriers = (sandbox: SandboxVnpost, orderNumber = postalOrder().orderNumber): number => sandbox.ledger.lines().find((line) => line.orderNumber === orderNumber)?.couriers ?? 0;

async function readFeed(carrier: PostalCarrier, from: string | null = null): Promise<{ events: CarrierEvent[]; cursor: string | null }> {
  const events: CarrierEvent[] = [];
  let cursor = from;
  for (let more = true; more; ) {
    const page = await carrier.trackingPage(cursor);
    events.push(...page.events);
    ({ nextCursor: cursor, more } = page);
  }
  return { events, cursor };
}

describe('an order placed with VNPost (NGSP form)', () => {
  it('arrives as sent, is accepted, and books one courier', async () => {
    const { sandbox, carrier } = await start();
    expect(await carrier.placeOrder(postalOrder())).toEqual({ outcome: 'accepted', carrierText: 'Thành công', raw: '{"Status":100,"Message":"Thành công"}', trackingNumber: null });
    expect(couriers(sandbox)).toBe(1);
    expect(sandbox.received).toEqual([expect.objectContaining({ OrderNumber: postalOrder().orderNumber, ReceiverName: 'Trần Văn Mẫu', ReceiverProvince: 55, CODAmount: 50_000 })]);
  });

  it('says what it is: a feed is the only way to look, and only our own sandbox has proven it', async () => {
    const { carrier } = await start();
    expect(carrier).toMatchObject({ carrier: 'post-vnpost-hcc', account: 'post-vnpost-hcc/HUE-SANDBOX', lookup: 'feed-only', provenAgainst: 'own-sandbox', findOrder: null });
  });

  it('is not sent when something is known to be wrong with it', async () => {
    const { sandbox, carrier } = await start();
    const order = postalOrder('n1', { recipient: { ...POSTAL_DETAIL.recipient, phone: '' } });
    await expect(carrier.placeOrder(order)).rejects.toMatchObject({ code: 'REQUEST_INVALID', faults: [{ pointer: '/recipient/phone' }] });
    expect(sandbox.calls).toEqual({ token: 0, post: 0, cancel: 0, tracking: 0 });
  });

  it('is rejected when the carrier refuses it in words the settings know', async () => {
    const { sandbox, carrier } = await start({ customer: { consumerKey: 'sandbox-consumer', secretKey: 'sandbox-secret', customerCode: 'OTHER' } });
    expect(await carrier.placeOrder(postalOrder())).toMatchObject({ outcome: 'rejected', carrierText: 'CustomerCode không đúng' });
    expect(couriers(sandbox)).toBe(0);
  });

  it('repeated under its number is accepted as the same order where the carrier refuses repeats', async () => {
    const { sandbox, carrier } = await start({ repeat: 'refused' });
    await carrier.placeOrder(postalOrder());
    expect(await carrier.placeOrder(postalOrder())).toMatchObject({ outcome: 'accepted', carrierText: 'Đơn hàng đã tồn tại' });
    expect(couriers(sandbox)).toBe(1);
  });

  it('repeated under its number books twice where the carrier does not look: why nothing here ever repeats', async () => {
    const { sandbox, carrier } = await start({ repeat: 'booked-twice' });
    await carrier.placeOrder(postalOrder());
    await carrier.placeOrder(postalOrder());
    expect(couriers(sandbox)).toBe(2);
  });
});

const lost: readonly (readonly [string, Fault, number])[] = [
  ['HTTP 500 without effect', { answer: 'status', effect: 'none' }, 0],
  ['HTTP 500 after the effect', { answer: 'status', effect: 'done' }, 1],
  ['HTTP 503', { answer: 'status', status: 503, effect: 'none' }, 0],
  ['no answer, without effect', { answer: 'hang', effect: 'none' }, 0],
  ['no answer, after the effect', { answer: 'hang', effect: 'done' }, 1],
  ['an answer later than our patience', { answer: 'right', effect: 'done', delayMs: 900 }, 1],
  ['a page of HTML instead of JSON', { answer: 'html', effect: 'none' }, 0],
  ['a page of HTML after the effect', { answer: 'html', effect: 'done' }, 1],
  ['a connection cut before the effect', { answer: 'reset', effect: 'none' }, 0],
  ['a connection cut after the effect', { answer: 'reset', effect: 'done' }, 1],
  ['half an answer', { answer: 'truncated', effect: 'done' }, 1],
  ['a Status nobody documented', { answer: 'undocumented', effect: 'done' }, 1],
];

describe.each(['refused', 'booked-twice'] as const)('an order whose answer is lost, repeats being %s', (repeat) => {
  it.each(lost)('%s: the outcome is unknown, nothing is sent again', async (_what, fault, booked) => {
    const { sandbox, carrier } = await start({ repeat });
    sandbox.faults.post = fault;
    expect(await carrier.placeOrder(postalOrder())).toMatchObject({ outcome: 'unknown' });
    expect(sandbox.calls.post).toBe(1);
    expect(couriers(sandbox)).toBe(booked);
  });
});

describe('an order whose outcome is unknown', () => {
  it('may take effect after we gave up, and the feed then tells', async () => {
    const { sandbox, carrier } = await start({ stageMs: 0 });
    sandbox.faults.post = { answer: 'hang', effect: 'late', delayMs: 300 };
    expect(await carrier.placeOrder(postalOrder())).toMatchObject({ outcome: 'unknown', carrierText: 'no answer within 400 ms' });
    expect((await readFeed(carrier)).events).toEqual([]);
    await expect.poll(async () => (await readFeed(carrier)).events.at(-1)?.status, { timeout: 5_000 }).toBe('DELIVERED');
    expect(couriers(sandbox)).toBe(1);
  });

  it('names the reason in words without anything of the order in them', async () => {
    const { sandbox, carrier } = await start();
    for (const fault of [{ answer: 'hang' }, { answer: 'reset' }, { answer: 'status' }] as const) {
      sandbox.faults.post = fault;
      const { carrierText } = await carrier.placeOrder(postalOrder());
      expect(carrierText).not.toMatch(/Mẫu|0900|H57|Bearer/);
    }
  });

  it('is also one whose caller stopped waiting after bytes had left', async () => {
    const { sandbox, carrier } = await start({}, { timeoutMs: 10_000 });
    sandbox.faults.post = { answer: 'hang', effect: 'done' };
    const stop = new AbortController();
    const placing = carrier.placeOrder(postalOrder(), stop.signal);
    await expect.poll(() => sandbox.calls.post, { timeout: 5_000 }).toBe(1);
    stop.abort();
    expect(await placing).toMatchObject({ outcome: 'unknown', carrierText: 'cancelled while waiting for the answer' });
  });

  it('has its answer cut off when it is larger than any answer should be', async () => {
    const url = await rawServer((socket, request) => {
      const body = request.startsWith('POST /token') ? '{"access_token":"a","token_type":"Bearer","expires_in":60}' : `{"Status":100,"Message":"${'x'.repeat(400_000)}"}`;
      socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    expect(await carrierAt(url, { timeoutMs: 5_000 }).placeOrder(postalOrder())).toMatchObject({ outcome: 'unknown', carrierText: 'an answer of more than 262144 bytes' });
  });
});

describe('an order that certainly did not reach VNPost', () => {
  it('refused connection: safe to try again', async () => {
    const { sandbox } = await start();
    await sandbox.close();
    await expect(carrierAt(sandbox.url).placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE', retryable: true, message: expect.stringContaining('ECONNREFUSED') as string });
  });

  it('unknown host: safe to try again', async () => {
    await expect(carrierAt('http://vnpost.invalid').placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE' });
  });

  it('a connection that opens and never speaks TLS: safe to try again, since nothing was sent inside it', async () => {
    const url = await rawServer(() => undefined);
    await expect(carrierAt(url.replace('http:', 'https:')).placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE' });
  });

  it('a connection that comes about after we gave up: nothing is written on it', async () => {
    const { sandbox } = await start();
    const connectNow = buildConnector({});
    const opened: Promise<void>[] = [];
    const dispatcher = new Agent({
      pipelining: 0,
      connect: (options, done) => {
        const delayMs = opened.length === 0 ? 0 : 700;
        opened.push(delay(delayMs).then(() => connectNow(options, done)));
      },
    });
    closing.push(() => dispatcher.destroy());
    await expect(carrierAt(sandbox.url, { exchange: httpOnce(dispatcher).exchange }).placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE', message: expect.stringContaining('no connection within 400 ms') as string });
    await opened[1];
    await delay(100);
    expect(sandbox.calls).toMatchObject({ token: 1, post: 0 });
  });

  it.each([
    ['the token service is down', { answer: 'status' }],
    ['the token service does not answer', { answer: 'hang' }],
    ['the token service answers with a page', { answer: 'html' }],
    ['the token service cuts the connection', { answer: 'reset' }],
  ] as const)('%s: safe to try again', async (_what, fault) => {
    const { sandbox, carrier } = await start();
    sandbox.faults.token = fault;
    await expect(carrier.placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE', retryable: true });
    expect(sandbox.calls.post).toBe(0);
    sandbox.faults.token = null;
    expect(await carrier.placeOrder(postalOrder())).toMatchObject({ outcome: 'accepted' });
  });

  it('wrong keys: refused, and no use trying again unchanged', async () => {
    const { sandbox } = await start();
    await expect(carrierAt(sandbox.url, { secretKey: 'sai' }).placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_REFUSED', retryable: false });
  });

  it('wrong path: refused, and no use trying again unchanged', async () => {
    const { sandbox } = await start();
    await expect(carrierAt(sandbox.url, { paths: { orderPost: '/nowhere' } }).placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_REFUSED' });
  });

  it('cancelled by its caller before it began', async () => {
    const { sandbox, carrier } = await start();
    await expect(carrier.placeOrder(postalOrder(), AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(sandbox.calls).toMatchObject({ post: 0 });
  });

  it('HTTP 429: after the time it names', async () => {
    const { sandbox, carrier } = await start();
    sandbox.faults.post = { answer: 'status', status: 429, effect: 'none' };
    await expect(carrier.placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE', retryAfterMs: 7000 });
  });
});

describe('the access token', () => {
  it('is asked for once for many orders at a time', async () => {
    const { sandbox, carrier } = await start();
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => carrier.placeOrder(postalOrder(`n-${index}`))));
    expect(outcomes.every(({ outcome }) => outcome === 'accepted')).toBe(true);
    expect(sandbox.calls).toMatchObject({ token: 1, post: 20 });
  });

  it('taken away in the middle of a batch is renewed once, and every order is placed once', async () => {
    const { sandbox, carrier } = await start({ repeat: 'booked-twice' });
    await carrier.placeOrder(postalOrder('first'));
    sandbox.revokeTokens();
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => carrier.placeOrder(postalOrder(`n-${index}`))));
    expect(outcomes.every(({ outcome }) => outcome === 'accepted')).toBe(true);
    expect(sandbox.calls.token).toBe(2);
    expect(sandbox.ledger.lines().map((line) => line.couriers)).toEqual(Array.from({ length: 11 }, () => 1));
  });

  it('refused again right after it was renewed: no third try', async () => {
    const { sandbox, carrier } = await start();
    sandbox.faults.post = { answer: 'status', status: 401, effect: 'none' };
    await expect(carrier.placeOrder(postalOrder())).rejects.toMatchObject({ code: 'CARRIER_REFUSED' });
    expect(sandbox.calls).toMatchObject({ token: 2, post: 2 });
  });

  it('is renewed before it expires', async () => {
    const clock = frozenClock('2026-11-24T02:00:00Z');
    const { sandbox, carrier } = await start({ tokenSeconds: 3600, now: () => clock.now() }, { clock });
    await carrier.placeOrder(postalOrder('n-1'));
    clock.advance(3_590_000);
    await carrier.placeOrder(postalOrder('n-2'));
    expect(sandbox.calls).toMatchObject({ token: 2, post: 2 });
  });
});

describe('a cancellation', () => {
  it('is accepted before collection, and the feed tells in a code of the carrier’s own', async () => {
    const { carrier } = await start({ stageMs: 3_600_000 });
    await carrier.placeOrder(postalOrder());
    expect(await carrier.cancelOrder(postalOrder())).toMatchObject({ outcome: 'accepted', carrierText: 'Đã hủy' });
    expect((await readFeed(carrier)).events.at(-1)).toMatchObject({ carrierCode: '99', status: 'UNKNOWN' });
  });

  it('is rejected after collection, and the parcel arrives', async () => {
    const { carrier } = await start({ stageMs: 0 });
    await carrier.placeOrder(postalOrder());
    expect(await carrier.cancelOrder(postalOrder())).toMatchObject({ outcome: 'rejected', carrierText: 'Không hủy được' });
    expect((await readFeed(carrier)).events.at(-1)).toMatchObject({ status: 'DELIVERED' });
  });

  it('whose answer is lost is unknown', async () => {
    const { sandbox, carrier } = await start({ stageMs: 3_600_000 });
    await carrier.placeOrder(postalOrder());
    sandbox.faults.cancel = { answer: 'hang', effect: 'done' };
    expect(await carrier.cancelOrder(postalOrder())).toMatchObject({ outcome: 'unknown' });
    expect(sandbox.ledger.lines()).toMatchObject([{ couriers: 1, cancelled: 1 }]);
  });
});

describe('the tracking feed', () => {
  it('tells every stage once, in order, in pages of any size; only delivered has a meaning', async () => {
    const { carrier } = await start({ stageMs: 0 }, { pageSize: 2 });
    for (let index = 0; index < 3; index += 1) await carrier.placeOrder(postalOrder(`n-${index}`));
    const { events } = await readFeed(carrier);
    expect(events).toHaveLength(15);
    expect(new Set(events.map(({ carrierEventId }) => carrierEventId)).size).toBe(15);
    const ofFirst = events.filter(({ orderNumber }) => orderNumber === 'n-0');
    expect(ofFirst.map(({ carrierCode, status }) => [carrierCode, status])).toEqual([
      ['91', 'UNKNOWN'],
      ['92', 'UNKNOWN'],
      ['93', 'UNKNOWN'],
      ['94', 'UNKNOWN'],
      ['4', 'DELIVERED'],
    ]);
    expect(ofFirst[0]?.trackingNumber).toMatch(/^EA\d{9}VN$/);
  });

  it('goes on from its cursor: only what is new, when nothing can come late', async () => {
    const { sandbox, carrier } = await start({ stageMs: 0 }, { overlapMs: 0 });
    await carrier.placeOrder(postalOrder('n-1'));
    const { cursor } = await readFeed(carrier);
    sandbox.ledger.tell({ OrderNumber: 'n-2', StatusCode: 4, _id: { $oid: 'ffffff000000000000000001' } });
    const { events } = await readFeed(carrier, cursor?.replace('+', '') ?? null);
    expect(events.map(({ orderNumber }) => orderNumber)).toEqual(['n-2']);
  });

  it('still finds an event that came to light under an older id', async () => {
    const now = new Date();
    const { sandbox, carrier } = await start({ stageMs: 0, now: () => now });
    await carrier.placeOrder(postalOrder('n-1'));
    const { cursor } = await readFeed(carrier);
    const older = (Math.floor(now.getTime() / 1000) - 60).toString(16).padStart(8, '0') + '00000000000000aa';
    sandbox.ledger.tell({ OrderNumber: 'n-late', StatusCode: 4, _id: { $oid: older } });
    const again = await readFeed(carrier, cursor);
    expect(again.events.map(({ carrierEventId }) => carrierEventId)).toContain(older);
    expect(again.cursor).toBe(cursor);
  });

  it('keeps codes nobody documented, and entries it cannot read, and goes on', async () => {
    const { sandbox, carrier } = await start();
    sandbox.ledger.tell({ OrderNumber: 'n-1', StatusCode: 12345, StatusMessage: 'Chờ xử lý đặc biệt' });
    sandbox.ledger.tell({ OrderNumber: 'n-1', EventTime: 7 });
    sandbox.ledger.tell({ OrderNumber: 'n-2', StatusCode: 4 });
    const page = await carrier.trackingPage(null);
    expect(page.events.map(({ carrierCode, carrierText, status }) => [carrierCode, carrierText, status])).toEqual([
      ['12345', 'Chờ xử lý đặc biệt', 'UNKNOWN'],
      ['4', '', 'DELIVERED'],
    ]);
    expect(page.unreadable).toHaveLength(1);
  });

  it.each([
    [{ answer: 'status' }, 'CARRIER_UNAVAILABLE'],
    [{ answer: 'hang' }, 'CARRIER_UNAVAILABLE'],
    [{ answer: 'reset' }, 'CARRIER_UNAVAILABLE'],
    [{ answer: 'truncated' }, 'CARRIER_UNAVAILABLE'],
    [{ answer: 'html' }, 'CARRIER_ANSWER_INVALID'],
    [{ answer: 'undocumented' }, 'CARRIER_ANSWER_INVALID'],
    [{ answer: 'status', status: 404 }, 'CARRIER_REFUSED'],
  ] as const)('fault %o is %s, and reading again from the same cursor loses nothing', async (fault, code) => {
    const { sandbox, carrier } = await start({ stageMs: 0 });
    await carrier.placeOrder(postalOrder());
    sandbox.faults.tracking = fault;
    await expect(carrier.trackingPage(null)).rejects.toMatchObject({ code });
    sandbox.faults.tracking = null;
    expect((await readFeed(carrier)).events).toHaveLength(5);
  });

  it('can be cancelled, and refuses a cursor that is none of its own', async () => {
    const { sandbox, carrier } = await start({}, { timeoutMs: 10_000 });
    sandbox.faults.tracking = { answer: 'hang' };
    const stop = new AbortController();
    const reading = carrier.trackingPage(null, stop.signal);
    await expect.poll(() => sandbox.calls.tracking, { timeout: 5_000 }).toBe(1);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(carrier.trackingPage('12')).rejects.toMatchObject({ code: 'CARRIER_ANSWER_INVALID' });
  });
});

describe('the sandbox VNPost', () => {
  it('shows its ledger and takes faults over HTTP, for tests in other processes', async () => {
    const { sandbox, carrier } = await start();
    await carrier.placeOrder(postalOrder());
    const ledger = (await (await fetch(`${sandbox.url}/sandbox/ledger`)).json()) as { orders: unknown[] };
    expect(ledger.orders).toMatchObject([{ orderNumber: postalOrder().orderNumber, couriers: 1, cancelled: 0 }]);
    const put = (body: unknown): Promise<Response> => fetch(`${sandbox.url}/sandbox/faults/post`, { method: 'PUT', body: JSON.stringify(body) });
    expect((await put({ answer: 'reset', effect: 'none' })).status).toBe(200);
    expect(await carrier.placeOrder(postalOrder('n-2'))).toMatchObject({ outcome: 'unknown' });
    expect((await put(null)).status).toBe(200);
    expect(await carrier.placeOrder(postalOrder('n-2'))).toMatchObject({ outcome: 'accepted' });
    expect((await put({ answer: 'nothing like it' })).status).toBe(400);
    expect((await fetch(`${sandbox.url}/elsewhere`)).status).toBe(404);
  });

  it('lets a parcel take its time: each stage when it is due, with the time it happened', async () => {
    const clock = frozenClock('2026-11-24T02:00:00Z');
    const { carrier } = await start({ stageMs: 60_000, now: () => clock.now() }, { clock });
    await carrier.placeOrder(postalOrder());
    expect((await readFeed(carrier)).events.map(({ carrierCode }) => carrierCode)).toEqual(['91']);
    clock.advance(150_000);
    expect((await readFeed(carrier)).events.map(({ carrierCode }) => carrierCode)).toEqual(['91', '92', '93']);
    clock.advance(600_000);
    expect((await readFeed(carrier)).events.at(-1)).toMatchObject({ status: 'DELIVERED', occurredAt: new Date('2026-11-24T02:04:00Z') });
  });

  it('refuses an order without a field it calls mandatory, naming it', async () => {
    const { sandbox } = await start();
    const token = ((await (await fetch(`${sandbox.url}/token`, { method: 'POST', headers: { authorization: `Basic ${btoa('sandbox-consumer:sandbox-secret')}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) })).json()) as { access_token: string }).access_token;
    const order = (body: string): Promise<Response> => fetch(`${sandbox.url}/apiVNPostNGSP/p1.0/order/post`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body });
    expect(await (await order('{"CustomerCode":"HUE-SANDBOX","OrderNumber":"n"}')).json()).toEqual({ Status: SANDBOX_REFUSED, Message: 'Thiếu hoặc sai: SenderProvince' });
    expect((await order('xin chào')).status).toBe(400);
    expect((await fetch(`${sandbox.url}/apiVNPostNGSP/p1.0/order/post`, { method: 'POST', body: '{}' })).status).toBe(401);
  });
});

/** A server that speaks as told, byte by byte; `speak` gets the request once its head is there. */
async function rawServer(speak: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', (bytes) => speak(socket, bytes.toString('latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
