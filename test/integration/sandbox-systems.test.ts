import { createHmac, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { httpOnce } from '../../connectors/http-once/index.ts';
import { createVnpostHccCarrier } from '../../connectors/post-vnpost-hcc/index.ts';
import type { GatewayCredentials } from '../../sandbox/connected-system.ts';
import { startLandRegistry } from '../../sandbox/land-registry/start.ts';
import type { RunningServer } from '../../sandbox/listen.ts';
import { startOneStopPortal } from '../../sandbox/one-stop-portal/start.ts';
import { drawSignatureImages } from '../../sandbox/papers/draw-papers.ts';
import { loadPaperFonts } from '../../sandbox/papers/fonts.ts';
import { LAND_REGISTRY, LAND_REGISTRY_SCOPES, ONE_STOP_PORTAL, ONE_STOP_PORTAL_SCOPES } from '../../sandbox/parties.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import { SANDBOX_CUSTOMER, SANDBOX_REFUSED, startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import { DEFAULT_ORDER_NUMBER } from '../../src/domain/postal-order.ts';
import { checkCatalogued } from '../../src/formats/api/message-catalogue.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { addSigningKey, grantKey } from '../../src/usecases/administer-keys.ts';
import { signingWebhookKeys, webhookKeyContext } from '../../src/usecases/webhook-keys.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { pdfsigVerdicts, qpdfComplaints } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

let pki: DevPki;
let authorities: SandboxPki;
let post: SandboxVnpost;
let gateway: TestGateway;
let registry: RunningServer;
let registrySecret: string;
let portal: RunningServer;
const trust = mkdtempSync(join(tmpdir(), 'lienthong-trust-'));

const VNPOST = { ...SANDBOX_CUSTOMER, provinceCodes: { '46': 53 }, statuses: { rejected: [SANDBOX_REFUSED] }, clock: systemClock } as const;

beforeAll(async () => {
  authorities = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  pki = authorities.pki;
  post = await startSandboxVnpost({ stageMs: 50 });
  writeFileSync(join(trust, 'root.pem'), pemOf('CERTIFICATE', pki.root.identity.certificateDer));
  gateway = await startTestGateway({ tsaUrls: [`${authorities.url}/tsa`], trust, accounts: ({ dispatcher }) => [{ carrier: createVnpostHccCarrier({ ...VNPOST, baseUrl: post.url, exchange: httpOnce(dispatcher).exchange }), orderNumberTemplate: DEFAULT_ORDER_NUMBER, pollMs: 100 }] });
  registry = await startLandRegistry({ gateway: (url) => connectRegistry(`${url}/webhooks`) });
  portal = await startOneStopPortal({ gateway: (url) => connectPortal(`${url}/webhooks`) });
});

afterAll(async () => {
  await Promise.all([registry.close(), portal.close()]);
  await gateway.close();
  await Promise.all([post.close(), authorities.close()]);
  rmSync(trust, { recursive: true, force: true });
});

async function connectRegistry(pushUrl: string): Promise<GatewayCredentials> {
  const partner = await gateway.addPartner(LAND_REGISTRY.partnerId, { agencies: [LAND_REGISTRY.agencyCode], scopes: LAND_REGISTRY_SCOPES, pushUrl });
  const { officerPng, sealPng } = drawSignatureImages(await loadPaperFonts());
  await addKey('officer', pki.officer, officerPng, partner);
  await addKey('seal', pki.seal, sealPng, partner);
  registrySecret = partner.webhookSecret ?? '';
  return { url: gateway.url, apiKey: partner.token, webhookSecret: partner.webhookSecret };
}

async function connectPortal(pushUrl: string): Promise<GatewayCredentials> {
  const { token, webhookSecret } = await gateway.addPartner(ONE_STOP_PORTAL.partnerId, { agencies: [ONE_STOP_PORTAL.agencyCode], scopes: ONE_STOP_PORTAL_SCOPES, pushUrl });
  return { url: gateway.url, apiKey: token, webhookSecret };
}

async function addKey(name: 'officer' | 'seal', identity: DevIdentity, picturePng: Uint8Array, partner: TestPartner): Promise<void> {
  const ports = { ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) };
  const id = name as KeyId;
  const purpose = name === 'seal' ? 'seal' : 'document';
  await addSigningKey(ports, 'operator:test', { id, purpose, scheme: identity.scheme, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer, picturePng });
  await grantKey(ports, 'operator:test', partner.id, id);
}

interface CaseView {
  readonly code: string;
  readonly state: string;
  readonly post: readonly { readonly state: string }[];
  readonly received: readonly { readonly type: string; readonly times: number }[];
}

interface DossierAtPortal {
  readonly result: { readonly papers: readonly { readonly documentId: string; readonly name: string; readonly fetched: boolean }[]; readonly times: number };
  readonly orderNumber: string | null;
  readonly post: readonly { readonly state: string }[];
}

const newCase = async (): Promise<string> => (await ask<CaseView>(registry.url, '/cases', { method: 'POST' })).body.code;
const doAt = (code: string, deed: string, json: unknown = {}) => ask<Record<string, unknown>>(registry.url, `/cases/${code}/${deed}`, { json });
const caseView = async (code: string): Promise<CaseView> => (await ask<CaseView>(registry.url, `/cases/${code}`)).body;
const atPortal = (code: string, at = portal.url): Promise<DossierAtPortal> =>
  eventually(() => ask<DossierAtPortal>(at, `/dossiers/${code}`), ({ status }) => status === 200).then(({ body }) => body);

async function send(code: string): Promise<void> {
  for (const role of ['officer', 'seal']) expect((await doAt(code, 'signatures', { role })).body).toMatchObject({ role, level: 'B-T' });
  expect((await doAt(code, 'verification')).body).toMatchObject({ signatures: [{ integrity: 'intact' }, { integrity: 'intact' }] });
  expect((await doAt(code, 'result')).status).toBe(202);
}

describe('the two systems of the sandbox, over the wire', () => {
  it('carry a dossier from filing to the citizen’s door, and both see it', async () => {
    const code = await newCase();
    expect(code).toMatch(/^H57\.12\.03-\d{6}-\d{4}$/);
    await send(code);
    const { result } = await atPortal(code);
    expect(result.papers.map(({ name, fetched }) => [name, fetched])).toEqual([['don-dang-ky.pdf', true], ['manh-trich-do.pdf', true], ['quyet-dinh.pdf', true]]);
    expect((await ask(portal.url, `/dossiers/${code}/postal-order`, { json: {} })).status).toBe(409); // not before it is taken in
    expect((await ask(portal.url, `/dossiers/${code}/acceptance`, { json: {} })).status).toBe(202);
    expect((await ask(portal.url, `/dossiers/${code}/postal-order`, { json: {} })).status).toBe(202);
    const there = await eventually(() => caseView(code), (view) => view.post.at(-1)?.state === 'DELIVERED');
    const here = await eventually(() => atPortal(code), (view) => view.post.at(-1)?.state === 'DELIVERED');
    expect(there.received.map(({ type }) => type)).toContain('dossier.accept');
    expect(here.orderNumber).toBe(`${code}-KQ1`);
    expect(post.ledger.lines().find(({ orderNumber }) => orderNumber === `${code}-KQ1`)?.couriers).toBe(1);
    const messages = await gateway.fresh.records.messages.ofDossier(code as DossierCode); // the gateway's own news of the post among them
    expect(new Set(messages.map(({ type }) => type))).toEqual(new Set(['dossier.result', 'dossier.accept', 'dossier.progress']));
    expect(messages.flatMap(checkCatalogued)).toEqual([]);
    const timeline = await ask<{ timeline: { kind: string }[] }>(registry.url, `/cases/${code}/timeline`);
    expect(timeline.body.timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['dossier.created', 'signature.made', 'message.delivered', 'postal.ordered', 'postal.delivered']));
  });

  it('the portal that pulls gets the same', async () => {
    const partner = await gateway.addPartner('pulling-portal', { agencies: ['H57.00.98'], scopes: ONE_STOP_PORTAL_SCOPES });
    const pulling = await startOneStopPortal({ gateway: { url: gateway.url, apiKey: partner.token, webhookSecret: null }, agencyCode: 'H57.00.98', pullAgainAfterMs: 50 });
    const sender = await startLandRegistry({ gateway: async () => ({ url: gateway.url, apiKey: (await secondSender()).token, webhookSecret: null }), agencyCode: 'H57.13', recipientAgencyCode: 'H57.00.98', level: 'B-B' });
    try {
      const { body } = await ask<CaseView>(sender.url, '/cases', { method: 'POST' });
      for (const role of ['officer', 'seal']) await ask(sender.url, `/cases/${body.code}/signatures`, { json: { role } });
      await ask(sender.url, `/cases/${body.code}/verification`, { json: {} });
      expect((await ask(sender.url, `/cases/${body.code}/result`, { json: {} })).status).toBe(202);
      expect((await atPortal(body.code, pulling.url)).result).toMatchObject({ times: 1, papers: [{ fetched: true }, { fetched: true }, { fetched: true }] });
    } finally {
      await Promise.all([pulling.close(), sender.close()]);
    }
  });

  it('the registry refuses to send what is not signed twice and verified', async () => {
    const code = await newCase();
    expect((await doAt(code, 'signatures', { role: 'seal' })).status).toBe(409);
    expect((await doAt(code, 'result')).status).toBe(409);
    await doAt(code, 'signatures', { role: 'officer' });
    expect((await doAt(code, 'signatures', { role: 'officer' })).status).toBe(409);
    await doAt(code, 'signatures', { role: 'seal' });
    expect((await doAt(code, 'result')).status).toBe(409);
    expect((await caseView(code)).state).toBe('signed');
  });

  it('show people what they hold', async () => {
    const code = await newCase();
    const page = await askRaw(registry.url, '/');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain(code);
    expect(await (await askRaw(portal.url, '/')).text()).toContain('Kết quả đã nhận');
  });
});

async function secondSender(): Promise<TestPartner> {
  const partner = await gateway.addPartner('second-registry', { agencies: ['H57.13'], scopes: LAND_REGISTRY_SCOPES });
  const ports = { ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) };
  for (const id of ['officer', 'seal']) await grantKey(ports, 'operator:test', partner.id, id as KeyId);
  return partner;
}

describe('webhooks that do not come from the gateway (Standard Webhooks 1.0.0)', () => {
  const gatewayKey = async (): Promise<KeyObject> => {
    const [key] = await signingWebhookKeys({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) });
    return createPrivateKey({ key: Buffer.from(gateway.fresh.sealing.open(key?.privateKeySealed ?? new Uint8Array(), webhookKeyContext(key?.id ?? ''))), format: 'der', type: 'pkcs8' });
  };
  const push = (secret: string, at: Date, change: Readonly<Record<string, string>> = {}, key: KeyObject | null = null) => {
    const body = JSON.stringify({ type: 'dossier.progress', timestamp: at.toISOString(), data: {} });
    const timestamp = String(Math.floor(at.getTime() / 1_000));
    const mac = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(`id-1.${timestamp}.${body}`).digest('base64');
    const byKey = key === null ? '' : ` v1a,${sign(null, Buffer.from(`id-1.${timestamp}.${body}`), key).toString('base64')}`;
    return ask<{ error: string }>(registry.url, '/webhooks', { method: 'POST', body, headers: { 'webhook-id': 'id-1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}${byKey}`, ...change } });
  };

  it('are refused when signed with another secret, unsigned, or old', async () => {
    const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    const now = new Date();
    expect((await push(other, now)).status).toBe(401);
    expect((await push(registrySecret, now, { 'webhook-signature': '' })).status).toBe(401);
    expect((await push(registrySecret, new Date(now.getTime() - 6 * 60_000))).body.error).toContain('five minutes');
    expect((await push(registrySecret, now)).body.error).toContain('v1a'); // the secret alone is not the gateway
    // Genuine, but not a message: past the signatures, refused for its content.
    expect((await push(registrySecret, now, {}, await gatewayKey())).status).toBe(400);
  });
});

describe.skipIf(!requireTool('pdfsig') || !requireTool('qpdf'))('the signed decision, judged by poppler and qpdf', () => {
  it('has both signatures valid, the last over the whole file', async () => {
    const code = await newCase();
    await send(code);
    const bytes = Buffer.from(await (await askRaw(registry.url, `/cases/${code}/papers/quyet-dinh.pdf`)).arrayBuffer());
    expect(qpdfComplaints(bytes)).toBe('');
    expect(pdfsigVerdicts(bytes)).toEqual([
      { valid: true, wholeDocument: false },
      { valid: true, wholeDocument: true },
    ]);
  });
});
