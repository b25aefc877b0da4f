import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, schemeOf } from '../../certs/dev/identity.ts';
import { startSandboxVnpostMy, type SandboxVnpostMy } from '../../sandbox/vnpost-my/start.ts';
import { ERROR_FACTS } from '../../src/domain/errors.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import { SCOPES, type Scope } from '../../src/domain/partner.ts';
import { DEFAULT_ORDER_NUMBER } from '../../src/domain/postal-order.ts';
import type { DossierView } from '../../src/formats/api/dossiers.ts';
import type { JobView } from '../../src/formats/api/jobs.ts';
import type { MessageView } from '../../src/formats/api/messages.ts';
import type { PostalOrderView } from '../../src/formats/api/postal.ts';
import type { PreparedSignature } from '../../src/formats/api/prepared-signatures.ts';
import { problem, type Problem } from '../../src/formats/api/problem.ts';
import { problemCodesOf } from '../../src/http/openapi.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import type { Route } from '../../src/http/route.ts';
import { routesOf } from '../../src/http/routes/table.ts';
import { revokeApiKey, rotateApiKey } from '../../src/usecases/administer-api-keys.ts';
import { addSigningKey, grantKey } from '../../src/usecases/administer-keys.ts';
import { changePartner } from '../../src/usecases/administer-partners.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { ask, askRaw, startTestGateway, type Answer, type Ask, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { keptLog } from '../support/log.ts';
import { samplePdf } from '../support/pdf.ts';
import { vnpostMyAt } from '../support/postal-engine.ts';
import { requireTool } from '../support/tools.ts';

const ROUTES = routesOf('0.0.0-test');
const log = keptLog();

let carrier: SandboxVnpostMy;
let gateway: TestGateway;
let land: TestPartner;
let stranger: TestPartner;
/** Things that belong to `land`, whom the matrix tries to take them from. */
let owned: Readonly<Record<string, string>>;

beforeAll(async () => {
  carrier = await startSandboxVnpostMy({ way: [] });
  gateway = await startTestGateway({ log, accounts: () => [{ carrier: vnpostMyAt(carrier.url, { webhookKeyPem: carrier.webhookKeyPem }), orderNumberTemplate: DEFAULT_ORDER_NUMBER, pollMs: 3_600_000 }] });
  land = await gateway.addPartner('land-registry', { agencies: ['H57.12'] });
  await gateway.addPartner('one-stop', { agencies: ['H57.01'] });
  stranger = await gateway.addPartner('stranger', { agencies: ['H57.30'] });
  owned = await belongings();
});
afterAll(async () => {
  await gateway.close();
  await carrier.close();
});

const opening = { agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu', applicant: { name: 'Trần Thị Mẫu Bí Mật' } };

const party = (name: string, provinceCode: string, communeCode: string): object => ({ name, phone: '0900000000', address: { line: '1 Đường Thử Nghiệm', provinceCode, communeCode } });
const delivery = (dossierCode: string | undefined): object => ({ dossierCode, carrier: 'post-vnpost-my', leg: 'DELIVER_RESULT', sender: party('A', '46', '19777'), recipient: party('B', '48', '20000'), contents: [{ title: 'Kết quả' }] });

/** By the id of each kind of thing that a route may name. */
async function belongings(): Promise<Readonly<Record<string, string>>> {
  const dossier = await ask<DossierView>(gateway.url, '/v1/dossiers', { token: land.token, json: opening });
  const document = await ask<{ id: string }>(gateway.url, '/v1/documents', { token: land.token, body: 'giấy tờ' });
  const message = await ask<MessageView>(gateway.url, `/v1/dossiers/${dossier.body.code}/messages`, { token: land.token, json: { type: 'dossier.progress', to: ['H57.01'] } });
  const upload = await ask<{ id: string }>(gateway.url, '/v1/uploads', { token: land.token, method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': '100' } });
  const order = await ask<PostalOrderView>(gateway.url, '/v1/postal-orders', { token: land.token, json: delivery(dossier.body.code) });
  const { officer } = await createDevPki({ now: new Date(), baseUrl: 'http://127.0.0.1:9' });
  const ports = { ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) };
  await addSigningKey(ports, 'operator:test', { id: 'officer' as KeyId, purpose: 'document', scheme: schemeOf(officer.privateKey), privateKeyPkcs8Der: privateKeyDerOf(officer.privateKey), chainDer: officer.chainDer, picturePng: null });
  await grantKey(ports, 'operator:test', land.id, 'officer' as KeyId);
  const job = await ask<JobView>(gateway.url, '/v1/signature-batches', { token: land.token, json: { documents: [document.body.id], options: { keyId: 'officer' } } });
  const form = new FormData();
  form.set('options', JSON.stringify({ certificate: Buffer.from(officer.certificateDer).toString('base64') }));
  form.set('document', new Blob([new Uint8Array(await samplePdf())]), 'a.pdf');
  const prepared = await ask<PreparedSignature>(gateway.url, '/v1/signatures/prepare', { token: land.token, body: form });
  const made = { dossier: dossier.body.code, document: document.body.id, message: message.body.messageId, upload: upload.body.id, order: order.body.id, job: job.body.id, prepared: prepared.body.id };
  expect(Object.entries(made).filter(([, id]) => typeof id !== 'string')).toEqual([]);
  return made;
}

/** What `{id}` of a route's address is the id of. */
const KINDS: readonly (readonly [prefix: string, kind: string])[] = [
  ['/v1/documents', 'document'],
  ['/v1/uploads', 'upload'],
  ['/v1/postal-orders', 'order'],
  ['/v1/jobs', 'job'],
  ['/v1/signatures', 'prepared'],
];

/** The route's address with things of `land` in it. */
function pathOf({ path }: Route): string {
  const kind = KINDS.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'message';
  return path.replace('/v1/admin/partners/{code}', '/v1/admin/partners/one-stop').replace('{agencyCode}', 'H57.77').replace('{code}', owned['dossier'] ?? '').replace(/\{\w+\}/, owned[kind] ?? '');
}

/** A body that is right in form, so that nothing but authorisation stands in the way. */
function requestFor({ method, path, body }: Route): Ask {
  if (body === null) return { method, headers: { 'tus-resumable': '1.0.0' } };
  if (path.startsWith('/v1/uploads')) return { method, body: 'giấy tờ', headers: { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream', 'upload-length': '100', 'upload-offset': '0' } };
  if (body.kind === 'bytes') return { method, body: 'giấy tờ' };
  if (body.kind === 'multipart') {
    const form = new FormData();
    form.set('document', new Blob(['%PDF-1.7']), 'a.pdf');
    if ('options' in body.fields && path === '/v1/signatures') form.set('options', JSON.stringify({ keyId: 'officer' }));
    return { method, body: form };
  }
  const bodies: Readonly<Record<string, unknown>> = {
    '/v1/dossiers': opening,
    '/v1/dossiers/{code}/messages': { type: 'dossier.progress', to: ['H57.01'] },
    '/v1/inbox/{messageId}/receipt': { messageId: owned['message'], manifestSha256: 'ab'.repeat(32) },
    '/v1/postal-orders/{id}/entries': { entry: 'POST_TO_CITIZEN', occurredAt: '2026-11-24T02:00:00.000Z' },
    '/v1/postal-orders/{id}/address': { end: 'recipient', address: { line: '1 Đường Thử Nghiệm', provinceCode: '46' }, verifiedBy: 'officer' },
    '/v1/postal-orders/quote': delivery(owned['dossier']),
    '/v1/signatures/{id}/complete': { value: 'AAAA' },
    '/v1/signature-batches': { documents: [owned['document']], options: { keyId: 'officer' } },
    '/v1/postal-orders': delivery(owned['dossier']),
    '/v1/admin/alarms/{id}/acknowledge': { note: 'seen' },
    '/v1/admin/partners': { id: 'added-by-the-matrix', name: 'System', mode: 'pull' },
    '/v1/admin/partners/{code}': { name: 'System one-stop' },
    '/v1/admin/partners/{code}/webhook-secret': {},
    '/v1/admin/partners/{code}/api-keys': { scopes: ['inbox:read'] },
    '/v1/admin/partners/{code}/api-keys/{id}/rotate': {},
    '/v1/admin/partners/{code}/keys': { keyId: 'k', pem: 'none' },
    '/v1/admin/partners/{code}/keys/revoke': { keyId: 'k' },
    '/v1/admin/routes/{agencyCode}': { partnerId: 'one-stop' },
    '/v1/admin/deliveries/{id}/replay': { note: 'seen' },
    '/v1/admin/deliveries/{id}/adopt': { note: 'seen' },
    '/v1/admin/deliveries/{id}/skip': { note: 'seen' },
    '/v1/admin/deliveries/{id}/cancel': { note: 'seen' },
    '/v1/admin/deliveries/{id}/supersede': { note: 'seen', replacement: owned['message'] },
    '/v1/admin/deliveries/replay': { recipient: 'nobody', since: '2026-11-24T02:00:00.000Z', note: 'seen' },
  };
  return { method, json: bodies[path] };
}

const askRoute = (route: Route, token: string | undefined): Promise<Response> => askRaw(gateway.url, pathOf(route), { ...requestFor(route), token });
const named = (routes: readonly Route[]): readonly (readonly [string, Route])[] => routes.map((route) => [`${route.method} ${route.path}`, route]);
const CLOSED = named(ROUTES.filter(({ scope }) => scope !== null));
/** Of the open ones, that where carriers call belongs to no tenant: http-post.test.ts tries it. What `admin` opens is the gateway's, not a tenant's. */
const DEPENDS_ON_TENANT = named(ROUTES.filter(({ path, scope }) => path.includes('{') && scope !== null && scope !== 'admin'));

describe('every route × scope × tenant, from the table', () => {
  it.each(CLOSED)('%s: no key, a wrong key, a key of the wrong form → 401', async (_, route) => {
    const wrongSecret = `${land.token.slice(0, -3)}xyz`;
    for (const token of [undefined, 'x', wrongSecret, `lt_${'0'.repeat(32)}_${'A'.repeat(43)}`, `${land.token}x`, land.token.toUpperCase()]) {
      const response = await askRoute(route, token);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="lienthong"']);
      expect(await response.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it.each(CLOSED)('%s: a key with every scope but its own → 403, which names it', async (_, route) => {
    const token = await gateway.issueKey(land, SCOPES.filter((scope) => scope !== route.scope));
    const response = await askRoute(route, token);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'SCOPE_MISSING', detail: expect.stringContaining(`"${route.scope}"`) as string });
  });

  it.each(CLOSED)('%s: its own scope alone is enough', async (_, route) => {
    const token = await gateway.issueKey(land, [route.scope as Scope]);
    const response = await askRoute(route, token);
    const code = response.ok ? 'none' : ((await response.json()) as Problem).code;
    expect(['UNAUTHENTICATED', 'SCOPE_MISSING']).not.toContain(code);
  });

  it.each(DEPENDS_ON_TENANT)('%s: what belongs to another partner → 404, whatever the scopes', async (_, route) => {
    const response = await askRoute(route, stranger.token);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: expect.stringMatching(/_NOT_FOUND$/) as string });
  });

  it('lists show nothing of another partner', async () => {
    for (const path of ['/v1/dossiers', '/v1/inbox', '/v1/keys']) {
      const { status, body } = await ask<object>(gateway.url, path, { token: stranger.token });
      expect([status, JSON.stringify(body).includes(owned['dossier'] ?? '-')]).toEqual([200, false]);
    }
  });

  const LOG_TILES = ['{a}', '{a}/{b}', '{a}/{b}/{c}', '{a}/{b}/{c}/{d}', '{a}/{b}/{c}/{d}/{e}'].map((number) => `/v1/log/tile/{level}/${number}`);

  it('leaves nothing open but operation, what uploads can, the public keys, what the log shows everybody, the page for everybody, the desk with a session of its own, and where carriers call by their signature', () => {
    expect(ROUTES.filter(({ scope }) => scope === null).map(({ path }) => path)).toEqual(['/v1/uploads', '/v1/webhook-keys', '/verify', '/verify', '/v1/carriers/{carrier}/events', '/v1/log/checkpoint', '/v1/log/proof/consistency', ...LOG_TILES, '/console/messages', '/console/messages', '/console/post', '/console/post', '/v1', '/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']);
  });
});

describe('an API key', () => {
  const ports = (): Parameters<typeof revokeApiKey>[0] => ({ records: gateway.fresh.records, clock: systemClock, chance: systemChance(systemClock) });
  const idOf = (token: string): string => (/^lt_([0-9a-f]{32})_/.exec(token)?.[1] ?? '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const status = async (token: string): Promise<number> => (await askRaw(gateway.url, '/v1/keys', { token })).status;

  it('is known by its hash only', async () => {
    const { rows } = await gateway.fresh.handle.pool.query<{ row: string }>('SELECT row_to_json(api_key)::text AS row FROM api_key');
    expect(rows.some(({ row }) => row.includes(land.token.slice(-43)))).toBe(false);
  });

  it('that is revoked, or whose partner is suspended, opens nothing', async () => {
    const partner = await gateway.addPartner('short-lived');
    expect(await status(partner.token)).toBe(200);
    await changePartner(ports(), 'operator:test', partner.id, { status: 'suspended' });
    expect(await status(partner.token)).toBe(401);
    await changePartner(ports(), 'operator:test', partner.id, { status: 'active' });
    await revokeApiKey(ports(), 'operator:test', idOf(partner.token));
    expect(await status(partner.token)).toBe(401);
  });

  it('is followed by another without a gap: both are valid during the overlap, and the old one can be ended early', async () => {
    const partner = await gateway.addPartner('rotating');
    const { token } = await rotateApiKey(ports(), 'operator:test', partner.id, idOf(partner.token), 3_600_000);
    expect([await status(partner.token), await status(token)]).toEqual([200, 200]);
    await revokeApiKey(ports(), 'operator:test', idOf(partner.token));
    expect([await status(partner.token), await status(token)]).toEqual([401, 200]);
    const { token: third } = await rotateApiKey(ports(), 'operator:test', partner.id, idOf(token), 0);
    expect([await status(token), await status(third)]).toEqual([401, 200]);
  });

  it('leaves a trail of who issued and ended it', async () => {
    const partner = await gateway.addPartner('audited');
    await revokeApiKey(ports(), 'operator:test', idOf(partner.token));
    const trail = await gateway.fresh.records.audit.of(`api-key:${idOf(partner.token)}`, 10);
    expect(trail.map(({ actor, action }) => `${actor} ${action}`)).toEqual(['operator:test revoke-api-key', 'operator:test issue-api-key']);
  });
});

const post = (path: string, body: string | Buffer, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }): Promise<Answer<Problem>> =>
  ask(gateway.url, path, { token: land.token, body, headers });

describe('bad input', () => {
  it.each([
    ['malformed JSON', '{"agencyCode": ', {}, 400, 'REQUEST_MALFORMED'],
    ['an empty body', '', {}, 400, 'REQUEST_MALFORMED'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), {}, 400, 'REQUEST_MALFORMED'],
    ['half a surrogate pair (RFC 7493 §2.1)', '{"agencyCode":"\\ud800"}', {}, 400, 'REQUEST_MALFORMED'],
    ['JSON a hundred thousand levels deep', '['.repeat(100_000) + ']'.repeat(100_000), {}, 400, 'REQUEST_MALFORMED'],
    ['a key that reaches for the prototype', '{"agencyCode":"H57.12","__proto__":{"polluted":true}}', {}, 400, 'REQUEST_MALFORMED'],
    ['the same below', '{"agencyCode":"H57.12","procedure":{"\\u005f_proto__":{"polluted":true}}}', {}, 400, 'REQUEST_MALFORMED'],
    ['another media type', 'agencyCode=H57.12', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['another charset', '{}', { 'content-type': 'application/json; charset=utf-16' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a compressed body', '{}', { 'content-encoding': 'gzip' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['an array', '[]', {}, 422, 'REQUEST_INVALID'],
  ] as const)('%s', async (_, body, headers, status, code) => {
    expect(await post('/v1/dossiers', body, { 'content-type': 'application/json', ...headers })).toMatchObject({ status, body: { code, status, origin: 'caller', retryable: false } });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('too much JSON, announced or not, is refused before it is read to the end', async () => {
    const large = JSON.stringify({ title: 'x'.repeat(2 * 1024 * 1024) });
    expect(await post('/v1/dossiers', large)).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
    const chunked = new ReadableStream({
      pull(controller) {
        controller.enqueue(Buffer.alloc(64 * 1024, 0x20));
      },
    });
    const endless = await ask(gateway.url, '/v1/dossiers', { token: land.token, body: chunked, headers: { 'content-type': 'application/json' } });
    expect(endless).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  });

  it('names everything that is wrong by its pointer (RFC 6901), and takes nothing it does not know', async () => {
    const { body } = await post('/v1/dossiers', JSON.stringify({ agencyCode: 'nowhere', procedure: { code: 1 }, title: 'a\u202eb', 'x/y~z': 1 }));
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining(['/agencyCode', '/procedure/code', '/procedure/name', '/title', '']));
  });

  it.each([
    ['/v1/dossiers?limit=0', 'REQUEST_INVALID', '/query/limit'],
    ['/v1/dossiers?limit=5&limit=6', 'REQUEST_INVALID', '/query/limit'],
    ['/v1/dossiers?colour=red', 'REQUEST_INVALID', '/query'],
    ['/v1/documents/not-a-uuid', 'REQUEST_INVALID', '/path/id'],
    ['/v1/inbox?after=-1', 'REQUEST_INVALID', '/query/after'],
  ])('%s → %s', async (path, code, pointer) => {
    expect((await ask(gateway.url, path, { token: land.token })).body).toMatchObject({ status: 422, code, errors: [{ pointer }] });
  });

  it('codes that are none', async () => {
    expect((await ask(gateway.url, '/v1/dossiers/H57.12-261332-0001', { token: land.token })).body).toMatchObject({ status: 422, code: 'DOSSIER_CODE_INVALID' });
    expect((await ask(gateway.url, '/v1/dossiers/%E0%A4%A', { token: land.token })).body).toMatchObject({ status: 400, code: 'REQUEST_MALFORMED' });
  });

  it('addresses and methods there are not', async () => {
    expect((await ask(gateway.url, '/v1/nowhere', { token: land.token })).body).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
    expect((await ask(gateway.url, '/V1/keys', { token: land.token })).body).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
    const wrongMethod = await ask(gateway.url, '/v1/dossiers', { token: land.token, method: 'DELETE' });
    expect(wrongMethod).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(wrongMethod.headers.get('allow')).toBe('POST, GET, HEAD');
  });

  it('an Idempotency-Key that is none', async () => {
    for (const key of ['a'.repeat(256), 'có dấu'.normalize('NFC').replaceAll('ó', 'o').replaceAll('ấ', '"'), '']) {
      const { body } = await post('/v1/dossiers', JSON.stringify(opening), { 'content-type': 'application/json', 'idempotency-key': key });
      expect(body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [{ pointer: '/header/idempotency-key' }] });
    }
  });

  it('10,000 recipients, a body of a message above its cap', async () => {
    const path = `/v1/dossiers/${owned['dossier']}/messages`;
    const many = { type: 'dossier.progress', to: Array.from({ length: 10_000 }, () => 'H57.01') };
    expect((await post(path, JSON.stringify(many))).body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [{ pointer: '/to' }] });
    const large = { type: 'dossier.progress', to: ['H57.01'], body: { own: 'x'.repeat(300 * 1024) } };
    expect((await post(path, JSON.stringify(large))).body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [{ pointer: '/body' }] });
  });

  it.each([
    ['no boundary', 'x', 'multipart/form-data', 400, 'REQUEST_MALFORMED'],
    ['a body that ends early', '--b\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n%PDF', 'multipart/form-data; boundary=b', 400, 'REQUEST_MALFORMED'],
    ['a part nobody knows', '--b\r\nContent-Disposition: form-data; name="pin"\r\n\r\n1234\r\n--b--\r\n', 'multipart/form-data; boundary=b', 422, 'REQUEST_INVALID'],
    ['no document', '--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{"keyId":"officer"}\r\n--b--\r\n', 'multipart/form-data; boundary=b', 422, 'REQUEST_INVALID'],
    ['the document twice', `${'--b\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n%PDF\r\n'.repeat(2)}--b--\r\n`, 'multipart/form-data; boundary=b', 422, 'REQUEST_INVALID'],
    ['options that are not JSON', '--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{\r\n--b\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n%PDF\r\n--b--\r\n', 'multipart/form-data; boundary=b', 400, 'REQUEST_MALFORMED'],
    ['10,000 parts', `${'--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{}\r\n'.repeat(10_000)}--b--\r\n`, 'multipart/form-data; boundary=b', 422, 'REQUEST_INVALID'],
    ['a file name that is a path, of which the last part is taken', '--b\r\nContent-Disposition: form-data; name="document"; filename*=utf-8\'\'a%5Cb.pdf\r\n\r\n%PDF\r\n--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{"keyId":"another"}\r\n--b--\r\n', 'multipart/form-data; boundary=b', 403, 'KEY_NOT_GRANTED'],
    ['something else than multipart', '{}', 'application/json', 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ] as const)('a signature asked for with %s', async (_, body, contentType, status, code) => {
    expect(await post('/v1/signatures', body, { 'content-type': contentType })).toMatchObject({ status, body: { code } });
  });

  it('a key or passphrase in a request is not taken (invariant 10)', async () => {
    const form = new FormData();
    form.set('options', JSON.stringify({ keyId: 'officer', passphrase: 'canary-5f1c' }));
    form.set('document', new Blob(['%PDF-1.7']), 'a.pdf');
    const { body } = await ask(gateway.url, '/v1/signatures', { token: land.token, body: form });
    expect(body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [{ pointer: '/options' }] });
    expect(JSON.stringify([body, log.lines])).not.toContain('canary-5f1c');
  });
});

/** Raw bytes to the server, and everything it says until it hangs up. */
function talk(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.end(bytes);
  return text(socket);
}

describe('on the wire', () => {
  it.each([
    ['content-length and chunked together (request smuggling)', 'POST /v1/dossiers HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['two different lengths', 'POST /v1/dossiers HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde', 400],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['something that is not HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['17 KB of headers', `GET /healthz HTTP/1.1\r\nHost: a\r\nX-Large: ${'x'.repeat(17 * 1024)}\r\n\r\n`, 431],
  ])('%s → %i', async (_, bytes, status) => {
    const said = await talk(bytes);
    expect(said).toContain(`HTTP/1.1 ${status} `);
    expect(said).not.toContain(' 200 OK');
  });

  it('an upload cut in the middle leaves nothing behind, and the server well', async () => {
    const head = `POST /v1/documents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${land.token}\r\nContent-Length: 1000000\r\n\r\n`;
    await Promise.all(Array.from({ length: 20 }, () => talk(`${head}${'x'.repeat(10_000)}`)));
    expect((await ask(gateway.url, '/healthz')).status).toBe(200);
    await expect.poll(() => readdirSync(join(gateway.documentsPath, 'incoming'))).toEqual([]);
  });

  it('answers carry no name of the software, and tell browsers to keep out', async () => {
    const response = await askRaw(gateway.url, '/v1/keys', { token: land.token });
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none';frame-ancestors 'none'", 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect([headers['x-powered-by'], headers['server'], headers['etag']]).toEqual([undefined, undefined, undefined]);
  });
});

describe('a problem (RFC 9457)', () => {
  it('has every member, in the language asked for', async () => {
    for (const [language, title] of [['vi', 'Không có hồ sơ này'], ['en', 'There is no such dossier'], ['vi-VN,en;q=0.5', 'Không có hồ sơ này'], ['fr', 'There is no such dossier']] as const) {
      const { headers, body } = await ask(gateway.url, `/v1/dossiers/${owned['dossier']}`, { token: stranger.token, headers: { 'accept-language': language } });
      expect(problem.strict().parse(body)).toMatchObject({ type: '/problems/dossier-not-found', title, status: 404, instance: `/v1/dossiers/${owned['dossier']}`, origin: 'caller', retryable: false, errors: [], traceId: headers.get('x-request-id') });
      expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    }
  });

  it('tells nothing of our own mistakes, and the log everything', async () => {
    const pool = gateway.fresh.handle.pool;
    await pool.query('ALTER TABLE dossier RENAME TO dossier_away');
    try {
      const { status, body } = await ask(gateway.url, '/v1/dossiers', { token: land.token, json: { ...opening, title: 'canary-title' } });
      expect([status, body.code]).toEqual([500, 'INTERNAL']);
      expect(body.detail).not.toMatch(/dossier|relation|SQL/i);
      const line = log.lines.find(({ event, attributes }) => event === 'http.failed' && attributes['traceId'] === body.traceId);
      expect(line).toMatchObject({ level: 'error', attributes: { code: 'INTERNAL', status: 500 } });
    } finally {
      await pool.query('ALTER TABLE dossier_away RENAME TO dossier');
    }
  });

  it('writes no personal data and no secret to the log', () => {
    const written = JSON.stringify(log.lines.map(({ level, event, attributes, error }) => ({ level, event, attributes, error: error instanceof Error ? error.message : error })));
    expect(log.lines.length).toBeGreaterThan(100);
    for (const canary of ['Trần Thị Mẫu Bí Mật', land.token.slice(-43), owned['dossier'] ?? '-']) expect(written).not.toContain(canary);
  });

  it('every code has its status, two titles and an address of its own', () => {
    expect(Object.keys(PROBLEMS).sort()).toEqual(Object.keys(ERROR_FACTS).sort());
    for (const { status, title } of Object.values(PROBLEMS)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect([title.vi.length, title.en.length].every((length) => length > 5)).toBe(true);
    }
  });
});

describe('GET /openapi.json', () => {
  interface Operation {
    readonly operationId: string;
    readonly security: readonly object[];
    readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
    readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
    readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>>;
  }
  interface Description {
    readonly openapi: string;
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly securitySchemes: object };
  }
  let description: Description;
  beforeAll(async () => {
    description = (await ask<Description>(gateway.url, '/openapi.json')).body;
  });

  it('is valid by a validator of other people', async () => {
    expect(await new Validator().validate({ ...structuredClone(description) })).toMatchObject({ valid: true });
    expect(await new Validator().validate({ ...structuredClone(description), paths: { '/x': { get: { responses: 7 } } } })).toMatchObject({ valid: false });
  });

  it('describes exactly the routes there are', () => {
    const described = Object.entries(description.paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`));
    expect(described.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
    expect(description.openapi).toBe('3.1.0');
    expect(Object.keys(description.components.schemas)).toContain('WebhookPayload');
  });

  it('gives every operation its parameters, body, answer, problems and scope', () => {
    for (const route of ROUTES) {
      const operation = description.paths[route.path]?.[route.method.toLowerCase()];
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(operation?.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(inPath);
      expect(operation?.parameters.some(({ name }) => name === 'Idempotency-Key')).toBe(route.idempotent);
      expect(operation?.security).toEqual(route.scope === null ? [] : [{ apiKey: [route.scope] }]);
      expect(operation?.requestBody === undefined).toBe(route.body === null);
      const statuses = new Set([String(route.answer.status), ...('accepted' in route.answer ? ['202'] : []), ...problemCodesOf(route).map((code) => String(PROBLEMS[code].status))]);
      expect(Object.keys(operation?.responses ?? {}).sort()).toEqual([...statuses].sort());
    }
  });

  it('refers to nothing that is not there, and leaves no schema empty', () => {
    const written = JSON.stringify(description);
    const references = [...written.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target = '']) => target);
    expect(references.length).toBeGreaterThan(40);
    for (const target of references) expect(Object.keys(description.components.schemas)).toContain(target.replace('#/components/schemas/', ''));
    for (const [name, schema] of Object.entries(description.components.schemas)) expect(Object.keys(schema as object), name).not.toEqual([]);
    for (const operations of Object.values(description.paths)) {
      for (const { parameters } of Object.values(operations)) for (const { name, schema } of parameters) expect(Object.keys(schema), name).not.toEqual([]);
    }
  });
});

describe('GET /docs', () => {
  it.each(['vi', 'en'] as const)('shows every operation and every schema, each reference leading somewhere, under a policy that lets nothing run (%s)', async (language) => {
    const page = await askRaw(gateway.url, `/docs?lang=${language}`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/);
    expect(html).toContain(`<html lang="${language}">`);
    for (const { operationId } of ROUTES) expect(html).toContain(`<article id="${operationId}">`);
    const places = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const leads = [...html.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
    expect(leads.length).toBeGreaterThan(100);
    expect(leads.filter((id) => !places.has(id))).toEqual([]);
    expect(html).not.toMatch(/<script|https?:\/\/|undefined|NaN/);
  });

  it.skipIf(!requireTool('curl'))('gives calls that work as they stand: the first of a dossier, copied', async () => {
    const html = await (await askRaw(gateway.url, '/docs?lang=en')).text();
    const example = /id="openDossier".*?<pre[^>]*>(.*?)<\/pre>/s.exec(html)?.[1]?.replaceAll('&quot;', '"').replaceAll('&#39;', "'") ?? '';
    const run = await promisify(execFile)('bash', ['-c', `curl() { command curl -s "$@"; }; uuidgen() { echo copied-from-docs; }; ${example}`], { env: { ...process.env, GATEWAY: gateway.url, API_KEY: land.token } });
    expect(JSON.parse(run.stdout)).toMatchObject({ state: 'open', owner: land.id });
  });
});
