import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { issueOddSigner } from '../../certs/dev/odd-signers.ts';
import type { AgencyCode } from '../../src/domain/agency-code.ts';
import type { KeyId, PartnerId } from '../../src/domain/ids.ts';
import { issueApiKey, rotateApiKey, revokeApiKey } from '../../src/usecases/administer-api-keys.ts';
import { addSigningKey, disableKey, grantKey, revokeKeyGrant, signingKeyContext, type NewSigningKey } from '../../src/usecases/administer-keys.ts';
import { addPartner, changePartner, removeRoute, renewWebhookSecret, setRoute, webhookSecretContext, type NewPartner } from '../../src/usecases/administer-partners.ts';
import { authenticate } from '../../src/usecases/authenticate.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { frozenClock } from '../support/clock.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

const NOW = new Date();
const clock = frozenClock(NOW);
const chance = systemChance(systemClock);
const ACTOR = 'operator:lan';

let fresh: FreshRecords;
let pki: DevPki;
const ports = (): { clock: typeof clock; chance: typeof chance } & FreshRecords => ({ ...fresh, clock, chance });

beforeAll(async () => {
  fresh = await freshRecords();
  pki = await createDevPki({ now: NOW });
});
afterAll(() => fresh.close());

let serial = 0;
const newId = (): PartnerId => `partner-${(serial += 1)}` as PartnerId;
const newPartner = (change: Partial<NewPartner> = {}): NewPartner => ({ id: newId(), name: 'Hệ thống mẫu', mode: 'pull', url: null, repeat: 'key', ...change });
const trail = async (subject: string): Promise<string[]> => (await fresh.records.audit.of(subject, 20)).map(({ actor, action }) => `${actor} ${action}`).toReversed();

describe('partners', () => {
  it('that are pushed to get a webhook secret of their own, shown once and kept sealed (Standard Webhooks 1.0.0)', async () => {
    const request = newPartner({ mode: 'push', url: 'https://portal.example.vn/hook' });
    const { webhookSecret } = await addPartner(ports(), ACTOR, request);
    expect(Buffer.from(webhookSecret?.replace(/^whsec_/, '') ?? '', 'base64')).toHaveLength(32);
    const [sealed = new Uint8Array()] = await fresh.records.partners.webhookSecretsSealed(request.id, NOW);
    expect(Buffer.from(sealed).includes(webhookSecret ?? '-')).toBe(false);
    expect(new TextDecoder().decode(fresh.sealing.open(sealed, webhookSecretContext(request.id)))).toBe(webhookSecret);
    const renewed = await renewWebhookSecret(ports(), ACTOR, request.id, 0);
    expect(renewed).not.toBe(webhookSecret);
    expect(await trail(`partner:${request.id}`)).toEqual([`${ACTOR} add-partner`, `${ACTOR} renew-webhook-secret`]);
  });

  it('that pull have none, and no URL', async () => {
    const request = newPartner();
    expect((await addPartner(ports(), ACTOR, request)).webhookSecret).toBeNull();
    await expect(renewWebhookSecret(ports(), ACTOR, request.id, 0)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(changePartner(ports(), ACTOR, request.id, { url: 'https://a.example.vn' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it.each([
    ['none where one is needed', null, 'REQUEST_INVALID'],
    ['of another protocol', 'ftp://portal.example.vn/hook', 'URL_FORBIDDEN'],
    ['with a password in it', 'https://user:secret@portal.example.vn/hook', 'URL_FORBIDDEN'],
    ['that is none', 'portal', 'URL_FORBIDDEN'],
  ])('are refused with a URL %s', async (_, url, code) => {
    const request = newPartner({ mode: 'push', url });
    await expect(addPartner(ports(), ACTOR, request)).rejects.toMatchObject({ code });
    expect(await fresh.records.partners.find(request.id)).toBeNull();
  });

  it('have names of their own, and those that are not there cannot be changed or addressed', async () => {
    const request = newPartner();
    await addPartner(ports(), ACTOR, request);
    await expect(addPartner(ports(), ACTOR, request)).rejects.toMatchObject({ code: 'PARTNER_EXISTS' });
    const nobody = 'nobody' as PartnerId;
    await expect(changePartner(ports(), ACTOR, nobody, { status: 'suspended' })).rejects.toMatchObject({ code: 'PARTNER_NOT_FOUND' });
    await expect(setRoute(ports(), ACTOR, { agencyCode: 'H57.01' as AgencyCode, partnerId: nobody })).rejects.toMatchObject({ code: 'PARTNER_NOT_FOUND' });
    await expect(issueApiKey(ports(), ACTOR, { partnerId: nobody, label: 'x', scopes: [], expiresAt: null })).rejects.toMatchObject({ code: 'PARTNER_NOT_FOUND' });
    expect(await trail(`partner:${nobody}`)).toEqual([]);
  });

  it('serve agencies by routes, which move and end', async () => {
    const agencyCode = 'H57.44' as AgencyCode;
    const [first, second] = [newPartner(), newPartner()];
    for (const request of [first, second]) {
      await addPartner(ports(), ACTOR, request);
      await setRoute(ports(), ACTOR, { agencyCode, partnerId: request.id });
    }
    expect(await fresh.records.partners.routesFor(agencyCode)).toEqual([{ agencyCode, partnerId: second.id }]);
    expect([await removeRoute(ports(), ACTOR, agencyCode), await removeRoute(ports(), ACTOR, agencyCode)]).toEqual([true, false]);
    expect(await trail(`route:${agencyCode}`)).toEqual([`${ACTOR} remove-route`]);
  });
});

describe('API keys', () => {
  it('end at the instant they were given, to the millisecond', async () => {
    const request = newPartner();
    await addPartner(ports(), ACTOR, request);
    const { token } = await issueApiKey(ports(), ACTOR, { partnerId: request.id, label: 'văn phòng', scopes: ['inbox:read'], expiresAt: new Date(clock.now().getTime() + 1_000) });
    expect(await authenticate(ports(), `Bearer ${token}`)).toMatchObject({ partnerId: request.id, scopes: new Set(['inbox:read']) });
    clock.advance(999);
    await expect(authenticate(ports(), `bearer ${token}`)).resolves.toMatchObject({ partnerId: request.id });
    clock.advance(1);
    await expect(authenticate(ports(), `Bearer ${token}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('are refused in the same words, whatever is wrong, so that nobody learns which exist', async () => {
    const request = newPartner();
    await addPartner(ports(), ACTOR, request);
    const { token, key } = await issueApiKey(ports(), ACTOR, { partnerId: request.id, label: 'x', scopes: [], expiresAt: null });
    await revokeApiKey(ports(), ACTOR, key.id);
    const headers = [undefined, '', 'Bearer', 'Basic YTpi', `Bearer ${token}`, `Bearer ${token.slice(0, -1)}A`, `Bearer lt_${'0'.repeat(32)}_${'A'.repeat(43)}`, `Bearer ${token} ${token}`];
    const said = await Promise.all(headers.map((header) => authenticate(ports(), header).then(() => 'let in', (error: unknown) => String(error))));
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toContain('GatewayError');
  });

  it('rotate with an overlap: the old one ends by itself', async () => {
    const request = newPartner();
    await addPartner(ports(), ACTOR, request);
    const old = await issueApiKey(ports(), ACTOR, { partnerId: request.id, label: 'x', scopes: ['keys:read'], expiresAt: null });
    const successor = await rotateApiKey(ports(), ACTOR, request.id, old.key.id, 60_000);
    expect(successor.key).toMatchObject({ scopes: ['keys:read'], label: 'x' });
    const lets = async (token: string): Promise<boolean> => authenticate(ports(), `Bearer ${token}`).then(() => true, () => false);
    expect([await lets(old.token), await lets(successor.token)]).toEqual([true, true]);
    clock.advance(60_000);
    expect([await lets(old.token), await lets(successor.token)]).toEqual([false, true]);
    await expect(rotateApiKey(ports(), ACTOR, 'nobody' as PartnerId, old.key.id, 0)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });
});

function newKey(identity: DevIdentity, change: Partial<NewSigningKey> = {}): NewSigningKey {
  return { id: `key-${(serial += 1)}` as KeyId, purpose: 'document', scheme: 'pkcs1', privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer, picturePng: null, ...change };
}

describe('signing keys', () => {
  it('are sealed, bound to their name, and belong to nobody until they are granted', async () => {
    const request = newPartner();
    await addPartner(ports(), ACTOR, request);
    const key = newKey(pki.officer);
    const record = await addSigningKey(ports(), ACTOR, key);
    const sealed = record.secretSealed ?? new Uint8Array();
    expect(Buffer.from(sealed).includes(Buffer.from(key.privateKeyPkcs8Der).subarray(100, 200))).toBe(false);
    expect(Buffer.from(fresh.sealing.open(sealed, signingKeyContext(key.id))).equals(Buffer.from(key.privateKeyPkcs8Der))).toBe(true);
    expect(() => fresh.sealing.open(sealed, signingKeyContext('another' as KeyId))).toThrow(expect.objectContaining({ code: 'SEALED_DATA_UNREADABLE' }));
    expect(await fresh.records.keys.grants(key.id)).toEqual([]);
    await grantKey(ports(), ACTOR, request.id, key.id);
    expect(await fresh.records.keys.grants(key.id)).toEqual([request.id]);
    expect([await revokeKeyGrant(ports(), ACTOR, request.id, key.id), await revokeKeyGrant(ports(), ACTOR, request.id, key.id)]).toEqual([true, false]);
    await disableKey(ports(), ACTOR, key.id);
    await expect(disableKey(ports(), ACTOR, key.id)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect(await trail(`key:${key.id}`)).toEqual(['add-key', 'grant-key', 'revoke-key-grant', 'disable-key'].map((action) => `${ACTOR} ${action}`));
  });

  it.each([
    ['expired', 'CERTIFICATE_EXPIRED'],
    ['not-yet-valid', 'CERTIFICATE_NOT_YET_VALID'],
    ['wrong-usage', 'CERTIFICATE_USAGE'],
  ] as const)('are refused when their certificate is %s (Circular 15/2025 Art. 5)', async (odd, code) => {
    const key = newKey(await issueOddSigner(pki, odd, NOW));
    await expect(addSigningKey(ports(), ACTOR, key)).rejects.toMatchObject({ code });
    expect(await fresh.records.keys.find(key.id)).toBeNull();
  });

  it('have names of their own, pictures that are pictures, and are granted only between things that exist', async () => {
    const key = newKey(pki.seal, { scheme: 'ecdsa', purpose: 'seal' });
    await addSigningKey(ports(), ACTOR, key);
    await expect(addSigningKey(ports(), ACTOR, key)).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    await expect(addSigningKey(ports(), ACTOR, newKey(pki.seal, { picturePng: randomBytes(100) }))).rejects.toMatchObject({ code: 'APPEARANCE_INVALID' });
    await expect(grantKey(ports(), ACTOR, 'nobody' as PartnerId, key.id)).rejects.toMatchObject({ code: 'PARTNER_NOT_FOUND' });
    await expect(grantKey(ports(), ACTOR, 'nobody' as PartnerId, 'nothing' as KeyId)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });
});
