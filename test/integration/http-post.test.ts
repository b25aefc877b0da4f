import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpOnce } from '../../connectors/http-once/index.ts';
import { createVnpostHccCarrier } from '../../connectors/post-vnpost-hcc/index.ts';
import { SANDBOX_CUSTOMER, SANDBOX_REFUSED, startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import { DEFAULT_ORDER_NUMBER } from '../../src/domain/postal-order.ts';
import type { DossierTimeline, DossierView } from '../../src/formats/api/dossiers.ts';
import type { PostalOrderView } from '../../src/formats/api/postal.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

let post: SandboxVnpost;
let gateway: TestGateway;
let portal: TestPartner;
let stranger: TestPartner;

beforeAll(async () => {
  post = await startSandboxVnpost({ stageMs: 60_000 });
  gateway = await startTestGateway({
    accounts: ({ dispatcher }) => [
      {
        carrier: createVnpostHccCarrier({ baseUrl: post.url, ...SANDBOX_CUSTOMER, provinceCodes: { '46': 53, '48': 55 }, statuses: { rejected: [SANDBOX_REFUSED] }, clock: systemClock, timeoutMs: 500, exchange: httpOnce(dispatcher).exchange }),
        orderNumberTemplate: DEFAULT_ORDER_NUMBER,
        pollMs: 100,
      },
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
});

async function openDossier(): Promise<string> {
  const json = { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
  return (await ask<DossierView>(gateway.url, '/v1/dossiers', { token: portal.token, json })).body.code;
}

const party = (name: string, provinceCode: string): object => ({ name, phone: '0900000001', address: { line: '1 Đường Thử Nghiệm', provinceCode } });

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
    const unknownProvince = { recipient: party('Trần Văn Mẫu', '99') };
    expect((await order(code, unknownProvince)).body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [expect.objectContaining({ pointer: expect.stringContaining('recipient') as string })] });
    expect((await order(code, { carrier: 'post-elsewhere' })).body).toMatchObject({ status: 422, code: 'CARRIER_UNKNOWN' });
  });

  it('of others does not exist', async () => {
    const code = await openDossier();
    const { body } = await order(code);
    expect((await read(body.id, stranger.token)).body).toMatchObject({ status: 404, code: 'POSTAL_ORDER_NOT_FOUND' });
    expect((await cancel(body.id, stranger.token)).body).toMatchObject({ status: 404, code: 'POSTAL_ORDER_NOT_FOUND' });
    expect((await order(code, { leg: 'RETURN_DOSSIER' }, { token: stranger.token })).body).toMatchObject({ status: 404, code: 'DOSSIER_NOT_FOUND' });
    expect((await ask(gateway.url, `/v1/dossiers/${code}/postal-orders`, { token: stranger.token })).body).toMatchObject({ status: 404, code: 'DOSSIER_NOT_FOUND' });
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
