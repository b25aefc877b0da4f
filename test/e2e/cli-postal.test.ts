import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandboxVnpost, type SandboxVnpost } from '../../sandbox/vnpost/start.ts';
import { SANDBOX_MY_CUSTOMER, startSandboxVnpostMy, type SandboxVnpostMy } from '../../sandbox/vnpost-my/start.ts';
import type { PostalOrderView } from '../../src/formats/api/postal.ts';
import { isoDayInVietnam } from '../../src/domain/postal-limits.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { ask } from '../support/gateway-http.ts';
import { servedGateway, type ServedGateway } from '../support/served-gateway.ts';

/** `lienthong postal …` as a person runs it, beside a gateway that serves: output, exit codes, and what is on record afterwards. */

const HCC = 'post-vnpost-hcc';
const MY = 'post-vnpost-my';
const STREET = '9 Đường Kín Đáo';

let gateway: ServedGateway;
let hcc: SandboxVnpost;
let my: SandboxVnpostMy;
let url: string;
let token: string;
let env: Record<string, string>;

beforeAll(async () => {
  hcc = await startSandboxVnpost({ way: [] });
  my = await startSandboxVnpostMy({ way: [] });
  const settings: Record<string, string> = { LIENTHONG_OUTBOUND_ALLOW: '127.0.0.1' };
  gateway = await servedGateway(settings);
  settings['LIENTHONG_POSTAL_FILE'] = writeAccounts(gateway.dir);
  writeFileSync(join(gateway.dir, 'delivery.json'), JSON.stringify({ schedule: { delaysMs: [200], jitter: 0 }, timeoutMs: 1_000, quarantineMs: 1_100 }));
  settings['LIENTHONG_DELIVERY_FILE'] = join(gateway.dir, 'delivery.json');
  env = { ...settings, LIENTHONG_DATA: gateway.data };
  ({ url } = await gateway.serve());
  for (const args of [['partners', 'add', 'one-stop', '--name', 'Một cửa', '--pull'], ['routes', 'set', 'H57.01', 'one-stop']]) expect(await cli(...args)).toMatchObject({ exitCode: 0 });
  token = (JSON.parse((await cli('api-keys', 'add', 'one-stop', '--scopes', 'dossiers:write,dossiers:read,postal:write,postal:read', '--json')).stdout) as { token: string }).token;
}, 300_000);
afterAll(async () => {
  await gateway.remove();
  await hcc.close();
  await my.close();
});

function writeAccounts(folder: string): string {
  const place = (code: string): object => ({ code, name: 'Mẫu' });
  writeFileSync(join(folder, 'hcc.secret'), hcc.customer.secretKey);
  const { password, ...customer } = SANDBOX_MY_CUSTOMER;
  writeFileSync(join(folder, 'my.password'), password);
  const accounts = [
    { carrier: HCC, baseUrl: hcc.url, customerCode: hcc.customer.customerCode, consumerKey: hcc.customer.consumerKey, secretKeyFile: 'hcc.secret', provinceCodes: { '46': 53, '48': 55 }, pollSeconds: 0.5, timeoutMs: 2_000 },
    { carrier: MY, baseUrl: my.url, ...customer, passwordFile: 'my.password', serviceCode: 'CTN007', provinces: { '46': place('53'), '48': place('55') }, communes: { '19777': place('530001'), '20000': place('550001') }, pollSeconds: 0.5 },
  ];
  writeFileSync(join(folder, 'postal.json'), JSON.stringify({ accounts }));
  return join(folder, 'postal.json');
}

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { env });
const postal = (...args: readonly string[]): Promise<CliResult> => cli('postal', ...args);
const json = async <T>(...args: readonly string[]): Promise<T> => JSON.parse((await postal(...args, '--json')).stdout) as T;

const party = (name: string, provinceCode: string, communeCode: string): object => ({ name, phone: '0900000001', address: { line: '1 Đường Thử Nghiệm', provinceCode, communeCode } });

async function order(carrier: string, leg = 'DELIVER_RESULT'): Promise<PostalOrderView> {
  const dossier = await ask<{ code: string }>(url, '/v1/dossiers', { token, json: { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục mẫu' }, title: 'Hồ sơ mẫu' } });
  const body = { dossierCode: dossier.body.code, leg, carrier, sender: party('Một cửa (mẫu)', '46', '19777'), recipient: party('Trần Văn Mẫu', '48', '20000'), contents: [{ title: 'Kết quả' }] };
  return (await ask<PostalOrderView>(url, '/v1/postal-orders', { token, json: body })).body;
}

const read = async (id: string): Promise<PostalOrderView> => (await ask<PostalOrderView>(url, `/v1/postal-orders/${id}`, { token })).body;
const whenIn = (id: string, state: string): Promise<PostalOrderView> => eventually(() => read(id), (view) => view.state === state, 60_000);

/** Forty processes one after the other: half a second each, on a busy machine twenty. */
describe('lienthong postal', { timeout: 300_000 }, () => {
  it('tells what it can do, and what to do next where something is missing', async () => {
    const unconfigured = runCli(['postal', 'list'], { env: { LIENTHONG_DATA: gateway.data } });
    const [help, shown, cancelled, printed, unset] = await Promise.all([postal('--help'), postal('show', 'X-1'), postal('cancel', 'X-1'), postal('print', 'poster', 'X-1', '--out', 'x.pdf'), unconfigured]);
    expect(help.exitCode).toBe(0);
    for (const command of ['carriers', 'list', 'show', 'cancel', 'enter', 'attempt', 'print', 'adopt', 'resend', 'quote', 'change-address', 'numbers', 'reconcile', 'tasks', 'close-task', 's10']) expect(help.stdout).toContain(`  ${command} `);
    expect(shown).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/no postal order X-1: take one from “lienthong postal list”.*\[POSTAL_ORDER_NOT_FOUND\]/) as string });
    expect(cancelled).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--note') as string });
    expect(printed).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('label, slip, minutes') as string });
    expect(unset).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('LIENTHONG_POSTAL_FILE') as string });
  });

  it('carriers: each with its way of finding lost answers, and that none met the real system', async () => {
    const { exitCode, stdout } = await postal('carriers');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`${HCC} +own-sandbox +feed-only`));
    expect(stdout).toMatch(new RegExp(`${MY} +own-sandbox +by-number`));
    expect(stdout).toContain(`never met the carrier’s own system: ${HCC}, ${MY}`);
  });

  it('s10: right, wrong, reserved, another form; exit code 1 unless all are right', async () => {
    expect(await postal('s10', 'RR473124829GB', 'ee471108151fr')).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await postal('s10', 'RR473124828GB', 'JB000717618HK', 'VN-77');
    expect(exitCode).toBe(1);
    for (const words of ['wrong check digit', 'reserved by the UPU', 'not in the form']) expect(stdout).toContain(words);
  });

  it('an order: listed, shown in both languages, priced, moved, printed, attempted, delivered by minutes', async () => {
    const { id, orderNumber, dossierCode } = await order(MY);
    await whenIn(id, 'ACCEPTED');
    const [listed, ofDossier, inEnglish, priced] = await Promise.all([postal('list'), postal('list', '--dossier', dossierCode, '--lang', 'vi'), postal('show', orderNumber), postal('quote', orderNumber)]);
    expect(listed.stdout).toMatch(new RegExp(`${orderNumber} +${MY} +DELIVER_RESULT +Order taken \\(ACCEPTED\\)`));
    expect(ofDossier.stdout).toMatch(/Trả kết quả +Đã tiếp nhận đơn \(ACCEPTED\)/);
    expect(inEnglish.stdout).toMatch(/State: Order taken \(ACCEPTED\)/);
    expect(priced.stdout).toMatch(/CTN007/);

    const change = { end: 'recipient', address: { line: STREET, provinceCode: '48', communeCode: '20000' }, verifiedBy: 'officer' };
    const moved = await runCli(['postal', 'change-address', orderNumber, '--file', '-'], { env, input: JSON.stringify(change) });
    expect(moved).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('goes by the new address') as string });
    expect(moved.stdout).not.toContain(STREET);

    const out = (name: string): string => join(gateway.dir, name);
    const second = await order(MY);
    await whenIn(second.id, 'ACCEPTED');
    const printed = await Promise.all([
      postal('print', 'label', orderNumber, second.orderNumber, '--out', out('labels.pdf')),
      postal('print', 'minutes', orderNumber, '--handover', 'AGENCY_TO_POST', '--out', out('minutes.pdf')),
      postal('print', 'label', orderNumber, '--zpl', '300', '--out', out('label.zpl')),
      postal('print', 'slip', orderNumber, '--zpl', '300', '--out', out('x.zpl')),
    ]);
    expect(printed.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 2]);
    expect(printed[0]?.stdout).toContain('label of 2 orders');
    expect([readFileSync(out('labels.pdf'), 'latin1').slice(0, 5), readFileSync(out('minutes.pdf'), 'latin1').slice(0, 5), readFileSync(out('label.zpl'), 'latin1').slice(0, 3)]).toEqual(['%PDF-', '%PDF-', '^XA']);

    const handed = ['enter', orderNumber, 'AGENCY_TO_POST', '--minutes-number', 'BB-1', '--counted', '1'];
    expect(await postal(...handed)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is PICKED_UP') as string });
    expect(await postal(...handed)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('was recorded before') as string });
    expect(await postal('enter', orderNumber, 'POST_TO_AGENCY', '--minutes-number', 'BB-2', '--counted', '1')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('does not happen on the leg') as string });
    expect(await postal('attempt', orderNumber, '--reason', 'nobody-home', '--action', 'notice-left')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is DELIVERY_FAILED') as string });
    expect(await json('enter', orderNumber, 'POST_TO_CITIZEN', '--minutes-number', 'BB-3', '--counted', '1')).toEqual({ id, state: 'DELIVERED', isNew: true });
    const shown = await postal('show', orderNumber, '--lang', 'vi');
    expect(shown.stdout).toMatch(/Trạng thái: Đã phát \(DELIVERED\)/);
    expect(shown.stdout).toMatch(/Hạn phát: .*\+07:00/);
    expect(shown.stdout).not.toMatch(/Trần Văn Mẫu|0900000001|Kín Đáo/);
  });

  it('cancel: at the carrier, then never twice; an order nobody knows of is decided by a person', async () => {
    const taken = await order(MY);
    await whenIn(taken.id, 'ACCEPTED');
    expect(await postal('cancel', taken.orderNumber, '--note', 'công dân rút')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is CANCELLED') as string });
    expect(await postal('adopt', taken.orderNumber, '--note', 'x')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('[STATE_CONFLICT]') as string });

    hcc.faults.post = { answer: 'hang', effect: 'none' };
    const [lost, other] = [await order(HCC), await order(HCC)];
    await whenIn(lost.id, 'UNKNOWN');
    await whenIn(other.id, 'UNKNOWN');
    hcc.faults.post = null;
    expect(await postal('resend', lost.orderNumber, '--note', 'chưa có')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('may still take effect') as string });
    expect(await postal('cancel', lost.orderNumber, '--note', 'bưu điện không có')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is CANCELLED') as string });
    expect(await postal('adopt', other.orderNumber, '--note', 'bưu điện có')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is ACCEPTED') as string });
  });

  it('reconcile: a stranger’s order becomes a task, exit code 1; the task is closed with a note', async () => {
    hcc.ledger.tell({ OrderNumber: 'H57.99-261124-9999-KQ1', StatusCode: 91, ItemCode: 'EA888888888VN' });
    const today = isoDayInVietnam(new Date());
    const { exitCode, stdout } = await postal('reconcile', '--from', today, '--to', today, '--carrier', HCC);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/order-not-ours +H57\.99-261124-9999-KQ1/);
    expect(await postal('reconcile', '--from', today, '--to', '2020-01-01')).toMatchObject({ exitCode: 2 });
    const [task] = (await json<{ id: string; kind: string }[]>('tasks')).filter(({ kind }) => kind === 'order-not-ours');
    expect(await postal('close-task', task?.id ?? '', '--note', 'của đơn vị khác')).toMatchObject({ exitCode: 0 });
  });

  it('numbers: added once each, counted, withdrawn', async () => {
    writeFileSync(join(gateway.dir, 'numbers'), 'EA000000018VN\nEA000000021VN\n');
    expect(await postal('numbers', 'add', HCC, join(gateway.dir, 'numbers'))).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 of 2 numbers are new; 2 are free') as string });
    expect(await postal('numbers', 'recall', HCC, 'EA000000018VN', '--withdraw', '--note', 'mất')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('withdrawn') as string });
    expect(await json('numbers', 'count', HCC)).toEqual({ free: 1, taken: 0, withdrawn: 1 });
  });
});
