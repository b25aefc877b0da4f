import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DossierView } from '../../src/formats/api/dossiers.ts';
import type { MessageView } from '../../src/formats/api/messages.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { tablesHolding } from '../support/canary.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { RECEIPT, startHttpPartner, type HttpPartner } from '../support/http-partner.ts';

/** What others do wrong around the exchange: a typed answer, nothing lost, and nothing of theirs where it does not belong. */

const NAMES = { name: 'Nguyễn Thị Chim Yến', phone: '0909123987', address: '17 Đường Chim Hót', identityNumber: '079200123987', email: 'chim.yen@example.vn' };
const SAID = 'Nội dung mật chim-4711';
/** What a partner's system blurts out in its answers. */
const BLURTED = 'blurted-9c3e Traceback: password=hunter2';

const lines: string[] = [];
const problems: Problem[] = [];
let gateway: TestGateway;
let land: TestPartner;
let portal: TestPartner;
let desk: HttpPartner;
let deskPartner: TestPartner;

beforeAll(async () => {
  gateway = await startTestGateway({ log: createLog({ level: 'debug', write: (line) => void lines.push(line) }) });
  desk = await startHttpPartner({ secret: '', deduplicates: true });
  land = await gateway.addPartner('land', { agencies: ['H57.12'] });
  portal = await gateway.addPartner('portal', { agencies: ['H57.01'] });
  deskPartner = await gateway.addPartner('desk', { agencies: ['H57.02'], pushUrl: desk.url });
  desk.setSecret(deskPartner.webhookSecret ?? '');
});
afterAll(async () => {
  await gateway.close();
  await desk.close();
});

async function call<Body = Problem>(path: string, json: unknown, key: string | null = null, token = land.token): Promise<Answer<Body>> {
  const answer = await ask<Body>(gateway.url, path, { token, json, headers: key === null ? {} : { 'idempotency-key': key } });
  if (answer.status >= 400) problems.push(answer.body as Problem);
  return answer;
}
const opening = { agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu', applicant: NAMES };
const open = async (): Promise<string> => (await call<DossierView>('/v1/dossiers', opening)).body.code;
const send = (code: string, to: readonly string[], more: object = {}) => call<MessageView & Problem>(`/v1/dossiers/${code}/messages`, { type: 'dossier.progress', to, body: { note: SAID }, ...more });
const read = async (id: string): Promise<MessageView> => (await ask<MessageView>(gateway.url, `/v1/messages/${id}`, { token: land.token })).body;
const when = (id: string, state: string): Promise<MessageView> => eventually(() => read(id), ({ deliveries }) => deliveries[0]?.state === state, 40_000);

/** Raw bytes to the server, and everything it says until it hangs up. */
async function talk(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.end(bytes);
  return text(socket).catch(() => '');
}

describe('bodies', () => {
  it('of 100 MB are refused by their length alone, and those without a length when they are too long', async () => {
    const before = process.memoryUsage().rss;
    const head = `POST /v1/dossiers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${land.token}\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n`;
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(`${head}{"title":"`);
    const [said] = (await once(socket, 'data')) as [Buffer]; // answered while the rest has yet to come
    expect(said.toString()).toContain('HTTP/1.1 413 ');
    socket.destroy();
    let sentBytes = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sentBytes += 1024 * 1024;
        if (sentBytes > 100 * 1024 * 1024) controller.close();
        else controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
      },
    });
    const answer = await ask(gateway.url, '/v1/dossiers', { token: land.token, body: endless, headers: { 'content-type': 'application/json' } });
    expect(answer).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('cut in the middle record nothing, and leave the Idempotency-Key free for the whole one', async () => {
    const key = randomUUID();
    const whole = JSON.stringify({ ...opening, code: 'H57.12-261124-4242' });
    const head = `POST /v1/dossiers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${land.token}\r\nIdempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(whole)}\r\n\r\n`;
    await talk(head + whole.slice(0, 60));
    expect((await ask(gateway.url, '/v1/dossiers/H57.12-261124-4242', { token: land.token })).status).toBe(404);
    const [first, again] = [await call<DossierView>('/v1/dossiers', JSON.parse(whole), key), await call<DossierView>('/v1/dossiers', JSON.parse(whole), key)];
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
  });

  it('whose keys are names of the language change nothing, and reach the recipient as they were sent', async () => {
    const code = await open();
    expect((await send(code, ['H57.01'], { constructor: { prototype: { polluted: true } } })).body).toMatchObject({ status: 422, code: 'REQUEST_INVALID' });
    const raw = await ask(gateway.url, `/v1/dossiers/${code}/messages`, { token: land.token, body: '{"type":"dossier.progress","to":["H57.01"],"body":{"note":"x","own":{"__proto__":{"polluted":1}}}}', headers: { 'content-type': 'application/json' } });
    expect(raw.body).toMatchObject({ status: 400, code: 'REQUEST_MALFORMED' });
    const sent = await send(code, ['H57.01'], { body: { note: 'x', constructor: { prototype: { polluted: true } }, toString: 'x' } });
    expect([sent.status, ({} as { polluted?: unknown }).polluted]).toEqual([202, undefined]);
    const envelope = await eventually(() => ask<{ body: object }>(gateway.url, `/v1/inbox/${sent.body.messageId}`, { token: portal.token }), ({ status }) => status === 200);
    expect(JSON.stringify(envelope.body.body)).toContain('"constructor":{"prototype":{"polluted":true}}');
  });
});

describe('headers that hide a second request', () => {
  const chunked = (lines: string): string => `POST /v1/dossiers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n${lines}\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n`;
  it.each([
    ['a length and chunks', chunked('Content-Length: 5\r\nTransfer-Encoding: chunked')],
    ['chunks said twice', chunked('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity')],
    ['an encoding nobody knows', chunked('Transfer-Encoding: xchunked')],
    ['a blank before the colon', chunked('Transfer-Encoding : chunked')],
    ['a folded line', chunked('Transfer-Encoding:\r\n chunked\r\nX: a\r\n b')],
    ['a length with a sign', chunked('Content-Length: +5')],
    ['a bare line feed', 'POST /v1/dossiers HTTP/1.1\nHost: a\nContent-Length: 0\n\nGET /healthz HTTP/1.1\nHost: a\n\n'],
    ['a zero byte', chunked('X-Evil: a\0b')],
  ])('%s: no second answer, and no 200', async (_, bytes) => {
    const said = await talk(bytes);
    expect(said).not.toContain(' 200 OK');
    expect(said.split('HTTP/1.1 ').length).toBeLessThanOrEqual(3);
    expect((await ask(gateway.url, '/healthz')).status).toBe(200);
  });
});

describe('addresses', () => {
  it('of agencies whose route goes while messages wait: those go where they were going, new ones are refused', async () => {
    desk.setReaction(() => ({ apply: false, answer: { status: 503, headers: { 'retry-after': '1' } } }));
    const code = await open();
    const { body: waiting } = await send(code, ['H57.02']);
    await gateway.fresh.records.partners.removeRoute('H57.02' as never);
    expect((await send(code, ['H57.02'])).body).toMatchObject({ status: 422, code: 'AGENCY_UNKNOWN' });
    desk.setReaction(() => RECEIPT);
    await when(waiting.messageId, 'delivered');
    await gateway.fresh.records.partners.setRoute({ agencyCode: 'H57.02' as never, partnerId: deskPartner.id }, new Date());
  });
});

describe('answers to a push', () => {
  it('that confirm another message, or an earlier one again, are no receipt: parked, with nothing of what was said', async () => {
    const code = await open();
    desk.setReaction(() => RECEIPT);
    const first = (await send(code, ['H57.02'])).body;
    await when(first.messageId, 'delivered');
    const replayed = JSON.stringify({ messageId: first.messageId, manifestSha256: first.manifestSha256, reference: BLURTED });
    desk.setReaction(() => ({ apply: true, answer: { status: 200, headers: { 'content-type': 'application/json' }, body: replayed } }));
    const { deliveries } = await when((await send(code, ['H57.02'])).body.messageId, 'parked');
    expect(deliveries[0]).toMatchObject({ parkedReason: 'receipt-invalid', lastError: { code: 'RECEIPT_INVALID' } });
  });

  it('that say too much are told by their status alone', async () => {
    desk.setReaction(() => ({ apply: false, answer: { status: 422, headers: { 'content-type': 'text/plain', 'x-debug': BLURTED }, body: BLURTED } }));
    const { deliveries } = await when((await send(await open(), ['H57.02'])).body.messageId, 'parked');
    expect(deliveries[0]).toMatchObject({ parkedReason: 'refused', lastError: { code: 'PARTNER_REFUSED' } });
  });

  it('that are pages of a login or never end are no receipt either', async () => {
    desk.setReaction((_, attempt) => (attempt === 1 ? { apply: false, answer: { status: 200, headers: { 'content-type': 'text/html' }, body: `<html>${BLURTED}</html>` } } : RECEIPT));
    const { body } = await send(await open(), ['H57.02']);
    const after = await eventually(() => read(body.messageId), ({ deliveries }) => (deliveries[0]?.attempts ?? 0) > 0, 40_000);
    expect(after.deliveries[0]?.state === 'delivered' ? null : after.deliveries[0]?.lastError?.code).not.toBe('RECEIPT_INVALID');
  });
});

describe('canaries', () => {
  const secrets = (): readonly string[] => [land, portal, deskPartner].flatMap(({ token, webhookSecret }) => [token.slice(-43), ...(webhookSecret === null ? [] : [webhookSecret.replace('whsec_', '')])]);

  it('stand in no table, queue or log line, and in no problem: names, what was said, what partners blurted out, keys', async () => {
    const canaries = [...Object.values(NAMES), SAID, 'blurted-9c3e', 'hunter2', ...secrets()];
    expect(await tablesHolding(gateway.fresh.handle, canaries)).toEqual([]);
    const written = lines.join('\n') + JSON.stringify(problems);
    expect(lines.length).toBeGreaterThan(50);
    expect(problems.length).toBeGreaterThan(1);
    expect(canaries.filter((canary) => written.includes(canary) || written.includes(JSON.stringify(canary).slice(1, -1)))).toEqual([]);
  });

  it('would be found: what is not sealed is', async () => {
    expect(await tablesHolding(gateway.fresh.handle, ['Hồ sơ mẫu', 'PARTNER_REFUSED'])).not.toEqual([]);
  });
});
