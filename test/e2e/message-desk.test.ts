import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DossierView } from '../../src/formats/api/dossiers.ts';
import type { MessageView } from '../../src/formats/api/messages.ts';
import { webhookSecretContext } from '../../src/usecases/administer-partners.ts';
import { openBrowser, type Browser, type BrowserPage } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { WEBHOOK_SECRET } from '../support/gateway-worker.ts';
import { RECEIPT, startHttpPartner, type HttpPartner } from '../support/http-partner.ts';
import { requireTool } from '../support/tools.ts';

/** The message desk as an operator uses it: a browser in which no script runs, the gateway as `serve` wires it, a partner that refuses. Pictures go to MESSAGE_DESK_PICTURES. */

const AGENCY = 'H57.12';
const APPLICANT = 'Phạm Thị Mẫu Kín';
let gateway: TestGateway;
let land: TestPartner;
let portal: HttpPartner;
let adminKey: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  land = await gateway.addPartner('land-registry', { agencies: [AGENCY] });
  portal = await startHttpPartner({ secret: WEBHOOK_SECRET, deduplicates: true, react: () => ({ apply: false, answer: { status: 400, body: '<script>alert(1)</script>' } }) });
  const one = await gateway.addPartner('one-stop', { agencies: ['H57.01'], pushUrl: portal.url });
  const { records, sealing } = gateway.fresh;
  await records.partners.setWebhookSecret(one.id, sealing.seal(new TextEncoder().encode(WEBHOOK_SECRET), webhookSecretContext(one.id)));
  adminKey = await gateway.issueKey(land, ['admin']);
});
afterAll(async () => {
  await portal.close();
  await gateway.close();
});

interface Stuck {
  readonly code: string;
  readonly messages: readonly MessageView[];
}

const read = async (id: string): Promise<MessageView> => (await ask<MessageView>(gateway.url, `/v1/messages/${id}`, { token: land.token })).body;
const stateOf = async ({ messageId }: MessageView): Promise<string | undefined> => (await read(messageId)).deliveries[0]?.state;

/** A dossier whose first message was refused, so that the others wait behind it. */
async function stuckDossier(messages = 1): Promise<Stuck> {
  const opened = await ask<DossierView>(gateway.url, '/v1/dossiers', { token: land.token, json: { agencyCode: AGENCY, procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu', applicant: { name: APPLICANT } } });
  const sent: MessageView[] = [];
  for (let count = 0; count < messages; count += 1) {
    sent.push((await ask<MessageView>(gateway.url, `/v1/dossiers/${opened.body.code}/messages`, { token: land.token, json: { type: 'dossier.progress', from: AGENCY, to: ['H57.01'], body: { note: APPLICANT }, documents: [] } })).body);
  }
  await eventually(() => read(sent[0]?.messageId ?? ''), ({ deliveries }) => deliveries[0]?.state === 'parked');
  return { code: opened.body.code, messages: sent };
}

const auditOf = async ({ messageId }: MessageView): Promise<unknown> => gateway.fresh.records.audit.of(`delivery:${(await read(messageId)).deliveries[0]?.deliveryId}`, 5);
const form = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}, query = ''): Promise<Response> =>
  fetch(`${gateway.url}/console/messages${query}`, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers: { ...headers } });

describe.skipIf(!requireTool('chromium'))('the message desk in Chromium, without scripts', () => {
  let browser: Browser;
  let page: BrowserPage;

  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.page({ scripts: false });
  });
  afterAll(() => browser.close());

  const open = (query = ''): Promise<void> => page.open(`${gateway.url}/console/messages${query}`);
  const shows = (text: string): Promise<string> => eventually(() => page.html(), (html) => html.includes(text));
  const type = async (selector: string, text: string): Promise<void> => {
    await page.click(selector);
    await page.send('Input.insertText', { text });
  };
  const width = (pixels: number): Promise<unknown> => page.send('Emulation.setDeviceMetricsOverride', { width: pixels, height: 900, deviceScaleFactor: 1, mobile: pixels < 600 });
  const picture = async (name: string): Promise<void> => {
    const { cssContentSize, cssLayoutViewport } = (await page.send('Page.getLayoutMetrics')) as unknown as Record<string, { readonly width: number; readonly clientWidth: number }>;
    expect(cssContentSize?.width, `${name} is wider than the screen`).toBeLessThanOrEqual(cssLayoutViewport?.clientWidth ?? 0);
    const folder = process.env['MESSAGE_DESK_PICTURES'];
    if (folder === undefined) return;
    await mkdir(folder, { recursive: true });
    const { data } = await page.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    await writeFile(join(folder, `${name}.png`), Buffer.from(String(data), 'base64'));
  };

  it('shows nothing without a session, and lets in a key of scope admin only', async () => {
    const { code } = await stuckDossier();
    await open('?lang=en');
    expect(await page.html()).not.toContain(code);
    await type('#key', land.token.replace(/.$/, 'x'));
    await page.click('form button');
    await shows('role="alert"');
    await type('#key', await gateway.issueKey(land, ['messages:write']));
    await page.click('form button');
    await shows('The console needs an API key');
    await type('#key', adminKey);
    await page.click('form button');
    const html = await shows(code);
    expect(html).not.toContain(APPLICANT);
    expect(html).not.toContain('<script');
  });

  it('tells what stands still and why, filters it, and shows one timeline, on a desk and on a telephone', async () => {
    const { code } = await stuckDossier(2);
    for (const [name, pixels] of [['desk', 1280], ['phone', 390]] as const) {
      await width(pixels);
      await open('?lang=vi');
      await shows('Nơi nhận từ chối');
      await picture(`stuck-${name}`);
      await open(`?lang=en&dossier=${code}`);
      const html = await shows('Timeline');
      expect(html).toContain('Message accepted');
      expect(html).not.toContain(APPLICANT);
      await picture(`dossier-${name}`);
      await page.open(`${gateway.url}/docs?lang=vi`);
      await picture(`docs-${name}`);
    }
    await width(1280);
    await open('?lang=en&reason=expired');
    expect(await shows('Nothing stands still.')).not.toContain('article class="decide"');
    await open('?lang=en&partner=one-stop&reason=refused');
    await shows(code);
    expect(await gateway.fresh.records.audit.of(`dossier:${code}`, 5)).toMatchObject([{ action: 'read-dossier', actor: expect.stringMatching(/^operator:key-/) as string }, {}]);
  });

  it('sends again what a person decided to send again, with the reason in the audit trail', async () => {
    const { code, messages } = await stuckDossier(2);
    const [first, second] = messages as [MessageView, MessageView];
    portal.setReaction(() => RECEIPT);
    try {
      await open(`?lang=en&dossier=${code}`);
      await page.click('.delivery summary');
      await type('.delivery input[name=note]', 'Portal mended <b>today</b>');
      await page.click('.delivery button[value=replay]');
      await shows('It is being sent again.');
      await eventually(() => stateOf(second), (state) => state === 'delivered');
    } finally {
      portal.setReaction(() => ({ apply: false, answer: { status: 400 } }));
    }
    expect(await auditOf(first)).toMatchObject([{ action: 'replay-delivery', actor: expect.stringMatching(/^operator:key-/) as string, detail: { note: 'Portal mended <b>today</b>', from: 'parked' } }]);
    expect(page.complaints.filter((text) => !text.includes('status of 40'))).toEqual([]); // refused sign-ins
  });

  it.each([
    ['take-in', 'delivered', 'adopt-delivery'],
    ['skip', 'skipped', 'skip-delivery'],
    ['cancel', 'cancelled', 'cancel-delivery'],
  ])('does “%s”', async (decision, state, action) => {
    const { code, messages } = await stuckDossier();
    await open(`?lang=en&dossier=${code}`);
    await page.click('.delivery summary');
    await type('.delivery input[name=note]', 'asked by telephone');
    await page.click(`.delivery button[value=${decision}]`);
    await shows('class="done"');
    expect(await stateOf(messages[0] as MessageView)).toBe(state);
    expect(await auditOf(messages[0] as MessageView)).toMatchObject([{ action, detail: { note: 'asked by telephone' } }]);
  });
});

describe('the forms of the message desk', () => {
  const session = async (): Promise<string> => (await form({ action: 'login', key: adminKey })).headers.get('set-cookie')?.split(';')[0] ?? '';

  it('take nothing from another site, without a session, or with a session made up', async () => {
    const { messages } = await stuckDossier();
    const delivery = (await read(messages[0]?.messageId ?? '')).deliveries[0]?.deliveryId ?? '';
    const fields = { action: 'decide', delivery, decision: 'cancel', note: 'x' };
    const cookie = await session();
    for (const headers of [{}, { cookie: `lienthong-console=${Buffer.alloc(80, 7).toString('base64url')}` }, { cookie, origin: 'https://elsewhere.example' }, { cookie, 'sec-fetch-site': 'cross-site' }]) {
      expect((await form(fields, headers)).status).toBe(401);
    }
    expect(await stateOf(messages[0] as MessageView)).toBe('parked');
    expect((await form({ ...fields, note: '' }, { cookie })).status).toBe(422);
    expect((await form({ ...fields, delivery: '019abcde-0000-7000-8000-000000000001' }, { cookie })).status).toBe(404);
    const taken = await form(fields, { cookie }, '?lang=en&partner=one-stop');
    expect([taken.status, taken.headers.get('location')]).toEqual([303, '/console/messages?lang=en&partner=one-stop&done=cancel']);
    expect(await stateOf(messages[0] as MessageView)).toBe('cancelled');
    expect((await form(fields, { cookie })).status).toBe(409);
  });

  it('end with the key: a revoked one opens nothing any more', async () => {
    const cookie = await session();
    const query = askRaw(gateway.url, '/console/messages?lang=en', { headers: { cookie } });
    expect(await (await query).text()).toContain('Waiting for a decision');
    await gateway.fresh.handle.pool.query(`UPDATE api_key SET revoked_at = now() WHERE scopes = '{admin}'`);
    expect(await (await askRaw(gateway.url, '/console/messages?lang=en', { headers: { cookie } })).text()).toContain('Sign in');
  });
});
