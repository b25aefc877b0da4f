import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandboxVnpostMy, type SandboxVnpostMy } from '../../sandbox/vnpost-my/start.ts';
import { startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import { DEFAULT_ORDER_NUMBER } from '../../src/domain/postal-order.ts';
import type { DossierTimeline, DossierView } from '../../src/formats/api/dossiers.ts';
import type { PostalOrderView } from '../../src/formats/api/postal.ts';
import { openBrowser, type Browser, type BrowserPage } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { vnpostAt, vnpostMyAt } from '../support/postal-engine.ts';
import { requireTool } from '../support/tools.ts';

/** The post desk as a clerk uses it: a real browser, the gateway as `serve` wires it, a carrier over a real socket. Pictures go to POST_DESK_PICTURES. */

let post: SandboxVnpost;
let my: SandboxVnpostMy;
let gateway: TestGateway;
let portal: TestPartner;
let adminKey: string;

beforeAll(async () => {
  post = await startSandboxVnpost({ stageMs: 3_600_000 });
  my = await startSandboxVnpostMy({ way: [] });
  gateway = await startTestGateway({
    accounts: () => [
      { carrier: vnpostAt(post.url), orderNumberTemplate: DEFAULT_ORDER_NUMBER, pollMs: 100 },
      { carrier: vnpostMyAt(my.url, { timeoutMs: 2_000 }), orderNumberTemplate: DEFAULT_ORDER_NUMBER, pollMs: 3_600_000 },
    ],
  });
  portal = await gateway.addPartner('one-stop', { agencies: ['H57.01'], scopes: ['dossiers:write', 'dossiers:read', 'postal:write', 'postal:read'] });
  adminKey = await gateway.issueKey(portal, ['admin']);
});
afterAll(async () => {
  await gateway.close();
  await post.close();
  await my.close();
});

const party = (name: string, provinceCode: string, communeCode?: string): object => ({ name, phone: '0900000001', address: { line: '1 Đường Thử Nghiệm', provinceCode, ...(communeCode === undefined ? {} : { communeCode }) } });

async function order(leg: string, more: object = {}): Promise<PostalOrderView> {
  const opened = await ask<DossierView>(gateway.url, '/v1/dossiers', { token: portal.token, json: { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' } });
  const contents = [{ title: 'Đơn đăng ký <b>biến động</b>' }, { title: 'Trích lục bản đồ', kind: 'certified-copy', copies: 2 }];
  const json = { dossierCode: opened.body.code, leg, sender: party('Trần Văn Mẫu', '48'), recipient: party('Bộ phận Một cửa (mẫu)', '46'), contents, ...more };
  return (await ask<PostalOrderView>(gateway.url, '/v1/postal-orders', { token: portal.token, json })).body;
}

const read = async (id: string): Promise<PostalOrderView> => (await ask<PostalOrderView>(gateway.url, `/v1/postal-orders/${id}`, { token: portal.token })).body;
const form = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  askRaw(gateway.url, '/console/post', { method: 'POST', body: new URLSearchParams(fields).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });

describe.skipIf(!requireTool('chromium'))('the post desk in Chromium', () => {
  let browser: Browser;
  let page: BrowserPage;

  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.page({ scripts: true });
  });
  afterAll(() => browser.close());

  const url = (query = ''): string => `${gateway.url}/console/post${query}`;
  const fill = (selector: string, value: string): Promise<unknown> => page.evaluate(`(() => { document.querySelector(${JSON.stringify(selector)}).value = ${JSON.stringify(value)} })()`);
  const shows = (text: string): Promise<string> => eventually(() => page.html(), (html) => html.includes(text));
  const picture = async (name: string): Promise<void> => {
    const folder = process.env['POST_DESK_PICTURES'];
    if (folder === undefined) return;
    await mkdir(folder, { recursive: true });
    const { data } = await page.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    await writeFile(join(folder, `${name}.png`), Buffer.from(String(data), 'base64'));
  };

  it('lets an administrator in, and nobody else', async () => {
    await page.open(url());
    await picture('1-sign-in');
    await fill('#key', portal.token);
    await page.click('main > form button');
    await shows('Khóa API thiếu quyền');
    await fill('#key', adminKey);
    await page.click('main > form button');
    await shows('Đơn chờ người quyết định');
    expect(page.complaints.filter((text) => !text.includes('the server responded with a status of 4'))).toEqual([]);
  });

  it('scan, count, confirm: minutes make the dossier submitted; too few papers are not complete; twice is once', async () => {
    const collected = await order('COLLECT_DOSSIER');
    await eventually(() => read(collected.id), ({ state }) => state === 'ACCEPTED');
    const { trackingNumber } = await eventually(() => read(collected.id), (found) => found.trackingNumber !== null);
    await fill('#number', ` ${trackingNumber ?? ''}`);
    await page.click('.scan button');
    const html = await shows(collected.orderNumber);
    expect(html).toContain('Đơn đăng ký &lt;b&gt;biến động&lt;/b&gt;');
    expect(html).not.toMatch(/Trần Văn Mẫu|0900000001|Đường Thử Nghiệm/);
    await fill('#entry', 'POST_TO_AGENCY');
    await fill('#minutes', 'BB-12');
    await fill('#counted', '2');
    await page.click('#complete');
    await picture('2-order');
    // The field has minutes; the order may be of this very minute.
    const now = new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 19);
    await fill('#when', now);
    await page.click('form:has(#entry) button');
    await shows('is less than the 3 papers of the list');
    await picture('3-too-few');
    for (const said of ['Đã ghi nhận.', 'Việc này đã được ghi nhận trước đó']) {
      await fill('#entry', 'POST_TO_AGENCY');
      await fill('#minutes', 'BB-12');
      await fill('#counted', '3');
      await page.evaluate(`document.querySelector('#complete').checked = true`);
      await fill('#when', now);
      await page.click('form:has(#entry) button');
      await shows(said);
    }
    await picture('4-entered');
    expect((await read(collected.id)).state).toBe('DELIVERED');
    const { body } = await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${collected.dossierCode}`, { token: portal.token });
    expect(body.timeline.filter(({ kind }) => kind === 'dossier.submitted-by-post').map(({ at }) => at)).toEqual([new Date(`${now}+07:00`).toISOString()]);
  });

  it('money is taken against a receipt, by whom and for what; who received it is stored sealed', async () => {
    const fees = [{ purpose: 'ADMIN_FEE', payer: 'recipient', amountVnd: 50_000, collectBy: 'POST' }];
    const placed = await order('DELIVER_RESULT', { fees });
    await eventually(() => read(placed.id), ({ state }) => state === 'ACCEPTED');
    await page.open(url(`?number=${placed.orderNumber}`));
    expect(await page.html()).toMatch(/Lệ phí.*Người trả: Người nhận.*Nhân viên bưu chính.*50\.000/s);
    const now = new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 19);
    const handOver = { entry: 'POST_TO_CITIZEN', minutes: 'BB-77', counted: '3', when: now, purpose1: 'ADMIN_FEE', receipt1: 'BL-9', receivedBy: 'household', recipient: 'Lê Thị Canary', relation: 'vợ', paper: 'citizen-card', paperEnding: '4321' };
    const enter = async (fields: Readonly<Record<string, string>>): Promise<void> => {
      for (const [field, value] of Object.entries({ ...handOver, ...fields })) await fill(`#${field}`, value);
      await page.evaluate(`document.querySelector('#complete').checked = true; for (const each of document.querySelectorAll('form details')) each.open = true`);
      if (fields['amount1'] === '50.000' && fields['receipt1'] === undefined) await picture('4d-fees-and-proof');
      await page.evaluate(`document.documentElement.dataset.before = ''`);
      await page.click('form:has(#entry) > button');
      await eventually(() => page.html(), (html) => !html.includes('data-before'));
    };
    for (const [fields, said] of [[{ amount1: '50000.5' }, 'no whole number'], [{ amount1: '-50000' }, 'no whole number'], [{ amount1: '50.000', receipt1: ' ' }, 'money is taken against a receipt'], [{ amount1: '50.000', recipient: '' }, 'who received it']] as const) {
      await enter(fields);
      await shows(said);
    }
    expect((await read(placed.id)).state).toBe('ACCEPTED');
    await enter({ amount1: '50.000', amount2: '20 000', purpose2: 'POSTAGE', collector2: 'DESK', receipt2: 'BL-10' });
    const html = await shows('Đã ghi nhận.');
    expect(html).toMatch(/Đã thu.*BL-9.*Nhân viên bưu chính.*50\.000.*BL-10.*Bộ phận Một cửa.*20\.000.*70\.000/s);
    expect(html).toContain('Người cùng hộ');
    expect(html).not.toMatch(/Canary|4321/);
    await picture('4e-taken');
    const [event] = (await gateway.fresh.records.postal.events(placed.id)).filter(({ source }) => source === 'manual');
    expect(JSON.parse(event?.raw ?? '')).toMatchObject({ proof: { recipient: { name: 'Lê Thị Canary', relation: 'vợ', paper: { kind: 'citizen-card', ending: '4321' } } } });
    for (const table of ['audit', 'dossier_event', 'postal_event', 'message']) {
      const { rows } = await gateway.fresh.handle.pool.query<{ found: string }>(`SELECT count(*) AS found FROM ${table} AS t WHERE t::text LIKE '%Canary%'`);
      expect([table, rows[0]?.found]).toEqual([table, '0']);
    }
  });

  it('an attempt is shown in words, with its reason and what was done', async () => {
    const placed = await order('DELIVER_RESULT');
    await eventually(() => read(placed.id), ({ state }) => state === 'ACCEPTED');
    await page.open(url(`?number=${placed.orderNumber}`));
    await page.evaluate(`document.querySelector('details.attempt').open = true`);
    await fill('#reason', 'nobody-home');
    await fill('#measure', 'notice-left');
    await fill('#attempted', new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 19));
    await page.click('details.attempt button');
    expect(await shows('Đã ghi nhận.')).toContain('Không có người nhận → Để lại giấy mời');
    await picture('4f-attempt');
  });

  it('an address is changed when the carrier agrees, and not where it cannot be asked; it is not shown', async () => {
    const elsewhere = await order('DELIVER_RESULT');
    await eventually(() => read(elsewhere.id), ({ state }) => state === 'ACCEPTED');
    const placed = await order('DELIVER_RESULT', { carrier: 'post-vnpost-my', sender: party('Bộ phận Một cửa (mẫu)', '46', '19777'), recipient: party('Trần Văn Mẫu', '48', '20000') });
    await eventually(() => read(placed.id), ({ state }) => state === 'ACCEPTED');
    for (const [{ orderNumber }, said] of [[elsewhere, 'Đơn vị bưu chính không cung cấp việc này'], [placed, 'Đã đổi địa chỉ.']] as const) {
      await page.open(url(`?number=${orderNumber}`));
      await page.evaluate(`document.querySelector('details.move').open = true`);
      for (const [field, value] of Object.entries({ line: '9 Đường Mới Canary', province: '48', commune: '20000', phone: '0900000777' })) await fill(`#${field}`, value);
      if (said === 'Đã đổi địa chỉ.') await picture('4g-move');
      await page.click('details.move button');
      await shows(said);
    }
    expect(my.ledger.addressOf(placed.orderNumber)).toBe('9 Đường Mới Canary');
    expect(await page.html()).toMatch(/Các lần yêu cầu đổi địa chỉ.*Cán bộ gặp trực tiếp.*Đã đổi.*Đã hiệu chỉnh/s);
    expect(await page.html()).not.toMatch(/Canary|0900000777/);
    expect((await gateway.fresh.records.audit.of(`postal-order:${placed.id}`, 20)).some(({ actor, action }) => action === 'change-postal-address' && actor.startsWith('operator:key-'))).toBe(true);
  });

  it('prints the label and the slip of an order, and the minutes of many', async () => {
    const placed = await order('DELIVER_RESULT');
    const { trackingNumber } = await eventually(() => read(placed.id), (found) => found.trackingNumber !== null);
    await page.open(url(`?number=${placed.id}`));
    expect(await page.html()).toContain(placed.orderNumber);
    await page.evaluate(`document.querySelector('form.print:has(#numbers)').closest('details').open = true`);
    await picture('4b-print');
    const cookie = String(((await page.send('Network.getCookies', { urls: [url()] }))['cookies'] as { name: string; value: string }[]).map(({ name, value }) => `${name}=${value}`));
    const paper = async (kind: string, numbers: string): Promise<readonly [number, string, Buffer]> => {
      const response = await form({ action: 'print', paper: kind, numbers }, { cookie });
      return [response.status, response.headers.get('content-type') ?? '', Buffer.from(await response.arrayBuffer())];
    };
    for (const kind of ['label-pdf', 'slip', 'AGENCY_TO_POST']) {
      const [status, type, body] = await paper(kind, `${placed.orderNumber}\n${trackingNumber ?? ''}\n`);
      expect([status, type, body.subarray(0, 5).toString()]).toEqual([200, 'application/pdf', '%PDF-']);
    }
    expect((await paper('label-zpl-203', placed.orderNumber))[2].toString()).toMatch(/^\^XA\^PW840\^LL1184/);
    expect(await paper('slip', 'no-such-order')).toEqual([404, expect.stringContaining('text/html'), expect.anything()]);
    const audited = await gateway.fresh.handle.pool.query(`SELECT 1 FROM audit WHERE action = 'print-postal-paper' AND subject = $1`, [`postal-order:${placed.id}`]);
    expect(audited.rowCount).toBe(7);
  });

  it('a difference with the carrier’s records is listed, and closed with a note', async () => {
    const task = { id: randomUUID(), carrier: 'post-vnpost-hcc', kind: 'two-parcels', orderNumber: 'H57.01-261124-0001-KQ1', postalOrderId: null, fact: 'EA000010005VN EA999999995VN', day: '2026-11-24', openedAt: new Date() } as const;
    await gateway.fresh.records.postalTasks.open(task);
    await page.open(url());
    expect(await page.html()).toContain('Hai bưu gửi cho một đơn');
    await picture('4c-difference');
    await fill('.difference input[name=note]', 'Bưu điện đã hủy một bưu gửi');
    await page.click('.difference button');
    await shows('Đã đóng sai lệch.');
    expect(await gateway.fresh.records.postalTasks.listOpen(10)).toEqual([]);
    expect((await form({ action: 'close-task', task: task.id, note: 'x' })).status).toBe(401);
  });

  it('an order whose outcome is unknown is listed, and decided by a person with a note', async () => {
    post.faults.post = { answer: 'html', effect: 'none' };
    const lost = await order('DELIVER_RESULT');
    await eventually(() => read(lost.id), ({ state }) => state === 'UNKNOWN');
    post.faults.post = null;
    await page.open(url('?lang=en'));
    expect(await page.html()).toContain(lost.orderNumber);
    await page.open(url(`?lang=vi&number=${lost.orderNumber}`));
    await picture('5-decide');
    await page.send('Emulation.setDeviceMetricsOverride', { width: 390, height: 844, deviceScaleFactor: 1, mobile: true });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390); // nothing to the right of a telephone's screen
    await picture('5-decide-phone');
    await page.send('Emulation.clearDeviceMetricsOverride');
    await page.click('#adopt');
    await fill('#note', 'Bưu điện xác nhận đã có đơn');
    await page.click('.decide button');
    await shows('Đã ghi quyết định.');
    expect((await read(lost.id)).state).toBe('ACCEPTED');
  });

  it('shows that there is no such order, in the language asked for, and signs out', async () => {
    await page.open(url('?lang=en&number=%3Cscript%3Ealert(1)%3C/script%3E'));
    expect(await page.html()).toContain('No order has this number.');
    await picture('6-english');
    await page.click('.side button');
    await shows('API key of an administrator');
    expect(page.complaints.filter((text) => !text.includes('the server responded with a status of 4'))).toEqual([]);
  });
});

describe('the post desk', () => {
  it.each([
    ['no session', {}],
    ['a session that was made up', { cookie: `lienthong-console=${Buffer.alloc(80, 7).toString('base64url')}` }],
  ])('does nothing with %s', async (_what, headers) => {
    const placed = await order('DELIVER_RESULT');
    const response = await form({ action: 'decide', id: placed.id, number: placed.orderNumber, decision: 'cancel', note: 'x' }, headers);
    expect([response.status, await response.text()]).toEqual([401, expect.stringContaining('Khóa API')]);
  });

  it('does nothing for a form that another site sends, nor signs anybody in by it', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://elsewhere.example' }, { 'sec-fetch-site': 'same-site' }] as const) {
      const response = await form({ action: 'login', key: adminKey }, headers);
      expect([response.status, response.headers.get('set-cookie')]).toEqual([401, null]);
    }
  });

  it('ends the session of a key that was revoked, at once', async () => {
    const key = await gateway.issueKey(portal, ['admin']);
    const signedIn = await fetch(`${gateway.url}/console/post`, { method: 'POST', body: new URLSearchParams({ action: 'login', key }).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' }, redirect: 'manual' });
    const cookie = signedIn.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^lienthong-console=[\w-]+; Path=\/console; HttpOnly; SameSite=Strict; Max-Age=900$/);
    expect(cookie).not.toContain(key);
    const look = async (): Promise<string> => (await askRaw(gateway.url, '/console/post', { headers: { cookie: cookie.split(';')[0] ?? '' } })).text();
    expect(await look()).toContain('Đơn chờ người quyết định');
    await gateway.fresh.handle.pool.query('UPDATE api_key SET revoked_at = now() WHERE id = $1', [/^lt_([0-9a-f]{32})_/.exec(key)?.[1]]);
    expect(await look()).toContain('Khóa API của quản trị viên');
  });

  it('keeps its cookie to TLS where the page came over TLS', async () => {
    const response = await fetch(`${gateway.url}/console/post`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ action: 'login', key: adminKey }).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-proto': 'https' } });
    expect(response.headers.get('set-cookie')).toMatch(/; Max-Age=900; Secure$/);
  });

  it.each([
    ['an action that is none', { action: 'steal' }, 422],
    ['nothing', {}, 422],
  ])('refuses %s', async (_what, fields, status) => {
    expect((await form(fields)).status).toBe(status);
  });
});
