import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type GatewayClient, type Schemas } from '../../client/index.ts';
import { SCOPES } from '../../src/domain/partner.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { RECEIPT, startHttpPartner, type HttpPartner } from '../support/http-partner.ts';

/** `/v1/admin`: what the command line does, over the wire and through the typed client. */

let gateway: TestGateway;
let operator: TestPartner;
let land: TestPartner;
let admin: GatewayClient['api'];
let sender: GatewayClient;

beforeAll(async () => {
  gateway = await startTestGateway({ settings: { LIENTHONG_PUBLIC_URL: 'https://lienthong.example.vn' } });
  operator = await gateway.addPartner('operator', { scopes: ['admin'] });
  land = await gateway.addPartner('land', { agencies: ['H57.12'] });
  admin = createClient({ url: gateway.url, apiKey: operator.token, attempts: 1 }).api;
  sender = createClient({ url: gateway.url, apiKey: land.token, attempts: 1 });
});
afterAll(() => gateway.close());

const once = (key: string) => ({ 'Idempotency-Key': key });
const trail = async (subject: string): Promise<string[]> => (await gateway.fresh.records.audit.of(subject, 50)).map(({ actor, action }) => `${actor.replace(/-[0-9a-f-]{36}$/, '')} ${action}`).toReversed();
const opensWith = async (token: string): Promise<number> => (await askRaw(gateway.url, '/v1/dossiers', { token })).status;
const refusal = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'taken', (error: unknown) => (error as { readonly code?: string }).code);

describe('systems', () => {
  it('are added once per Idempotency-Key, whose secret is shown again and not made anew', async () => {
    const body = { id: 'portal', name: 'Cổng dịch vụ công mẫu', mode: 'push', url: 'https://portal.example.vn/hook' } as const;
    const add = () => admin.POST('/v1/admin/partners', { params: { header: once('add-portal') }, body });
    const [first, again] = [await add(), await add()];
    expect(first.data).toMatchObject({ partner: { id: 'portal', mode: 'push', repeat: 'key', status: 'active' }, webhookSecret: expect.stringMatching(/^whsec_/) as string });
    expect(again.data).toEqual(first.data);
    expect([first.response.status, first.response.headers.get('location'), again.response.headers.get('idempotency-replayed')]).toEqual([201, '/v1/admin/partners/portal', 'true']);
    expect(await refusal(admin.POST('/v1/admin/partners', { params: { header: once('another') }, body }))).toBe('PARTNER_EXISTS');
    expect(await refusal(admin.POST('/v1/admin/partners', { params: { header: once('add-portal') }, body: { ...body, name: 'X' } }))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await trail('partner:portal')).toEqual(['operator:key add-partner']);
    const { rows } = await gateway.fresh.handle.pool.query<{ row: string; days: string }>("SELECT row_to_json(idempotency)::text AS row, extract(epoch FROM expires_at - now())::int / 86400.0 AS days FROM idempotency WHERE key = 'add-portal'");
    expect(rows.map(({ days }) => Math.round(Number(days)))).toEqual([1]);
    expect(rows.some(({ row }) => row.includes(first.data?.webhookSecret ?? '-'))).toBe(false);
  });

  it('are changed in all that was asked, or in nothing', async () => {
    const patch = (body: Schemas['PartnerChange']) => admin.PATCH('/v1/admin/partners/{code}', { params: { path: { code: 'portal' } }, body });
    const pace = { concurrency: 3, retryDelaysMs: [5_000, 30_000], breaker: { failures: 3, firstOpenMs: 1_000, longestOpenMs: 60_000 } };
    const changed = await patch({ url: 'https://portal.example.vn/moved', payload: 'thin', accepts: { 'dossier.fee': [1, 2] }, callRate: { perSecond: 5, burst: 10 }, deliveryLimits: { ratePerSecond: 2, burst: 4 }, pace, status: 'suspended' });
    expect(changed.data).toMatchObject({ url: 'https://portal.example.vn/moved', payload: 'thin', accepts: { 'dossier.fee': [1, 2] }, callRate: { perSecond: 5, burst: 10 }, deliveryLimits: { ratePerSecond: 2, burst: 4 }, pace, status: 'suspended', circuit: 'closed', agencyCodes: [], parked: 0 });
    expect(await refusal(patch({ name: 'Tên khác', requiresSignature: true }))).toBe('STATE_CONFLICT');
    expect(await refusal(patch({ name: 'Tên khác', url: 'ftp://portal.example.vn' }))).toBe('URL_FORBIDDEN');
    const { data } = await patch({ status: 'active', pace: null, callRate: null });
    expect(data).toMatchObject({ name: 'Cổng dịch vụ công mẫu', requiresSignature: false, status: 'active', pace: {}, callRate: null, url: 'https://portal.example.vn/moved' });
    expect((await admin.GET('/v1/admin/partners/{code}', { params: { path: { code: 'portal' } } })).data).toEqual(data);
    expect((await admin.GET('/v1/admin/partners')).data?.partners.map(({ id }) => id)).toEqual(['land', 'operator', 'portal']);
  });

  it.each([
    ['nothing', {}, '/'],
    ['a setting there is not', { name: 'X', colour: 'red' }, '/'],
    ['a version there is not', { accepts: { 'dossier.fee': [9] } }, '/accepts/dossier.fee'],
    ['a rate of nothing', { deliveryLimits: { ratePerSecond: 0 } }, '/deliveryLimits/ratePerSecond'],
    ['no waits', { pace: { retryDelaysMs: [] } }, '/pace/retryDelaysMs'],
  ])('are not changed by %s', async (_, json, pointer) => {
    const { status, body } = await ask(gateway.url, '/v1/admin/partners/portal', { method: 'PATCH', token: operator.token, json });
    expect({ status, code: body.code, at: body.errors.map((fault) => fault.pointer) }).toEqual({ status: 422, code: 'REQUEST_INVALID', at: [pointer === '/' ? '' : pointer] });
  });

  it('get a new secret, shown again under the same key, and are let in again only when they were gone', async () => {
    const renew = () => admin.POST('/v1/admin/partners/{code}/webhook-secret', { params: { path: { code: 'portal' }, header: once('renew-1') }, body: { overlapHours: 2 } });
    expect((await renew()).data).toEqual((await renew()).data);
    expect(await gateway.fresh.records.partners.webhookSecretsSealed('portal' as TestPartner['id'], new Date())).toHaveLength(2);
    const enable = () => admin.POST('/v1/admin/partners/{code}/enable', { params: { path: { code: 'portal' } } });
    expect(await refusal(enable())).toBe('STATE_CONFLICT');
    await gateway.fresh.records.partnerStates.disable('portal' as TestPartner['id'], new Date());
    expect((await enable()).data?.circuit).toBe('closed');
  });

  it('are told how to begin, with the gateway’s own address and no secret', async () => {
    const response = await askRaw(gateway.url, '/v1/admin/partners/portal/onboarding?lang=en', { token: operator.token });
    const text = await response.text();
    expect([response.headers.get('content-type'), text]).toEqual(['text/markdown; charset=utf-8', expect.stringContaining("export GATEWAY='https://lienthong.example.vn'") as string]);
    expect(text).not.toMatch(/whsec_[A-Za-z0-9+/]{20}|lt_[0-9a-f]{32}/);
  });

  it('that are not there are told as such, whatever was asked', async () => {
    for (const [method, path, json] of [['GET', '', undefined], ['PATCH', '', { name: 'X' }], ['GET', '/onboarding', undefined], ['GET', '/api-keys', undefined], ['POST', '/api-keys', { scopes: ['inbox:read'] }], ['GET', '/keys', undefined], ['POST', '/enable', undefined], ['POST', '/test', undefined]] as const) {
      expect((await ask(gateway.url, `/v1/admin/partners/nobody${path}`, { method, token: operator.token, json })).body).toMatchObject({ status: 404, code: 'PARTNER_NOT_FOUND' });
    }
  });
});

describe('routes', () => {
  const set = (agencyCode: string, partnerId: string) => admin.PUT('/v1/admin/routes/{agencyCode}', { params: { path: { agencyCode } }, body: { partnerId } });
  it('are set, moved and removed, as often as one says so', async () => {
    for (const owner of ['portal', 'portal', 'land']) expect((await set('H57.44', owner)).data).toEqual({ agencyCode: 'H57.44', partnerId: owner });
    expect((await admin.GET('/v1/admin/routes')).data?.routes).toContainEqual({ agencyCode: 'H57.44', partnerId: 'land' });
    for (const _ of [1, 2]) expect((await admin.DELETE('/v1/admin/routes/{agencyCode}', { params: { path: { agencyCode: 'H57.44' } } })).response.status).toBe(204);
    expect((await admin.GET('/v1/admin/routes')).data?.routes.map(({ agencyCode }) => agencyCode)).not.toContain('H57.44');
    expect(await refusal(set('H57.44', 'nobody'))).toBe('PARTNER_NOT_FOUND');
    expect(await refusal(set('nowhere', 'land'))).toBe('REQUEST_INVALID');
  });
});

describe('API keys', () => {
  const path = { code: 'land' };
  it('are issued, listed, followed by a successor and revoked', async () => {
    const issue = () => admin.POST('/v1/admin/partners/{code}/api-keys', { params: { path, header: once('issue-1') }, body: { scopes: ['dossiers:read'], label: 'nightly' } });
    const [first, again] = [(await issue()).data, (await issue()).data];
    expect(again).toEqual(first);
    const { token = '', key: { id = '' } = {} } = first ?? {};
    expect(await opensWith(token)).toBe(200);
    const rotated = await admin.POST('/v1/admin/partners/{code}/api-keys/{id}/rotate', { params: { path: { ...path, id } }, body: { overlapHours: 1 } });
    expect([await opensWith(token), await opensWith(rotated.data?.token ?? '')]).toEqual([200, 200]);
    await admin.POST('/v1/admin/api-keys/{id}/revoke', { params: { path: { id } } });
    expect([await opensWith(token), await opensWith(rotated.data?.token ?? '')]).toEqual([401, 200]);
    const { data } = await admin.GET('/v1/admin/partners/{code}/api-keys', { params: { path } });
    expect(data?.keys.find((one) => one.id === id)).toMatchObject({ label: 'nightly', scopes: ['dossiers:read'], revokedAt: expect.any(String) as string });
    expect(JSON.stringify(data)).not.toContain(token.slice(-43));
    expect(await trail(`api-key:${id}`)).toEqual(['operator:key issue-api-key', 'operator:key revoke-api-key', 'operator:key revoke-api-key']);
    expect(await refusal(admin.POST('/v1/admin/api-keys/{id}/revoke', { params: { path: { id } } }))).toBe('KEY_NOT_FOUND');
  });

  it('of scopes there are not are not issued', async () => {
    expect((await ask(gateway.url, '/v1/admin/partners/land/api-keys', { token: operator.token, json: { scopes: ['root'] } })).body).toMatchObject({ status: 422, errors: [{ pointer: '/scopes/0' }] });
  });

  it('by which requests are signed are registered, demanded and ended', async () => {
    const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const added = await admin.POST('/v1/admin/partners/{code}/keys', { params: { path: { code: 'portal' } }, body: { keyId: 'portal/2026', pem } });
    expect(added.data).toMatchObject({ keyId: 'portal/2026', algorithm: 'ed25519', revokedAt: null });
    const demand = (requiresSignature: boolean) => admin.PATCH('/v1/admin/partners/{code}', { params: { path: { code: 'portal' } }, body: { requiresSignature } });
    expect((await demand(true)).data?.requiresSignature).toBe(true);
    expect((await admin.POST('/v1/admin/partners/{code}/keys/revoke', { params: { path: { code: 'portal' } }, body: { keyId: 'portal/2026' } })).response.status).toBe(204);
    expect((await admin.GET('/v1/admin/partners/{code}/keys', { params: { path: { code: 'portal' } } })).data?.keys).toMatchObject([{ keyId: 'portal/2026', revokedAt: expect.any(String) as string }]);
    await demand(false);
  });
});

describe('deliveries', () => {
  let desk: HttpPartner;
  beforeAll(async () => {
    desk = await startHttpPartner({ secret: '', deduplicates: true });
    const { data } = await admin.POST('/v1/admin/partners', { body: { id: 'desk', name: 'Một cửa mẫu', mode: 'push', url: desk.url } });
    desk.setSecret(data?.webhookSecret ?? '');
    await admin.PUT('/v1/admin/routes/{agencyCode}', { params: { path: { agencyCode: 'H57.02' } }, body: { partnerId: 'desk' } });
  });
  afterAll(() => desk.close());

  const REFUSES = { apply: false, answer: { status: 422, body: 'no' } } as const;
  const send = async (code: string) => sender.sendMessage(code, { type: 'dossier.progress', from: 'H57.12', to: ['H57.02'], body: { note: 'Bí mật của hồ sơ' } });
  const newDossier = async (): Promise<string> => (await sender.openDossier({ agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' })).code;
  const parkedOf = async () => (await admin.GET('/v1/admin/deliveries/parked', { params: { query: { recipient: 'desk' } } })).data?.deliveries ?? [];
  const stateOf = async (messageId: string): Promise<string | undefined> => (await admin.GET('/v1/admin/messages/{id}', { params: { path: { id: messageId } } })).data?.deliveries[0]?.state;
  const whenParked = async (messageId: string): Promise<string> => {
    await eventually(() => stateOf(messageId), (state) => state === 'parked');
    return (await parkedOf()).find((one) => one.messageId === messageId)?.deliveryId ?? '';
  };
  const decide = (name: 'replay' | 'adopt' | 'skip' | 'cancel', id: string, key: string) => admin.POST(`/v1/admin/deliveries/{id}/${name}`, { params: { path: { id }, header: once(key) }, body: { note: `${name} by phone` } });

  it('that are parked are seen with their reason and no word of what they say, and are sent again once', async () => {
    desk.setReaction(() => REFUSES);
    const { messageId } = await send(await newDossier());
    const id = await whenParked(messageId);
    const [shown] = await parkedOf();
    expect(shown).toMatchObject({ deliveryId: id, messageId, recipient: 'desk', reason: 'refused', problem: { code: 'PARTNER_REFUSED' }, attempts: 1 });
    const { data: message } = await admin.GET('/v1/admin/messages/{id}', { params: { path: { id: messageId } } });
    expect(JSON.stringify([shown, message])).not.toContain('Bí mật');
    expect((await admin.GET('/v1/admin/deliveries/parked', { params: { query: { reason: 'expired' } } })).data?.deliveries).toEqual([]);
    expect((await admin.GET('/v1/admin/recipients')).data?.recipients).toMatchObject([{ recipient: 'desk', unfinished: 1, circuit: 'closed' }]);
    desk.setReaction(() => RECEIPT);
    const [first, again] = [await decide('replay', id, 'replay-1'), await decide('replay', id, 'replay-1')];
    expect([first.data?.state, again.response.headers.get('idempotency-replayed')]).toEqual(['pending', 'true']);
    await eventually(() => stateOf(messageId), (state) => state === 'delivered');
    expect(desk.effects.filter((effect) => effect.messageId === messageId)).toHaveLength(1);
    expect(await trail(`delivery:${id}`)).toEqual(['operator:key replay-delivery']);
    expect(await refusal(decide('replay', id, 'replay-2'))).toBe('STATE_CONFLICT');
  });

  it('are adopted, skipped, cancelled and superseded, each with its reason', async () => {
    desk.setReaction(() => REFUSES);
    const code = await newDossier();
    const first = await send(code);
    const id = await whenParked(first.messageId);
    const second = await send(code);
    const behind = second.deliveries[0]?.deliveryId ?? '';
    expect((await admin.POST('/v1/admin/deliveries/{id}/supersede', { params: { path: { id } }, body: { note: 'sent anew', replacement: behind } })).data?.state).toBe('skipped');
    expect((await decide('adopt', await whenParked(second.messageId), 'adopt-1')).data?.state).toBe('delivered');
    const third = await send(code);
    expect((await decide('skip', await whenParked(third.messageId), 'skip-1')).data?.state).toBe('skipped');
    const fourth = await send(code);
    expect((await decide('cancel', await whenParked(fourth.messageId), 'cancel-1')).data?.state).toBe('cancelled');
    expect(await refusal(decide('skip', '00000000-0000-4000-8000-000000000000', 'skip-2'))).toBe('MESSAGE_NOT_FOUND');
    expect((await ask(gateway.url, `/v1/admin/deliveries/${id}/skip`, { token: operator.token, json: {} })).body).toMatchObject({ status: 422, errors: [{ pointer: '/note' }] });
  });

  it('to one recipient are sent again from a time on, and a second call finds none', async () => {
    desk.setReaction(() => REFUSES);
    const since = new Date().toISOString();
    const sent = [await send(await newDossier()), await send(await newDossier())];
    for (const { messageId } of sent) await whenParked(messageId);
    desk.setReaction(() => RECEIPT);
    const replay = () => admin.POST('/v1/admin/deliveries/replay', { body: { recipient: 'desk', since, note: 'desk is back' } });
    expect((await replay()).data?.replayed).toHaveLength(2);
    for (const { messageId } of sent) await eventually(() => stateOf(messageId), (state) => state === 'delivered');
    expect((await replay()).data?.replayed).toEqual([]);
  });
});

it('a key of every other scope administers nothing', async () => {
  const token = await gateway.issueKey(land, SCOPES.filter((scope) => scope !== 'admin'));
  expect((await ask(gateway.url, '/v1/admin/partners/land/api-keys', { token, json: { scopes: ['admin'] } })).body).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
});
