import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebhookKeyList } from '../../src/formats/api/webhook-keys.ts';
import { rotateWebhookKey, signingWebhookKeys, webhookKeyContext } from '../../src/usecases/webhook-keys.ts';
import { renewWebhookSecret } from '../../src/usecases/administer-partners.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { frozenClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { startHttpPartner } from '../support/http-partner.ts';

/** The gateway's own keys (Standard Webhooks v1a), seen by whoever is pushed to. */

let gateway: TestGateway;
let sender: TestPartner;
const ports = () => ({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) });

beforeAll(async () => {
  gateway = await startTestGateway();
  sender = await gateway.addPartner('sender', { agencies: ['H57.01'] });
});
afterAll(() => gateway.close());

describe('the keys of pushes', () => {
  it('are one, however many processes start at once; its private half is kept sealed', async () => {
    const found = await Promise.all(Array.from({ length: 4 }, () => signingWebhookKeys(ports())));
    expect(new Set(found.flat().map(({ id }) => id)).size).toBe(1);
    const [key] = found[0] ?? [];
    const privateKey = gateway.fresh.sealing.open(key?.privateKeySealed ?? new Uint8Array(), webhookKeyContext(key?.id ?? ''));
    const { body } = await ask<WebhookKeyList>(gateway.url, '/v1/webhook-keys');
    expect(body.keys).toHaveLength(1);
    expect(JSON.stringify(body)).not.toContain(Buffer.from(privateKey.subarray(-32)).toString('base64url'));
  });

  it('are published before they sign, and sign beside the old one until that ends', async () => {
    const at = Date.now();
    const old = (await signingWebhookKeys(ports()))[0]?.id;
    const next = await rotateWebhookKey(ports(), 'operator:test', { announceMs: 60_000, overlapMs: 60_000 });
    const { body } = await ask<WebhookKeyList>(gateway.url, '/v1/webhook-keys');
    expect(body.keys.map(({ keyId }) => keyId)).toEqual([old, next.id]);
    const signingAt = async (laterMs: number): Promise<readonly string[]> => (await signingWebhookKeys({ ...ports(), clock: frozenClock(new Date(at + laterMs)) })).map(({ id }) => id);
    expect(await signingAt(30_000)).toEqual([old]);
    expect(await signingAt(90_000)).toEqual([old, next.id]);
    expect(await signingAt(180_000)).toEqual([next.id]);
    expect((await gateway.fresh.records.audit.of(`webhook-key:${next.id}`, 5)).map(({ action }) => action)).toEqual(['rotate-webhook-key']);
  });

  it('sign what is pushed, so that anybody who has the published key knows it; the secret is changed without a gap', async () => {
    const server = await startHttpPartner({ secret: '', deduplicates: true });
    try {
      const portal = await gateway.addPartner('portal', { agencies: ['H57.09'], pushUrl: server.url });
      server.setSecret(portal.webhookSecret ?? '');
      const send = async (): Promise<void> => {
        const json = { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
        const { body } = await ask<{ code: string }>(gateway.url, '/v1/dossiers', { token: sender.token, json });
        const before = server.effects.length;
        await ask(gateway.url, `/v1/dossiers/${body.code}/messages`, { token: sender.token, json: { type: 'dossier.progress', to: ['H57.09'] } });
        await eventually(() => server.effects.length, (count) => count > before);
      };
      await send();
      const fresh = await renewWebhookSecret(ports(), 'operator:test', portal.id, 60_000);
      await send(); // the partner still has the old secret
      server.setSecret(fresh);
      await send();
      expect(server.unsigned).toBe(0);

      const { keys } = (await ask<WebhookKeyList>(gateway.url, '/v1/webhook-keys')).body;
      const now = new Date().toISOString();
      const signing = keys.find(({ signsFrom }) => signsFrom <= now);
      const pushed = server.pushes.at(-1);
    const header = (name: string): string => String(pushed?.headers[name]);
      const signature = header('webhook-signature').split(' ').find((one) => one.startsWith('v1a,'))?.slice(4) ?? '';
      const content = Buffer.from(`${header('webhook-id')}.${header('webhook-timestamp')}.${pushed?.raw ?? ''}`);
      expect(verify(null, content, createPublicKey({ key: { ...signing?.jwk }, format: 'jwk' }), Buffer.from(signature, 'base64'))).toBe(true);
    } finally {
      await server.close();
    }
  });
});
