import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../src/formats/asic/manifest.ts';
import type { MessageId } from '../../src/domain/ids.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

let gateway: TestGateway;
let portal: TestPartner;
let land: TestPartner;

beforeAll(async () => {
  gateway = await startTestGateway();
  portal = await gateway.addPartner('one-stop', { agencies: ['H57.12.03'] });
  land = await gateway.addPartner('land-registry', { agencies: ['H57.12.04'] });
});
afterAll(() => gateway.close());

describe('evidence of messages', () => {
  it('is signed when a message is accepted, delivered and taken in, each over the manifest’s digest', async () => {
    const { body: dossier } = await ask<{ code: string }>(gateway.url, '/v1/dossiers', { token: portal.token, json: { agencyCode: 'H57.12.03', procedure: { code: '1.004238.H57', name: 'Đăng ký' }, title: 'Hồ sơ mẫu' } });
    const sent = await ask<{ messageId: MessageId; manifestSha256: string }>(gateway.url, `/v1/dossiers/${dossier.code}/messages`, { token: portal.token, json: { type: 'dossier.submit', to: ['H57.12.04'], body: {}, documents: [] } });
    expect(sent.status).toBe(202);
    const { messageId, manifestSha256 } = sent.body;
    const receipt = await ask(gateway.url, `/v1/inbox/${messageId}/receipt`, { token: land.token, json: { messageId, manifestSha256 } });
    expect([receipt.status, receipt.body]).toMatchObject([200, {}]);
    const accepted = await ask<{ messageId: string }>(gateway.url, `/v1/dossiers/${dossier.code}/messages`, { token: land.token, json: { type: 'dossier.accept', to: ['H57.12.03'], body: { receivedAt: new Date().toISOString() }, documents: [] } });
    expect([accepted.status, accepted.body]).toMatchObject([202, {}]);
    const evidence = await gateway.fresh.records.evidence.ofMessage(messageId);
    expect(evidence.map(({ kind, name }) => [kind, name])).toEqual([['message', 'message'], ['delivered', 'delivered-land-registry'], ['taken-in', `taken-in-${accepted.body.messageId}`]]);
    for (const { statement } of evidence.slice(1)) expect(JSON.parse(statement ?? '')).toMatchObject({ messageId, manifestSha256, recipient: 'land-registry' });
    const [own] = evidence;
    const manifest = (await gateway.fresh.records.messages.manifest(messageId)) ?? '';
    const named = readManifest(own?.manifestXml ?? new Uint8Array());
    expect(named.objects.map(({ name, isRoot }) => [name, isRoot])).toEqual([['manifest.json', true], ['body.json', false]]);
    expect(Buffer.from(named.objects[0]?.digest ?? []).toString('hex')).toBe(createHash('sha256').update(manifest).digest('hex'));
  });
});
