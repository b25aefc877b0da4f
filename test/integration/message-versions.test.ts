import { dirname } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onboardingText } from '../../src/formats/onboarding-text.ts';
import type { PartnerId } from '../../src/domain/ids.ts';
import type { InboxPage, MessageEnvelope, MessageView } from '../../src/formats/api/messages.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { choosePayload } from '../../src/usecases/administer-partners.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { startHttpPartner, type HttpPartner } from '../support/http-partner.ts';

/** What a message may say, in which version, and in which form it is pushed: set for each partner by the operator. */

let gateway: TestGateway;
let land: TestPartner;
let desk: TestPartner;
let portal: TestPartner;
let portalServer: HttpPartner;

beforeAll(async () => {
  gateway = await startTestGateway();
  portalServer = await startHttpPartner({ secret: 'whsec_', deduplicates: true });
  land = await gateway.addPartner('land-registry', { agencies: ['H57.12'] });
  desk = await gateway.addPartner('desk', { agencies: ['H57.02'] });
  portal = await gateway.addPartner('portal', { agencies: ['H57.01'], pushUrl: portalServer.url });
  portalServer.setSecret(portal.webhookSecret ?? '');
});
afterAll(async () => {
  await portalServer.close();
  await gateway.close();
});

function cli(...args: readonly string[]): Promise<CliResult> {
  const { host, port, user, database } = gateway.fresh.connection;
  return runCli(args, { env: { DATABASE_URL: `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`, LIENTHONG_DATA: dirname(gateway.documentsPath), MASTER_KEY_FILE: gateway.fresh.masterKeyPath } });
}

async function send<Body = MessageView>(json: object): Promise<Answer<Body>> {
  const { body } = await ask<{ code: string }>(gateway.url, '/v1/dossiers', { token: land.token, json: { agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' } });
  return ask<Body>(gateway.url, `/v1/dossiers/${body.code}/messages`, { token: land.token, json: { from: 'H57.12', ...json } });
}

const itemised = { type: 'dossier.fee', schemaVersion: 2, body: { items: [{ kind: 'fee', name: 'Lệ phí', amountVnd: 50_000 }], totalVnd: 50_000 } };
const inboxOf = async (partner: TestPartner): Promise<InboxPage> => (await ask<InboxPage>(gateway.url, '/v1/inbox?waitSeconds=10', { token: partner.token })).body;

describe('a message', () => {
  it('whose body is not as the catalogue has it is refused with a pointer to everything that is wrong', async () => {
    const { status, body } = await send<Problem>({ type: 'dossier.supplement.request', to: ['H57.02'], body: { items: [{ reason: 'thiếu' }], dueBy: 'mai' } });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'REQUEST_INVALID', origin: 'caller', retryable: false });
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(['/body/items/0/name', '/body/dueBy']);
  });

  it('of a version that one recipient does not take is refused whole, naming who takes what', async () => {
    expect((await cli('partners', 'versions', 'portal', 'dossier.fee=1,2')).stdout).toContain('dossier.fee 1 and 2');
    const { status, body } = await send<Problem>({ ...itemised, to: ['H57.01', 'H57.02'] });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'MESSAGE_VERSION_NOT_TAKEN', errors: [{ pointer: '/schemaVersion', detail: 'desk takes dossier.fee in version 1' }] });
    expect((await ask<InboxPage>(gateway.url, '/v1/inbox', { token: desk.token })).body.entries).toEqual([]);
  });

  it('of a later version arrives once its recipient takes it, and its version is bound by the manifest', async () => {
    expect(await cli('partners', 'versions', 'desk', 'dossier.fee=2', '--json')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"dossier.fee"') as string });
    const sent = await send({ ...itemised, to: ['H57.02'] });
    expect(sent).toMatchObject({ status: 202, body: { schemaVersion: 2 } });
    const [entry] = (await inboxOf(desk)).entries;
    expect(entry?.message).toMatchObject({ messageId: sent.body.messageId, schemaVersion: 2, body: itemised.body });
    expect(JSON.parse((await gateway.fresh.records.messages.manifest(sent.body.messageId)) ?? '')).toMatchObject({ version: 1, schemaVersion: 2 });
    expect((await send<Problem>({ type: 'dossier.fee', to: ['H57.02'], body: { amountVnd: 1 } })).body).toMatchObject({ code: 'MESSAGE_VERSION_NOT_TAKEN' });
  });

  it('has no version that the catalogue has not', async () => {
    expect((await send<Problem>({ ...itemised, schemaVersion: 3, to: ['H57.02'] })).body).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '/schemaVersion' }] });
    expect(await cli('partners', 'versions', 'desk', 'dossier.fee=3')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('1, 2') as string });
  });
});

describe('a thin push (Standard Webhooks 1.0.0)', () => {
  it('says nothing of the message; its recipient, and nobody else, fetches it by the link', async () => {
    expect((await cli('partners', 'payload', 'portal', 'thin')).exitCode).toBe(0);
    expect((await cli('partners', 'show', 'portal')).stdout).toContain('payload: thin');
    const partner = await gateway.fresh.records.partners.find(portal.id);
    expect(partner === null ? '' : onboardingText({ partner, agencyCodes: [], gatewayUrl: gateway.url, language: 'vi' })).toContain('"$GATEWAY/v1/inbox/$MESSAGE"');
    const { body: document } = await ask<{ id: string }>(gateway.url, '/v1/documents', { token: land.token, body: 'giấy tờ' });
    const sent = await send({ type: 'dossier.result', to: ['H57.01'], body: { title: 'Trần Thị Mẫu Bí Mật' }, documents: [{ documentId: document.id, role: 'result', name: 'Tên Mật.pdf' }] });
    const [push] = await eventually(() => Promise.resolve(portalServer.pushes), ({ length }) => length > 0);
    const payload = JSON.parse(push?.raw ?? '') as { type: string; data: { messageId: string; deliveryId: string; links: { message: string; documents: string[] } } };
    expect(payload).toEqual({ type: 'dossier.result', timestamp: sent.body.createdAt, data: { messageId: sent.body.messageId, deliveryId: push?.webhookId, links: { message: `/v1/inbox/${sent.body.messageId}`, documents: [`/v1/documents/${document.id}`] } } });
    expect(push?.raw).not.toMatch(/Mật|H57/);

    const fetched = await ask<MessageEnvelope>(gateway.url, payload.data.links.message, { token: portal.token });
    expect(fetched.body).toMatchObject({ deliveryId: payload.data.deliveryId, body: { title: 'Trần Thị Mẫu Bí Mật' }, parts: [{ name: 'Tên Mật.pdf' }], manifestSha256: sent.body.manifestSha256 });
    expect((await ask(gateway.url, payload.data.links.message, { token: desk.token })).body).toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
    expect((await ask(gateway.url, payload.data.links.message, { token: land.token })).body).toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
    const audited = await gateway.fresh.records.audit.of(`dossier:${sent.body.dossierCode}`, 10);
    expect(audited.filter(({ action }) => action === 'read-message')).toMatchObject([{ actor: 'partner:portal', detail: { messageId: sent.body.messageId } }]);
  });

  it('is not for a system that pulls', async () => {
    await expect(choosePayload({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) }, 'operator:test', 'desk' as PartnerId, 'thin')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await cli('partners', 'add', 'other', '--name', 'Other', '--pull', '--payload', 'thin')).toMatchObject({ exitCode: 2 });
  });
});

describe('the catalogue in /openapi.json', () => {
  it('is valid, and names for each type and version the body that belongs to it', async () => {
    const { body } = await ask<{ components: { schemas: Record<string, { oneOf?: { $ref?: string }[]; discriminator?: { mapping: Record<string, string> }; properties?: Record<string, unknown> }> } }>(gateway.url, '/openapi.json');
    expect(await new Validator().validate(structuredClone(body))).toMatchObject({ valid: true });
    const { NewMessage, MessageEnvelope, DossierFeeMessage, DossierFeeV2, DossierResultMessage } = body.components.schemas;
    for (const schema of [NewMessage, MessageEnvelope]) {
      expect(schema?.oneOf).toHaveLength(12);
      expect(schema?.discriminator?.mapping['dossier.fee']).toBe('#/components/schemas/DossierFeeMessage');
      for (const { $ref = '' } of schema?.oneOf ?? []) expect(body.components.schemas).toHaveProperty([$ref.split('/').at(-1) ?? '']);
    }
    expect(DossierFeeMessage?.oneOf).toHaveLength(2);
    expect(DossierFeeV2?.properties).toHaveProperty('totalVnd');
    expect(DossierResultMessage?.properties).toMatchObject({ type: { const: 'dossier.result' }, body: { $ref: '#/components/schemas/DossierResultV1' } });
  });
});
