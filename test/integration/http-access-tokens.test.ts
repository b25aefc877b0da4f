import { createHash, createHmac, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { limitCalls, setPartnerIdentity } from '../../src/usecases/administer-partners.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

/** Access tokens of an OpenID Connect issuer: the cases of RFC 8725 and RFC 9068, against tokens made by hand. */

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const next = generateKeyPairSync('rsa', { modulusLength: 2048 });
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });
const AUDIENCE = 'https://gateway.example.vn';

let issuer: Server;
let issuerUrl: string;
let published: { kid: string; key: KeyObject }[] = [{ kid: 'rsa', key: rsa.publicKey }, { kid: 'ec', key: ec.publicKey }];
let fetched = 0;
let down = false;
let gateway: TestGateway;
let land: TestPartner;
let pki: DevPki;

beforeAll(async () => {
  issuer = createServer((request, response) => {
    if (down) return void response.writeHead(503).end();
    if (request.url === '/.well-known/openid-configuration') return void response.end(JSON.stringify({ issuer: issuerUrl, jwks_uri: `${issuerUrl}/keys` }));
    fetched += 1;
    response.end(JSON.stringify({ keys: published.map(({ kid, key }) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' })) }));
  });
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  gateway = await startTestGateway({
    settings: { LIENTHONG_OIDC_ISSUER: issuerUrl, LIENTHONG_OIDC_AUDIENCE: AUDIENCE, LIENTHONG_OIDC_SCOPE_PREFIX: 'lt:', LIENTHONG_CLIENT_CERT_HEADER: 'client-cert', LIENTHONG_TRUSTED_PROXIES: '127.0.0.0/8' },
  });
  land = await gateway.addPartner('land');
  await gateway.addPartner('other');
  await setPartnerIdentity({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) }, 'operator:test', land.id, 'so-tnmt-client');
  pki = await createDevPki({ now: new Date() });
});
afterAll(async () => {
  await gateway.close();
  issuer.closeAllConnections();
  issuer.close();
});

const now = (): number => Math.floor(Date.now() / 1_000);
const b64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const claims = (change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({ iss: issuerUrl, aud: AUDIENCE, client_id: 'so-tnmt-client', sub: 'sub-1', jti: randomUUID(), iat: now(), exp: now() + 300, scope: 'openid lt:keys:read lt:inbox:read', ...change });

interface Making {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly payload?: unknown;
  readonly key?: KeyObject;
  readonly signature?: (content: string) => string;
}

function token({ header = {}, payload = claims(), key = rsa.privateKey, signature }: Making = {}): string {
  const content = `${b64({ alg: 'RS256', typ: 'at+jwt', kid: 'rsa', ...header })}.${b64(payload)}`;
  const value = signature?.(content) ?? sign('sha256', Buffer.from(content), key.asymmetricKeyType === 'ec' ? { key, dsaEncoding: 'ieee-p1363' } : key).toString('base64url');
  return `${content}.${value}`;
}

const call = async (bearer: string, headers: Readonly<Record<string, string>> = {}, path = '/v1/keys'): Promise<number> => (await ask(gateway.url, path, { token: bearer, headers })).status;

describe('a token of the issuer', () => {
  it('opens what its scopes allow, as the partner its claim stands for', async () => {
    expect(await call(token())).toBe(200);
    expect(await call(token({ header: { alg: 'ES256', kid: 'ec' }, key: ec.privateKey }))).toBe(200);
    expect(await call(token(), {}, '/v1/dossiers')).toBe(403);
    expect(await call(token({ payload: claims({ scope: 'keys:read' }) }))).toBe(403); // without the prefix it is a scope of something else
    expect(await call(token({ payload: claims({ scope: undefined, scp: ['lt:keys:read'] }) }))).toBe(200);
    expect(await call(token({ payload: claims({ aud: ['x', AUDIENCE] }) }))).toBe(200);
  });

  it.each<readonly [string, () => string]>([
    ['unsigned: none', () => token({ header: { alg: 'none' }, signature: () => '' })],
    ['unsigned: None', () => token({ header: { alg: 'None' }, signature: () => '' })],
    ['unsigned: nOnE', () => token({ header: { alg: 'nOnE' }, signature: () => '' })],
    ['with an empty signature', () => token({ signature: () => '' })],
    ['by HMAC with the public key for a secret', () => token({ header: { alg: 'HS256' }, signature: (content) => createHmac('sha256', rsa.publicKey.export({ format: 'pem', type: 'spki' })).update(content).digest('base64url') })],
    ['by ECDSA with r and s of zero', () => token({ header: { alg: 'ES256', kid: 'ec' }, signature: () => Buffer.alloc(64).toString('base64url') })],
    ['whose kid is a path', () => token({ header: { kid: '../../etc/passwd' } })],
    ['whose kid is SQL', () => token({ header: { kid: "' OR 1=1 --" } })],
    ['whose kid has a NUL', () => token({ header: { kid: 'rsa\u0000' } })],
    ['that brings its own key: jwk', () => token({ header: { jwk: foreign.publicKey.export({ format: 'jwk' }) }, key: foreign.privateKey })],
    ['that names its own keys: jku', () => token({ header: { jku: `${gateway.url}/keys`, kid: 'x' }, key: foreign.privateKey })],
    ['that names its own certificate: x5u', () => token({ header: { x5u: `${gateway.url}/cert` }, key: foreign.privateKey })],
    ['that brings a certificate: x5c', () => token({ header: { x5c: [Buffer.from(pki.root.identity.certificateDer).toString('base64')] }, key: foreign.privateKey })],
    ['with a critical header that is not known', () => token({ header: { crit: ['x'], x: 1 } })],
    ['with an unencoded payload: b64 false', () => token({ header: { crit: ['b64'], b64: false } })],
    ['of another type', () => token({ header: { typ: 'JWT' } })],
    ['an ID token', () => token({ header: { typ: 'id+jwt' } })],
    ['that expired more than a minute ago', () => token({ payload: claims({ exp: now() - 62 }) })],
    ['that never expires', () => token({ payload: claims({ exp: undefined }) })],
    ['whose end is no number', () => token({ payload: claims({ exp: '9999999999' }) })],
    ['that begins in more than a minute', () => token({ payload: claims({ nbf: now() + 65 }) })],
    ['of another issuer', () => token({ payload: claims({ iss: `${issuerUrl}/` }) })],
    ['for another service', () => token({ payload: claims({ aud: 'https://other.example.vn' }) })],
    ['for nobody', () => token({ payload: claims({ aud: undefined }) })],
    ['of a system nobody knows', () => token({ payload: claims({ client_id: 'stranger' }) })],
    ['of nobody', () => token({ payload: claims({ client_id: undefined }) })],
    ['whose system is no text', () => token({ payload: claims({ client_id: { $ne: null } }) })],
    ['bound to a key by DPoP, which is not spoken here', () => token({ payload: claims({ cnf: { jkt: 'x' } }) })],
    ['by a key that is not the issuer’s', () => token({ key: foreign.privateKey })],
    ['changed afterwards', () => token().replace(/\.[^.]+\./, `.${b64(claims({ client_id: 'other' }))}.`)],
    ['longer than 8 KB', () => token({ payload: claims({ pad: 'x'.repeat(9_000) }) })],
    ['in four parts', () => `${token()}.x`],
    ['that is no JSON', () => token({ payload: '{"iss":' })],
  ])('%s is refused like any other', async (_, make) => {
    expect(await call(make())).toBe(401);
  });

  it('is taken within the minute of skew (60 s)', async () => {
    expect(await call(token({ payload: claims({ exp: now() - 50 }) }))).toBe(200);
    expect(await call(token({ payload: claims({ nbf: now() + 50, iat: now() + 50 }) }))).toBe(200);
  });

  it('that names a claim twice counts as its last, whoever reads it (RFC 7519 §4)', async () => {
    const text = JSON.stringify(claims({ client_id: 'stranger' })).replace(/}$/, ',"client_id":"so-tnmt-client"}');
    expect(await call(token({ payload: text }))).toBe(200);
    expect(await call(token({ payload: JSON.stringify(claims()).replace(/}$/, ',"client_id":"stranger"}') }))).toBe(401);
  });

  it('of a partner that is suspended opens nothing', async () => {
    await gateway.fresh.records.partners.update(land.id, { status: 'suspended' });
    expect(await call(token())).toBe(401);
    await gateway.fresh.records.partners.update(land.id, { status: 'active' });
    expect(await call(token())).toBe(200);
  });
});

describe('a partner that calls too often', () => {
  it('is told how long to wait (429, RateLimit), whatever it identifies itself by; others are not held up', async () => {
    const busy = await gateway.addPartner('busy');
    const ports = { ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) };
    await limitCalls(ports, 'operator:test', busy.id, { perSecond: 1, burst: 2 });
    const answers = [];
    for (const bearer of [busy.token, busy.token, token({ payload: claims({ client_id: 'busy' }) })]) answers.push(await ask(gateway.url, '/v1/keys', { token: bearer }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    const { headers, body } = answers[2] ?? answers[0] ?? { headers: new Headers(), body: null };
    expect([headers.get('retry-after'), headers.get('ratelimit-policy'), headers.get('ratelimit')]).toEqual(['1', '"calls";q=2;w=2', '"calls";r=0;t=1']);
    expect(body).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(await call(token())).toBe(200);
    await limitCalls(ports, 'operator:test', busy.id, null);
    expect(await call(busy.token)).toBe(200);
  });
});

describe('a token bound to a certificate (RFC 8705 §3)', () => {
  const certificate = (): Uint8Array => pki.root.identity.certificateDer;
  const bound = (): string => token({ payload: claims({ cnf: { 'x5t#S256': createHash('sha256').update(certificate()).digest('base64url') } }) });

  it('opens with that certificate from the proxy, as RFC 9440 or PEM, and not without it or with another', async () => {
    expect(await call(bound(), { 'client-cert': `:${Buffer.from(certificate()).toString('base64')}:` })).toBe(200);
    expect(await call(bound(), { 'client-cert': encodeURIComponent(pemOf('CERTIFICATE', certificate())) })).toBe(200);
    expect(await call(bound())).toBe(401);
    const other = (await createDevPki({ now: new Date() })).root.identity.certificateDer;
    expect(await call(bound(), { 'client-cert': `:${Buffer.from(other).toString('base64')}:` })).toBe(401);
    expect(await call(bound(), { 'client-cert': 'nonsense' })).toBe(401);
  });
});

describe('the issuer’s keys', () => {
  it('are fetched once for many tokens, and not again for each unknown one', async () => {
    const before = fetched;
    for (let count = 0; count < 20; count += 1) await call(token({ header: { kid: `unknown-${count}` } }));
    expect(fetched - before).toBeLessThanOrEqual(1);
  });

  it('that cannot be had are no reason to let in or to refuse for good: 503', async () => {
    const fresh = await startTestGateway({ settings: { LIENTHONG_OIDC_ISSUER: issuerUrl, LIENTHONG_OIDC_AUDIENCE: AUDIENCE } });
    try {
      const partner = await fresh.addPartner('so-tnmt-client');
      const rotated = token({ header: { kid: 'next' }, key: next.privateKey, payload: claims({ scope: 'keys:read' }) });
      down = true;
      const refused = await ask(fresh.url, '/v1/keys', { token: rotated });
      expect([refused.status, refused.body.code]).toEqual([503, 'ISSUER_UNAVAILABLE']);
      expect((await ask(fresh.url, '/v1/keys', { token: partner.token })).status).toBe(200); // keys of our own need no issuer
      down = false;
      published = [...published, { kid: 'next', key: next.publicKey }];
      expect((await ask(fresh.url, '/v1/keys', { token: rotated })).status).toBe(200); // without a mapping, the claim is the partner's id
    } finally {
      down = false;
      await fresh.close();
    }
  });
});
