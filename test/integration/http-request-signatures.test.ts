import { createHash, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartnerId } from '../../src/domain/ids.ts';
import type { WebhookKeyList } from '../../src/formats/api/webhook-keys.ts';
import { addPartnerKey, requirePartnerSignatures, revokePartnerKey } from '../../src/usecases/administer-partner-keys.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { startHttpPartner } from '../support/http-partner.ts';
import type { Problem } from '../../src/formats/api/problem.ts';

/** RFC 9421 over HTTP, signed and verified by another's library. */

const KEYS = {
  ed25519: generateKeyPairSync('ed25519'),
  'ecdsa-p256-sha256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ecdsa-p384-sha384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'rsa-pss-sha512': generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa-v1_5-sha256': generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
type Algorithm = keyof typeof KEYS;

let gateway: TestGateway;
let land: TestPartner;
let other: TestPartner;
const ports = () => ({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) });
const pem = (key: KeyObject): string => String(key.export({ format: 'pem', type: 'spki' }));

beforeAll(async () => {
  gateway = await startTestGateway();
  land = await gateway.addPartner('land', { agencies: ['H57.12'] });
  other = await gateway.addPartner('other', { agencies: ['H57.13'] });
  for (const [algorithm, { publicKey }] of Object.entries(KEYS)) await addPartnerKey(ports(), 'operator:test', { partnerId: land.id, keyId: algorithm, pem: pem(publicKey), algorithm });
});
afterAll(() => gateway.close());

const opening = JSON.stringify({ agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' });
const ALL = ['@method', '@target-uri', 'content-digest'];

interface Signing {
  readonly algorithm?: Algorithm;
  readonly keyId?: string;
  readonly fields?: string[];
  readonly created?: Date;
  readonly expires?: Date;
  readonly nonce?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  /** After it was signed. */
  readonly tamper?: (headers: Record<string, string>) => Record<string, string>;
  readonly body?: string;
  readonly token?: string;
}

async function post(change: Signing = {}): Promise<Answer<Problem>> {
  const { algorithm = 'ed25519', path = '/v1/dossiers', token = land.token } = change;
  const url = `${gateway.url}${path}`;
  const digest = `sha-512=:${createHash('sha512').update(opening).digest('base64')}:`;
  const signed = await httpbis.signMessage(
    {
      key: createSigner(KEYS[algorithm].privateKey, algorithm, change.keyId ?? algorithm),
      fields: change.fields ?? ALL,
      params: ['created', 'nonce', 'keyid', 'alg', ...(change.expires === undefined ? [] : ['expires'])],
      paramValues: { created: change.created ?? new Date(), nonce: change.nonce ?? randomUUID(), ...(change.expires !== undefined && { expires: change.expires }) },
    },
    { method: 'POST', url, headers: { 'content-type': 'application/json', 'content-digest': digest, ...change.headers } },
  );
  const headers = (change.tamper ?? ((same) => same))(signed.headers);
  return ask(gateway.url, path, { token, method: 'POST', headers, body: change.body ?? opening });
}

describe('a signed request', () => {
  it.each(Object.keys(KEYS) as Algorithm[])('by %s is taken', async (algorithm) => {
    expect((await post({ algorithm })).status).toBe(201);
  });

  it('may cover the target in parts', async () => {
    expect((await post({ fields: ['@method', '@authority', '@path', 'content-digest'] })).status).toBe(201);
  });

  const minutes = (count: number): Date => new Date(Date.now() + count * 60_000);
  const nonce = 'used-once-only';
  it.each<readonly [string, () => Signing]>([
    ['by a key nobody registered', () => ({ keyId: 'unknown' })],
    ['by a key of another partner', () => ({ token: other.token })],
    ['by another key than it names', () => ({ algorithm: 'ecdsa-p256-sha256', keyId: 'ed25519' })],
    ['ten minutes ago', () => ({ created: minutes(-10) })],
    ['ten minutes ahead', () => ({ created: minutes(10) })],
    ['and expired', () => ({ expires: minutes(-1), created: minutes(-2) })],
    ['with a nonce too short', () => ({ nonce: 'abc' })],
    ['without its body', () => ({ fields: ['@method', '@target-uri'] })],
    ['without its target', () => ({ fields: ['@method', 'content-digest'] })],
    ['without its query', () => ({ fields: ['@method', '@authority', '@path', 'content-digest'], path: '/v1/dossiers?x=1' })],
    ['without its Idempotency-Key', () => ({ headers: { 'idempotency-key': 'k-1' } })],
    ['and changed: its digest', () => ({ tamper: (headers) => ({ ...headers, 'content-digest': `sha-256=:${createHash('sha256').update('{}').digest('base64')}:` }), body: '{}' })],
    ['and cut off: the value is missing', () => ({ tamper: ({ Signature: _, signature: __, ...headers }) => headers })],
    ['with a digest that nobody checks', () => ({ tamper: (headers) => headers, headers: { 'content-digest': 'md5=:AAAA:' } })],
  ])('%s is refused', async (_, signing) => {
    const { status, body, headers } = await post(signing());
    expect([status, body.code]).toEqual([401, 'REQUEST_SIGNATURE_INVALID']);
    expect(headers.get('accept-signature')).toContain('"@target-uri"');
  });

  it('whose body is another than its digest says is refused, signed digest or not (RFC 9530)', async () => {
    expect((await post({ body: opening.replace('mẫu', 'khác') })).body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [{ pointer: '/header/content-digest' }] });
  });

  it('replayed is refused: each is taken once', async () => {
    expect((await post({ nonce })).status).toBe(201);
    expect((await post({ nonce })).body.code).toBe('REQUEST_SIGNATURE_INVALID');
  });

  it('by a key that was revoked is refused', async () => {
    await addPartnerKey(ports(), 'operator:test', { partnerId: land.id, keyId: 'old', pem: pem(KEYS.ed25519.publicKey), algorithm: null });
    expect((await post({ keyId: 'old' })).status).toBe(201);
    await revokePartnerKey(ports(), 'operator:test', land.id, 'old');
    expect((await post({ keyId: 'old' })).status).toBe(401);
  });
});

describe('a partner that has to sign', () => {
  it('is refused without, also where it only reads; unsigned is well again when it need not', async () => {
    await expect(requirePartnerSignatures(ports(), 'operator:test', other.id, true)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await requirePartnerSignatures(ports(), 'operator:test', land.id, true);
    expect((await ask(gateway.url, '/v1/inbox', { token: land.token })).body).toMatchObject({ status: 401, code: 'REQUEST_SIGNATURE_REQUIRED' });
    expect((await post()).status).toBe(201);
    expect((await ask(gateway.url, '/v1/inbox', { token: other.token })).status).toBe(200);
    await requirePartnerSignatures(ports(), 'operator:test', land.id, false);
    expect((await ask(gateway.url, '/v1/inbox', { token: land.token })).status).toBe(200);
  });

  it('has keys that can be relied on', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    for (const text of [pem(weak), 'no key']) await expect(addPartnerKey(ports(), 'operator:test', { partnerId: land.id, keyId: 'weak', pem: text, algorithm: null })).rejects.toMatchObject({ code: 'KEY_UNSUPPORTED' });
    await expect(addPartnerKey(ports(), 'operator:test', { partnerId: 'nobody' as PartnerId, keyId: 'k', pem: pem(KEYS.ed25519.publicKey), algorithm: null })).rejects.toMatchObject({ code: 'PARTNER_NOT_FOUND' });
  });
});

describe('a push', () => {
  it('carries a signature that another’s library verifies by the published key, over a digest of its body', async () => {
    const server = await startHttpPartner({ secret: '', deduplicates: true });
    try {
      const portal = await gateway.addPartner('portal', { agencies: ['H57.09'], pushUrl: server.url });
      server.setSecret(portal.webhookSecret ?? '');
      const { body } = await ask<{ code: string }>(gateway.url, '/v1/dossiers', { token: land.token, method: 'POST', body: opening, headers: { 'content-type': 'application/json' } });
      await ask(gateway.url, `/v1/dossiers/${body.code}/messages`, { token: land.token, json: { type: 'dossier.progress', to: ['H57.09'] } });
      await eventually(() => server.effects.length, (count) => count > 0);
      const pushed = server.pushes[0];
      const headers = pushed?.headers as Record<string, string>;
      expect(headers['content-digest']).toBe(`sha-256=:${createHash('sha256').update(pushed?.raw ?? '').digest('base64')}:`);
      const { keys } = (await ask<WebhookKeyList>(gateway.url, '/v1/webhook-keys')).body;
      const verify = (url: string): Promise<boolean | null> =>
        httpbis.verifyMessage(
          {
            requiredFields: ['@method', '@target-uri', 'content-digest', 'webhook-id'],
            keyLookup: ({ keyid }) => {
              const jwk = keys.find(({ keyId }) => keyId === keyid)?.jwk;
              return Promise.resolve(jwk === undefined ? null : { id: keyid ?? '', algs: ['ed25519'], verify: createVerifier({ key: jwk, format: 'jwk' } as never, 'ed25519') });
            },
          },
          { method: 'POST', url, headers },
        );
      expect(await verify(server.url)).toBe(true);
      expect(await verify(`${server.url}/elsewhere`).catch(() => false)).toBe(false);
    } finally {
      await server.close();
    }
  });
});
