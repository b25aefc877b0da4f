import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpOnce } from '../../connectors/http-once/index.ts';
import { createVnpostHccCarrier } from '../../connectors/post-vnpost-hcc/index.ts';
import { SANDBOX_CUSTOMER, SANDBOX_REFUSED, startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import { startSandboxVnpostMy, type SandboxVnpostMy } from '../../sandbox/vnpost-my/start.ts';
import { DEFAULT_ORDER_NUMBER } from '../../src/domain/postal-order.ts';
import type { DossierTimeline, DossierView } from '../../src/formats/api/dossiers.ts';
import type { PostalOrderView } from '../../src/formats/api/postal.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askRaw, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { vnpostMyAt } from '../support/postal-engine.ts';

let post: SandboxVnpost;
let my: SandboxVnpostMy;
let gateway: TestGateway;
let portal: TestPartner;
let stranger: TestPartner;

beforeAll(async () => {
  post = await startSandboxVnpost({ stageMs: 60_000 });
  my = await startSandboxVnpostMy({ way: [] });
  gateway = await startTestGateway({
    accounts: ({ dispatcher }) => [
      {
        carrier: createVnpostHccCarrier({ baseUrl: post.url, ...SANDBOX_CUSTOMER, provinceCodes: { '46': 53, '48': 55 }, statuses: { rejected: [SANDBOX_REFUSED] }, maxCodVnd: 20_000_000, clock: systemClock, timeoutMs: 500, exchange: httpOnce(dispatcher).exchange }),
        orderNumberTemplate: DEFAULT_ORDER_NUMBER,
        placeCodesVersion: 'mẫu-1',
        pollMs: 100,
      },
      { carrier: vnpostMyAt(my.url, { webhookKeyPem: my.webhookKeyPem }), orderNumberTemplate: DEFAULT_ORDER_NUMBER, pollMs: 3_600_000 },
    ],
  });
  portal = await gateway.addPartner('one-stop', { agencies: ['H57.01'] });
  stranger = await gateway.addPartner('stranger', { agencies: ['H57.30'] });
});
afterEach(() => {
  post.faults.post = null;
  post.faults.cancel = null;
});
afterAll(async () => {
  await gateway.close();
  await post.close();
  await my.close();
});

async function openDossier(): Promise<string> {
  const json = { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
  return (await ask<DossierView>(gateway.url, '/v1/dossiers', { token: portal.token, json })).body.code;
}

const party = (name: string, provinceCode: string, communeCode?: string): object => ({ name, phone: '0900000001', address: { line: '1 Đường Thử Nghiệm', provinceCode, ...(communeCode === undefined ? {} : { communeCode }) } });

function order(dossierCode: string, change: Readonly<Record<string, unknown>> = {}, by: { token?: string; key?: string } = {}): Promise<Answer<PostalOrderView>> {
  const json = { dossierCode, leg: 'DELIVER_RESULT', sender: party('Bộ phận Một cửa (mẫu)', '46'), recipient: party('Trần Văn Mẫu', '48'), contents: [{ title: 'Kết quả' }], ...change };
  return ask<PostalOrderView>(gateway.url, '/v1/postal-orders', { token: by.token ?? portal.token, json, headers: by.key === undefined ? {} : { 'idempotency-key': by.key } });
}

const read = (id: string, token = portal.token): Promise<Answer<PostalOrderView>> => ask<PostalOrderView>(gateway.url, `/v1/postal-orders/${id}`, { token });
const whenIn = (id: string, state: string): Promise<Answer<PostalOrderView>> => eventually(() => read(id), ({ body }) => body.state === state);
const cancel = (id: string, token = portal.token): Promise<Answer<PostalOrderView>> => ask<PostalOrderView>(gateway.url, `/v1/postal-orders/${id}/cancel`, { token, method: 'POST' });
const couriers = (orderNumber: string): number => post.ledger.lines().find((line) => line.orderNumber === orderNumber)?.couriers ?? 0;

describe('an order for the post', () => {
  it('has its number before anything is sent, reaches the carrier once, and stands on the timeline', async () => {
    const code = await openDossier();
    const placed = await order(code, {}, { key: 'order-1' });
    expect([placed.status, placed.body.orderNumber]).toEqual([202, `${code}-KQ1`]);
    expect((await order(code, {}, { key: 'order-1' })).body).toEqual(placed.body);
    await whenIn(placed.body.id, 'ACCEPTED');
    expect(couriers(placed.body.orderNumber)).toBe(1);
    const { body } = await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${code}`, { token: portal.token });
    expect(body.timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['postal.ordered', 'postal.accepted']));
    const list = await ask<{ orders: PostalOrderView[] }>(gateway.url, `/v1/dossiers/${code}/postal-orders`, { token: portal.token });
    expect(list.body.orders.map(({ id }) => id)).toEqual([placed.body.id]);
    expect(JSON.stringify(list.body)).not.toContain('Trần Văn Mẫu');
  });

  it('for the same leg again is refused, whatever the Idempotency-Key', async () => {
    const code = await openDossier();
    const { body } = await order(code);
    await whenIn(body.id, 'ACCEPTED');
    expect((await order(code)).body).toMatchObject({ status: 409, code: 'POSTAL_ORDER_EXISTS' });
    expect((await order(code, { revision: 2 })).body).toMatchObject({ status: 409, code: 'STATE_CONFLICT' });
  });

  it('that the carrier could not take is refused with what is wrong (bad input)', async () => {
    const code = await openDossier();
    const noTelephone = { recipient: { ...party('Trần Văn Mẫu', '48'), phone: 'không có' } };
    expect((await order(code, noTelephone)).body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [expect.objectContaining({ pointer: '/recipient/phone' })] });
    expect((await order(code, { carrier: 'post-elsewhere' })).body).toMatchObject({ status: 422, code: 'CARRIER_UNKNOWN' });
  });

  const fee = { purpose: 'COD_OTHER', payer: 'recipient', collectBy: 'POST' } as const;
  it.each([
    ['no recipient', { recipient: undefined }, '/recipient'],
    ['no telephone number', { recipient: { name: 'x', address: { line: 'y', provinceCode: '48' } } }, '/recipient/phone'],
    ['no province', { sender: { name: 'x', phone: '0900000001', address: { line: 'y' } } }, '/sender/address/provinceCode'],
    ['no papers', { contents: [] }, '/contents'],
    ['weight 0', { weightG: 0 }, '/weightG'],
    ['an amount below nothing', { codAmountVnd: -1 }, '/codAmountVnd'],
    ['a part of a đồng', { codAmountVnd: 1_000.5 }, '/codAmountVnd'],
    ['an amount as text', { codAmountVnd: '50000' }, '/codAmountVnd'],
    ['an amount that no postal worker carries', { codAmountVnd: 1_000_000_001 }, '/codAmountVnd'],
    ['a fee of a part of a đồng', { fees: [{ ...fee, amountVnd: 0.1 }] }, '/fees/0/amountVnd'],
    ['more than this carrier collects, all fees together', { fees: [{ ...fee, amountVnd: 15_000_000 }, { ...fee, amountVnd: 15_000_000 }] }, '/codAmountVnd'],
    ['an identity document that is none', { delivery: { rule: 'HOUSEHOLD', authorised: { name: 'x', identityDocument: 'library-card', authorisationRef: 'y' } } }, '/delivery/authorised/identityDocument'],
  ] as const)('with %s is refused by the name of our own field, and nothing is sent (bad input)', async (_what, change, pointer) => {
    const calls = post.calls.post;
    expect((await order(await openDossier(), change)).body).toMatchObject({ status: 422, errors: [expect.objectContaining({ pointer })] });
    expect(post.calls.post).toBe(calls);
  });

  it('to a place that the carrier’s settings do not know waits, unsent, and says for what', async () => {
    const { status, body } = await order(await openDossier(), { recipient: party('Trần Văn Mẫu', '99') });
    expect(status).toBe(202);
    const waiting = await eventually(() => read(body.id), (answer) => answer.body.stateReason !== null);
    expect(waiting.body).toMatchObject({ state: 'QUEUED', stateReason: 'Waits, nothing was sent: /recipient/address/provinceCode the province 99 has no VNPost number yet: add it to the carrier’s provinceCodes (list of codes mẫu-1)' });
    expect(couriers(body.orderNumber)).toBe(0);
  });

  it('is printed for the system that placed it, and for no other party', async () => {
    const { body } = await order(await openDossier());
    const print = (path: string, token = portal.token, json?: object): Promise<Response> => askRaw(gateway.url, path, { headers: { authorization: `Bearer ${token}`, ...(json === undefined ? {} : { 'content-type': 'application/json' }) }, ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }) });
    for (const [path, type, start] of [['label.pdf', 'application/pdf', '%PDF-'], ['slip.pdf', 'application/pdf', '%PDF-'], ['label.zpl?dpi=300', 'text/plain; charset=utf-8', '^XA^PW1240']] as const) {
      const printed = await print(`/v1/postal-orders/${body.id}/${path}`);
      expect([printed.status, printed.headers.get('content-type')]).toEqual([200, type]);
      expect((await printed.text()).startsWith(start)).toBe(true);
      expect((await print(`/v1/postal-orders/${body.id}/${path}`, stranger.token)).status).toBe(404);
    }
    const minutes = await print('/v1/postal-papers', portal.token, { paper: 'minutes', handover: 'AGENCY_TO_POST', orders: [body.id] });
    expect([minutes.status, minutes.headers.get('content-disposition')]).toEqual([200, 'inline; filename="minutes.pdf"']);
    for (const wrong of [{ paper: 'minutes', orders: [body.id] }, { paper: 'slip', format: 'zpl', orders: [body.id] }, { paper: 'label', orders: [body.id, body.id] }, { paper: 'label', orders: [] }]) expect((await print('/v1/postal-papers', portal.token, wrong)).status).toBe(422);
    await whenIn(body.id, 'ACCEPTED');
    await cancel(body.id);
    expect((await print(`/v1/postal-orders/${body.id}/label.pdf`)).status).toBe(409);
  });

  it('is not changed for a caller who read it before it changed (RFC 9110 §13.1.1)', async () => {
    const { body, headers } = await order(await openDossier());
    const then = headers.get('etag') ?? '';
    // The feed tells of the booking a little later than the answer, and that is a change too.
    await eventually(() => read(body.id), ({ body: now }) => now.state === 'ACCEPTED' && now.events.length === 1);
    const now = (await read(body.id)).headers.get('etag') ?? '';
    expect([/^"[0-9a-f]{32}"$/.test(then), then === now]).toEqual([true, false]);
    const cancelIf = (ifMatch: string): Promise<Answer<PostalOrderView>> => ask<PostalOrderView>(gateway.url, `/v1/postal-orders/${body.id}/cancel`, { token: portal.token, method: 'POST', headers: { 'if-match': ifMatch } });
    for (const old of [then, `W/${now}`]) expect((await cancelIf(old)).body).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
    const entry = { entry: 'ATTEMPT_FAILED', occurredAt: new Date().toISOString(), attempt: { reason: 'refused', action: 'return' } };
    expect((await ask(gateway.url, `/v1/postal-orders/${body.id}/entries`, { token: portal.token, json: entry, headers: { 'if-match': then } })).status).toBe(412);
    const cancelled = await cancelIf(`"x", ${now}`);
    expect([cancelled.status, cancelled.body.state, cancelled.headers.get('etag') === now]).toEqual([200, 'CANCELLED', false]);
  });

  it('of others does not exist', async () => {
    const code = await openDossier();
    const { body } = await order(code);
    expect((await read(body.id, stranger.token)).body).toMatchObject({ status: 404, code: 'POSTAL_ORDER_NOT_FOUND' });
    expect((await cancel(body.id, stranger.token)).body).toMatchObject({ status: 404, code: 'POSTAL_ORDER_NOT_FOUND' });
    expect((await order(code, { leg: 'RETURN_DOSSIER' }, { token: stranger.token })).body).toMatchObject({ status: 404, code: 'DOSSIER_NOT_FOUND' });
    expect((await ask(gateway.url, `/v1/dossiers/${code}/postal-orders`, { token: stranger.token })).body).toMatchObject({ status: 404, code: 'DOSSIER_NOT_FOUND' });
  });

  it('is not read without a trace, alone or with its dossier', async () => {
    const code = await openDossier();
    const { body } = await order(code);
    const readers = async (): Promise<string[]> => (await gateway.fresh.records.audit.of(`postal-order:${body.id}`, 10)).map(({ actor, action }) => `${actor} ${action}`);
    const before = await readers();
    await read(body.id, stranger.token);
    expect(await readers()).toEqual(before);
    await read(body.id, portal.token);
    await ask(gateway.url, `/v1/dossiers/${code}/postal-orders`, { token: portal.token });
    expect(await readers()).toEqual([`partner:${portal.id} read-postal-order`, `partner:${portal.id} read-postal-order`, ...before]);
  });

  it.each([
    ['answers 500', { answer: 'status', effect: 'done' }],
    ['does not answer', { answer: 'hang', effect: 'done' }],
    ['answers a page', { answer: 'html', effect: 'done' }],
  ] as const)('is never booked twice when the carrier %s after taking it: its feed tells (invariant 4)', async (_, fault) => {
    post.faults.post = fault;
    const { body } = await order(await openDossier());
    await whenIn(body.id, 'ACCEPTED');
    expect(couriers(body.orderNumber)).toBe(1);
  });

  it('of which nobody knows whether the carrier has it stays UNKNOWN, and is not cancelled on a guess', async () => {
    post.faults.post = { answer: 'status', effect: 'none' };
    const { body } = await order(await openDossier());
    await whenIn(body.id, 'UNKNOWN');
    expect((await cancel(body.id)).body).toMatchObject({ status: 409, code: 'STATE_CONFLICT' });
    expect([(await read(body.id)).body.state, couriers(body.orderNumber)]).toEqual(['UNKNOWN', 0]);
  });
});

describe('cancelling an order', () => {
  it('asks the carrier, and is answered the same again', async () => {
    const code = await openDossier();
    const { body } = await order(code);
    await whenIn(body.id, 'ACCEPTED');
    const first = await cancel(body.id);
    expect([first.status, first.body.state]).toEqual([200, 'CANCELLED']);
    // The feed may tell of the cancellation in between; what was answered stands.
    expect((await cancel(body.id)).body).toMatchObject({ state: 'CANCELLED', stateAt: first.body.stateAt });
    const { body: timeline } = await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${code}`, { token: portal.token });
    expect(timeline.timeline.filter(({ kind }) => kind === 'postal.cancelled')).toHaveLength(1);
  });

  it('changes nothing when the carrier refuses, or its answer leaves it open', async () => {
    const { body } = await order(await openDossier());
    await whenIn(body.id, 'ACCEPTED');
    post.faults.cancel = { answer: 'html', effect: 'none' };
    expect((await cancel(body.id)).body).toMatchObject({ status: 502, code: 'CARRIER_ANSWER_INVALID', origin: 'carrier' });
    post.faults.cancel = { answer: 'status', status: 500, effect: 'none' };
    expect((await cancel(body.id)).body).toMatchObject({ status: 502, code: 'CARRIER_ANSWER_INVALID' });
    expect((await read(body.id)).body.state).toBe('ACCEPTED');
  });
});

describe('what happens at the counter', () => {
  const counted = { minutesNumber: 'BB-001', counted: 3, complete: true };

  it('minutes of complete papers in the office’s hands make the dossier submitted at their signing (Decision 45/2016 Art. 7.4), once', async () => {
    const code = await openDossier();
    const { body } = await order(code, { leg: 'COLLECT_DOSSIER' });
    await whenIn(body.id, 'ACCEPTED');
    const enter = (entry: string, occurredAt: string, minutes?: object): Promise<Answer<PostalOrderView>> => ask<PostalOrderView>(gateway.url, `/v1/postal-orders/${body.id}/entries`, { token: portal.token, json: { entry, occurredAt, ...(minutes === undefined ? {} : { minutes }) } });
    const signedAt = new Date().toISOString();
    expect((await enter('CITIZEN_TO_POST', signedAt, { ...counted, minutesNumber: 'PG-9' })).body).toMatchObject({ state: 'PICKED_UP', deadline: { failedAttempts: 0, returnDue: false } });
    const incomplete = await enter('POST_TO_AGENCY', new Date().toISOString(), { ...counted, minutesNumber: 'BB-000', complete: false });
    expect(incomplete.body.state).toBe('DELIVERED');
    const completeAt = new Date().toISOString();
    for (let time = 0; time < 2; time += 1) expect((await enter('POST_TO_AGENCY', completeAt, counted)).status).toBe(200);
    const { body: timeline } = await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${code}`, { token: portal.token });
    expect(timeline.timeline.filter(({ kind }) => kind === 'dossier.submitted-by-post').map(({ at }) => at)).toEqual([completeAt]);
    expect(timeline.timeline.filter(({ kind }) => kind === 'postal.handed-over')).toHaveLength(3);
  });

  it('money taken and proof of delivery are on the timeline, with what differs; papers of others prove nothing', async () => {
    const code = await openDossier();
    const { body } = await order(code, { codAmountVnd: 50_000 });
    await whenIn(body.id, 'ACCEPTED');
    const mine = (await ask<{ id: string }>(gateway.url, '/v1/documents', { token: portal.token, body: 'chữ ký người nhận' })).body.id;
    const foreign = (await ask<{ id: string }>(gateway.url, '/v1/documents', { token: stranger.token, body: 'ảnh của người khác' })).body.id;
    const enter = (fields: object): Promise<Answer<PostalOrderView & { errors?: object[] }>> => ask(gateway.url, `/v1/postal-orders/${body.id}/entries`, { token: portal.token, json: { occurredAt: new Date().toISOString(), ...fields } });
    const collected = [{ purpose: 'ADMIN_FEE', amountVnd: 30_000, collectedBy: 'POST', receiptNumber: 'BL-0001' }, { purpose: 'POSTAGE', amountVnd: 10_000, collectedBy: 'POST', receiptNumber: 'BL-0002' }];
    expect((await enter({ entry: 'POST_TO_CITIZEN', minutes: counted, proof: { documents: [foreign], receivedBy: 'household' } })).body).toMatchObject({ status: 422, errors: [{ pointer: '/proof/documents/0' }] });
    expect((await enter({ entry: 'AGENCY_TO_POST', minutes: counted, collected })).body).toMatchObject({ status: 422, errors: [{ pointer: '/collected' }] });
    const delivered = { entry: 'POST_TO_CITIZEN', occurredAt: new Date().toISOString(), minutes: counted, collected, proof: { documents: [mine], receivedBy: 'named-person' } };
    for (let time = 0; time < 2; time += 1) expect((await enter(delivered)).body.state).toBe('DELIVERED');
    const { body: timeline } = await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${code}`, { token: portal.token });
    const of = (kind: string): unknown[] => timeline.timeline.filter((event) => event.kind === kind).map(({ at, data }) => ({ at, data }));
    expect(of('postal.fees-collected')).toEqual(collected.map((fee) => ({ at: delivered.occurredAt, data: { orderNumber: body.orderNumber, ...fee, totalVnd: 40_000, expectedVnd: 50_000, differs: true } })));
    expect(of('postal.proof')).toEqual([{ at: delivered.occurredAt, data: { orderNumber: body.orderNumber, receivedBy: 'named-person', documents: mine } }]);
  });

  it('an attempt is on record with reason and action, and nothing of a leg that it cannot be about, of the future, or of others’ orders', async () => {
    const code = await openDossier();
    const { body } = await order(code);
    await whenIn(body.id, 'ACCEPTED');
    const path = `/v1/postal-orders/${body.id}/entries`;
    const now = new Date().toISOString();
    const failed = { entry: 'ATTEMPT_FAILED', occurredAt: now, attempt: { reason: 'nobody-home', action: 'notice-left' } };
    await ask(gateway.url, path, { token: portal.token, json: { entry: 'AGENCY_TO_POST', occurredAt: now, minutes: counted } });
    expect((await ask<PostalOrderView>(gateway.url, path, { token: portal.token, json: failed })).body).toMatchObject({ state: 'DELIVERY_FAILED', deadline: { failedAttempts: 1, returnDue: false } });
    expect((await ask(gateway.url, path, { token: portal.token, json: { entry: 'POST_TO_AGENCY', occurredAt: now } })).body).toMatchObject({ status: 422, errors: [expect.objectContaining({ pointer: '/entry' })] });
    expect((await ask(gateway.url, path, { token: portal.token, json: { ...failed, occurredAt: '2999-01-01T00:00:00.000Z' } })).body).toMatchObject({ status: 422, errors: [expect.objectContaining({ pointer: '/occurredAt' })] });
    expect((await ask(gateway.url, path, { token: portal.token, json: { ...failed, attempt: undefined } })).body).toMatchObject({ status: 422, errors: [expect.objectContaining({ pointer: '/attempt' })] });
    expect((await ask(gateway.url, path, { token: stranger.token, json: failed })).body).toMatchObject({ status: 404, code: 'POSTAL_ORDER_NOT_FOUND' });
  });
});

describe('the carriers', () => {
  it('say what they were proven against: none of ours met the carrier itself', async () => {
    const { body } = await ask(gateway.url, '/v1/carriers', { token: portal.token });
    expect(body).toMatchObject({ carriers: [{ carrier: 'post-vnpost-hcc', lookup: 'feed-only', provenAgainst: 'own-sandbox', isUnproven: true, events: ['poll'], numbersLeft: null, canBeReconciled: true }, { carrier: 'post-vnpost-my', lookup: 'by-number', provenAgainst: 'own-sandbox', isUnproven: true, events: ['poll', 'webhook'], numbersLeft: null, canBeReconciled: true }] });
  });

  it('that call are heard by signature only, without a key of ours; others are not heard at all', async () => {
    const code = await openDossier();
    const { body } = await order(code, { carrier: 'post-vnpost-my', sender: party('Một cửa (mẫu)', '46', '19777'), recipient: party('Trần Văn Mẫu', '48', '20000') });
    await whenIn(body.id, 'ACCEPTED');
    my.ledger.tell(body.orderNumber, 6, 'Đã lấy hàng');
    const call = (carrier: string, text: string): Promise<Answer<unknown>> => ask<unknown>(gateway.url, `/v1/carriers/${carrier}/events`, { method: 'POST', body: text, headers: { 'content-type': 'application/json' } });
    expect(await call('post-vnpost-my', my.buildWebhook([body.orderNumber]))).toMatchObject({ status: 200, body: { orders: 1 } });
    expect((await read(body.id)).body.state).toBe('PICKED_UP');
    const forged = my.buildWebhook([body.orderNumber]).replace(/"signature":"..../, '"signature":"AAAA');
    expect(await call('post-vnpost-my', forged)).toMatchObject({ status: 401 });
    expect(await call('post-vnpost-my', 'x'.repeat(2_000_000))).toMatchObject({ status: 413 });
    expect(await call('post-vnpost-hcc', '{}')).toMatchObject({ status: 422, body: { code: 'CARRIER_UNKNOWN' } });
  });
});

describe('without an account with a carrier', () => {
  it('no order is taken', async () => {
    const bare = await startTestGateway();
    try {
      const partner = await bare.addPartner('one-stop', { agencies: ['H57.01'] });
      const opened = await ask<DossierView>(bare.url, '/v1/dossiers', { token: partner.token, json: { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục' }, title: 'Mẫu' } });
      const json = { dossierCode: opened.body.code, leg: 'DELIVER_RESULT', sender: party('A', '46'), recipient: party('B', '48'), contents: [{ title: 'Kết quả' }] };
      expect((await ask(bare.url, '/v1/postal-orders', { token: partner.token, json })).body).toMatchObject({ status: 422, code: 'CARRIER_UNKNOWN' });
    } finally {
      await bare.close();
    }
  });
});
