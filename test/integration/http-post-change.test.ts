import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import { startSandboxVnpostMy, type SandboxVnpostMy } from '../../sandbox/vnpost-my/start.ts';
import { DEFAULT_ORDER_NUMBER, type PostalOrder } from '../../src/domain/postal-order.ts';
import type { DossierTimeline, DossierView } from '../../src/formats/api/dossiers.ts';
import type { PostalOrderView, PostalQuoteView } from '../../src/formats/api/postal.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { vnpostAt, vnpostMyAt } from '../support/postal-engine.ts';

/** An order whose address changes, and what it costs; with a carrier that can be asked for both, and one that cannot. */

let hcc: SandboxVnpost;
let my: SandboxVnpostMy;
let gateway: TestGateway;
let portal: TestPartner;
let stranger: TestPartner;

beforeAll(async () => {
  hcc = await startSandboxVnpost({ stageMs: 3_600_000 });
  my = await startSandboxVnpostMy({ way: [] });
  gateway = await startTestGateway({
    accounts: () => [
      { carrier: vnpostAt(hcc.url), orderNumberTemplate: DEFAULT_ORDER_NUMBER, pollMs: 3_600_000 },
      { carrier: vnpostMyAt(my.url, { timeoutMs: 1_500 }), orderNumberTemplate: DEFAULT_ORDER_NUMBER, pollMs: 100 },
    ],
  });
  portal = await gateway.addPartner('one-stop', { agencies: ['H57.01'] });
  stranger = await gateway.addPartner('stranger', { agencies: ['H57.30'] });
});
afterEach(() => {
  my.faults.correct = null;
  my.faults.charge = null;
});
afterAll(async () => {
  await gateway.close();
  await hcc.close();
  await my.close();
});

const end = (line: string, communeCode = '19777', provinceCode = '46'): object => ({ name: 'Trần Văn Mẫu', phone: '0900000001', address: { line, provinceCode, communeCode } });

async function request(change: object = {}): Promise<object> {
  const dossier = { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
  const { code } = (await ask<DossierView>(gateway.url, '/v1/dossiers', { token: portal.token, json: dossier })).body;
  return { dossierCode: code, carrier: 'post-vnpost-my', leg: 'DELIVER_RESULT', sender: end('1 Đường Cũ'), recipient: end('2 Đường Cũ', '20000', '48'), contents: [{ title: 'Kết quả' }], ...change };
}

const read = (id: string): Promise<Answer<PostalOrderView>> => ask<PostalOrderView>(gateway.url, `/v1/postal-orders/${id}`, { token: portal.token });
const record = async (id: string): Promise<PostalOrder | null> => gateway.fresh.records.postal.find(id as PostalOrder['id']);
const lineOf = async (id: string): Promise<string | undefined> => (await record(id))?.detail.recipient.address.line;

async function order(change: object = {}, state = 'ACCEPTED'): Promise<PostalOrderView> {
  const { body } = await ask<PostalOrderView>(gateway.url, '/v1/postal-orders', { token: portal.token, json: await request(change) });
  return (await eventually(() => read(body.id), (answer) => answer.body.state === state)).body;
}

const NEW = { line: '9 Đường Mới Canary', provinceCode: '48', communeCode: '20000' };
function change(id: string, more: object = {}, { token = portal.token, headers = {} }: { token?: string; headers?: Record<string, string> } = {}): Promise<Answer<PostalOrderView>> {
  return ask<PostalOrderView>(gateway.url, `/v1/postal-orders/${id}/address`, { token, headers, json: { end: 'recipient', address: NEW, phone: '0900000777', verifiedBy: 'otp', ...more } });
}

describe('the address of an order', () => {
  it('is changed at the carrier first, and then here: on the timeline, audited, told without the address', async () => {
    const placed = await order();
    const changed = await change(placed.id);
    expect([changed.status, changed.body.state, changed.body.addressChanges]).toMatchObject([200, 'ACCEPTED', [{ end: 'recipient', verifiedBy: 'otp', outcome: 'accepted', carrierText: 'Đã hiệu chỉnh' }]]);
    expect(my.ledger.addressOf(placed.orderNumber)).toBe(NEW.line);
    expect((await record(placed.id))?.detail).toMatchObject({ recipient: { name: 'Trần Văn Mẫu', phone: '0900000777', address: { line: NEW.line } }, sender: { address: { line: '1 Đường Cũ' } } });
    const { body } = await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${placed.dossierCode}`, { token: portal.token });
    expect(body.timeline.map(({ kind }) => kind)).toContain('postal.address-changed');
    const audited = (await gateway.fresh.records.audit.of(`postal-order:${placed.id}`, 20)).map(({ actor, action }) => `${actor} ${action}`);
    expect(audited).toEqual(expect.arrayContaining([`partner:${portal.id} change-postal-address`, `partner:${portal.id} settle-postal-address`]));
    for (const table of ['audit', 'dossier_event', 'postal_address_change', 'outbox', 'postal_order']) {
      const { rows } = await gateway.fresh.handle.pool.query<{ found: string }>(`SELECT count(*) AS found FROM ${table} AS t WHERE t::text LIKE '%Canary%' OR t::text LIKE '%0900000777%'`);
      expect([table, rows[0]?.found]).toEqual([table, '0']);
    }
    expect(JSON.stringify(changed.body)).not.toContain('Canary');
  });

  it('is changed at once while nothing was sent: the carrier hears the new one only', async () => {
    const waiting = await order({ recipient: end('2 Đường Cũ', '88888', '48') }, 'QUEUED');
    expect((await change(waiting.id)).body).toMatchObject({ state: 'QUEUED', addressChanges: [{ outcome: 'accepted', carrierText: 'changed before it was sent' }] });
    expect(await lineOf(waiting.id)).toBe(NEW.line);
    await eventually(() => read(waiting.id), ({ body }) => body.state === 'ACCEPTED', 15_000);
    expect(my.received.at(-1)).toMatchObject({ informationOrder: { saleOrderCode: waiting.orderNumber, receiverAddress: NEW.line, receiverPhone: '0900000777' } });
  });

  it('stays when the carrier refuses, and when its answer leaves it open; asking again is as asking once', async () => {
    const placed = await order();
    my.faults.correct = { answer: 'hang', effect: 'done' };
    expect((await change(placed.id)).body).toMatchObject({ status: 502, code: 'CARRIER_ANSWER_INVALID' });
    expect([await lineOf(placed.id), (await read(placed.id)).body.addressChanges[0]?.outcome]).toEqual(['2 Đường Cũ', 'unknown']);
    my.faults.correct = null;
    expect((await change(placed.id)).body.addressChanges.map(({ outcome }) => outcome)).toEqual(['unknown', 'accepted']);
    my.ledger.tell(placed.orderNumber, 19, 'Trả hàng thành công'); // the feed has not told us yet
    expect((await change(placed.id, { address: { ...NEW, line: '10' } })).body).toMatchObject({ status: 502, code: 'CARRIER_REFUSED' });
    expect(await lineOf(placed.id)).toBe(NEW.line);
  });

  it('changes once when two ask at the same time', async () => {
    const placed = await order();
    my.faults.correct = { answer: 'right', effect: 'done', delayMs: 300 };
    const answers = await Promise.all(['a', 'b', 'c'].map((line) => change(placed.id, { address: { ...NEW, line } })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    expect(my.ledger.addressOf(placed.orderNumber)).toBe(await lineOf(placed.id));
  });

  it('changes while the parcel is collected: both are on record, whichever was first', async () => {
    const placed = await order();
    my.faults.correct = { answer: 'right', effect: 'done', delayMs: 600 };
    const changing = change(placed.id);
    my.ledger.tell(placed.orderNumber, 6, 'Đã lấy hàng');
    await eventually(() => read(placed.id), ({ body }) => body.state === 'PICKED_UP');
    expect((await changing).body).toMatchObject({ state: 'PICKED_UP', addressChanges: [{ outcome: 'accepted' }] });
    expect(await lineOf(placed.id)).toBe(NEW.line);
    expect((await change(placed.id, { end: 'sender' })).body).toMatchObject({ status: 409, code: 'STATE_CONFLICT' });
  });

  it('of an order that is over, of others, or read before it changed, is not changed', async () => {
    const placed = await order();
    const old = (await read(placed.id)).headers.get('etag') ?? '';
    expect((await change(placed.id, {}, { token: stranger.token })).status).toBe(404);
    expect((await change(placed.id, {}, { headers: { 'if-match': old } })).status).toBe(200);
    expect((await change(placed.id, {}, { headers: { 'if-match': old } })).body).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
    my.ledger.tell(placed.orderNumber, 14, 'Đã giao hàng');
    await eventually(() => read(placed.id), ({ body }) => body.state === 'DELIVERED');
    expect((await change(placed.id)).body).toMatchObject({ status: 409, code: 'STATE_CONFLICT' });
  });

  it.each([
    ['no commune, which this carrier needs', { address: { line: 'x', provinceCode: '48' } }, '/address/communeCode'],
    ['a telephone number that is none', { phone: 'không có' }, '/phone'],
    ['no line', { address: { ...NEW, line: ' ' } }, '/address/line'],
    ['nobody who looked', { verifiedBy: undefined }, '/verifiedBy'],
  ])('with %s is refused by the field’s own name (bad input)', async (_what, more, pointer) => {
    const placed = await order();
    expect((await change(placed.id, more)).body).toMatchObject({ status: 422, errors: [expect.objectContaining({ pointer })] });
    expect((await read(placed.id)).body.addressChanges).toEqual([]);
  });

  it('of a place without a code of the carrier’s, or at a carrier that cannot be asked, is told so', async () => {
    const placed = await order();
    expect((await change(placed.id, { address: { ...NEW, communeCode: '77777' } })).body).toMatchObject({ status: 502, code: 'CARRIER_REFUSED' });
    const elsewhere = await order({ carrier: 'post-vnpost-hcc' });
    expect((await change(elsewhere.id)).body).toMatchObject({ status: 422, code: 'CARRIER_NOT_OFFERED' });
  });
});

describe('the price of an order', () => {
  const quote = (json: object): Promise<Answer<PostalQuoteView>> => ask<PostalQuoteView>(gateway.url, '/v1/postal-orders/quote', { token: portal.token, json });

  it('is told in whole đồng before anything is ordered, and for an order afterwards', async () => {
    const wanted = await request({ weightG: 700, codAmountVnd: 50_000 });
    const { status, body } = await quote(wanted);
    expect([status, body]).toMatchObject([200, { carrier: 'post-vnpost-my', provenAgainst: 'own-sandbox', currency: 'VND', services: [{ serviceCode: 'CTN007', postageVnd: 21_000, surchargesVnd: 5_000, totalVnd: 26_000 }] }]);
    const { dossierCode } = wanted as { dossierCode: string };
    expect((await ask<{ orders: unknown[] }>(gateway.url, `/v1/dossiers/${dossierCode}/postal-orders`, { token: portal.token })).body.orders).toEqual([]);
    const placed = await order();
    expect((await ask<PostalQuoteView>(gateway.url, `/v1/postal-orders/${placed.id}/quote`, { token: portal.token })).body.services[0]?.totalVnd).toBe(18_000);
    expect((await ask(gateway.url, `/v1/postal-orders/${placed.id}/quote`, { token: stranger.token })).status).toBe(404);
  });

  it('is not made up: where the carrier gives none, cannot be reached, or answers something else', async () => {
    expect((await quote(await request({ carrier: 'post-vnpost-hcc' }))).body).toMatchObject({ status: 422, code: 'CARRIER_NOT_OFFERED' });
    my.faults.charge = { answer: 'html', effect: 'none' };
    expect((await quote(await request())).body).toMatchObject({ status: 502, code: 'CARRIER_ANSWER_INVALID' });
    my.faults.charge = { answer: 'reset', effect: 'none' };
    expect((await quote(await request())).body).toMatchObject({ status: 503, code: 'CARRIER_UNAVAILABLE' });
    expect((await quote(await request({ recipient: end('x', '66666', '48') }))).body).toMatchObject({ status: 422, errors: [expect.objectContaining({ pointer: '/recipient/address/communeCode' })] });
  });
});

describe('the service', () => {
  it('names connectors that never met the carrier’s own system, to everybody', async () => {
    const { body } = await ask<{ unprovenConnectors: unknown }>(gateway.url, '/v1', {});
    expect(body).toEqual({ api: 'v1', description: '/openapi.json', page: '/docs', unprovenConnectors: [{ carrier: 'post-vnpost-hcc', provenAgainst: 'own-sandbox' }, { carrier: 'post-vnpost-my', provenAgainst: 'own-sandbox' }] });
    const { body: list } = await ask<{ carriers: object[] }>(gateway.url, '/v1/carriers', { token: portal.token });
    expect(list.carriers).toMatchObject([{ givesQuotes: false, takesAddressChanges: false }, { givesQuotes: true, takesAddressChanges: true }]);
  });
});
