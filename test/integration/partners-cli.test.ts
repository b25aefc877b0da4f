import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onboardingText } from '../../src/formats/onboarding-text.ts';
import type { DossierView } from '../../src/formats/api/dossiers.ts';
import type { MessageView } from '../../src/formats/api/messages.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { startHttpPartner, type HttpPartner } from '../support/http-partner.ts';
import { requireTool } from '../support/tools.ts';

/** What an operator does from the command line beside a running gateway, on its records. */

let gateway: TestGateway;
let land: TestPartner;
let one: TestPartner;
let portal: HttpPartner;

beforeAll(async () => {
  gateway = await startTestGateway();
  portal = await startHttpPartner({ secret: 'whsec_', deduplicates: true, react: () => ({ apply: false, answer: { status: 400 } }) });
  land = await gateway.addPartner('land-registry', { agencies: ['H57.12'] });
  one = await gateway.addPartner('one-stop', { agencies: ['H57.01'], pushUrl: portal.url });
  portal.setSecret(one.webhookSecret ?? '');
});
afterAll(async () => {
  await portal.close();
  await gateway.close();
});

function cli(...args: readonly string[]): Promise<CliResult> {
  const { host, port, user, database } = gateway.fresh.connection;
  const env = { DATABASE_URL: `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`, LIENTHONG_DATA: dirname(gateway.documentsPath), MASTER_KEY_FILE: gateway.fresh.masterKeyPath };
  return runCli(args, { env });
}

async function sendFirst(): Promise<MessageView> {
  const { body } = await ask<DossierView>(gateway.url, '/v1/dossiers', { token: land.token, json: { agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' } });
  const sent = await ask<MessageView>(gateway.url, `/v1/dossiers/${body.code}/messages`, { token: land.token, json: { type: 'dossier.progress', from: 'H57.12', to: ['H57.01'] } });
  return eventually(async () => (await ask<MessageView>(gateway.url, `/v1/messages/${sent.body.messageId}`, { token: land.token })).body, ({ deliveries }) => deliveries[0]?.state === 'parked');
}

describe('lienthong partners and messages', () => {
  it('show what stands still, for whom and why, and record that the recipient has it', async () => {
    const parked = await sendFirst();
    const deliveryId = parked.deliveries[0]?.deliveryId ?? '';
    expect(JSON.parse((await cli('messages', 'list', '--parked', '--partner', 'one-stop', '--reason', 'refused', '--json')).stdout)).toMatchObject([{ id: deliveryId, target: 'one-stop', reason: 'refused' }]);
    expect((await cli('messages', 'list', '--parked', '--reason', 'expired')).stdout).toContain('nothing is stuck');
    expect((await cli('messages', 'list')).stdout).toMatch(/one-stop\s.*1\s.*closed/);
    expect((await cli('partners', 'show', 'one-stop')).stdout).toMatch(/serves\s+H57\.01[\s\S]*circuit\s+closed[\s\S]*messages stuck --partner one-stop/);
    expect(await cli('messages', 'adopt', deliveryId, '--note', 'told by telephone')).toMatchObject({ exitCode: 0 });
    expect((await ask<MessageView>(gateway.url, `/v1/messages/${parked.messageId}`, { token: land.token })).body.deliveries[0]?.state).toBe('delivered');
    expect(await cli('messages', 'adopt', deliveryId, '--note', 'again')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('delivered') as string });
  });

  it('limit how fast messages go to a system, with an entry in the audit trail', async () => {
    expect((await cli('partners', 'limit-deliveries', 'one-stop', '--rate', '5', '--burst', '3')).exitCode).toBe(0);
    expect((await gateway.fresh.records.partnerStates.find(one.id)).limits).toEqual({ ratePerSecond: 5, burst: 3 });
    expect((await cli('partners', 'limit-deliveries', 'one-stop')).stdout).toContain('as fast as they come');
    expect((await gateway.fresh.records.audit.of('partner:one-stop', 2)).map(({ action }) => action)).toEqual(['limit-deliveries', 'limit-deliveries']);
    expect(await cli('partners', 'limit-deliveries', 'nobody')).toMatchObject({ exitCode: 2 });
  });

  it('write a text for a new partner that holds no secret', async () => {
    const { stdout } = await cli('partners', 'onboard', 'one-stop', '--lang', 'vi', '--gateway', 'https://lienthong.example.vn');
    expect(stdout).toContain("export GATEWAY='https://lienthong.example.vn'");
    expect(stdout).toContain('Hệ thống này phục vụ: H57.01.');
    expect(stdout).not.toContain((one.webhookSecret ?? '').slice(8));
    expect(await cli('partners', 'onboard', 'one-stop', '--gateway', "https://x/'; rm -rf ~")).toMatchObject({ exitCode: 2 });
  });
});

describe.skipIf(!requireTool('curl') || !requireTool('openssl'))('the calls of the text for a new partner, copied', () => {
  const blocks = (text: string): string[] => [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, code = '']) => code);
  const run = async (code: string, env: Readonly<Record<string, string>>): Promise<string> =>
    (await promisify(execFile)('bash', ['-c', `curl() { command curl -sf "$@"; }; uuidgen() { cat /proc/sys/kernel/random/uuid; }; dir="$(mktemp -d)"; trap 'rm -rf "$dir"' EXIT; cd "$dir"; printf paper > paper.pdf\n${code}`], { env: { ...process.env, GATEWAY: gateway.url, ...env } })).stdout;

  it.each(['vi', 'en'] as const)('work as they stand (%s)', async (language) => {
    const partner = (await gateway.fresh.records.partners.find(land.id)) ?? (() => { throw new Error('no partner'); })();
    const [first = '', open = '', upload = '', send = '', pull = ''] = blocks(onboardingText({ partner, agencyCodes: ['H57.12'], gatewayUrl: gateway.url, language }));
    const env = { API_KEY: land.token };
    expect(await run(first.replace(/^read .*$/m, ''), env)).toContain('"keys"');
    const { code } = JSON.parse(await run(open, env)) as DossierView;
    expect(JSON.parse(await run(upload, env))).toMatchObject({ name: 'paper.pdf', sizeBytes: 5 });
    expect(JSON.parse(await run(send, { ...env, CODE: code }))).toMatchObject({ type: 'dossier.submit', deliveries: [{ partnerId: 'one-stop' }] });
    expect(await run(pull.split('\n')[0] ?? '', env)).toContain('"entries"');
  });

  it('make the signature that a push carries', async () => {
    const { webhookSecret, id } = one;
    const pushed = portal.pushes.at(-1) ?? (() => { throw new Error('nothing was pushed'); })();
    const partner = (await gateway.fresh.records.partners.find(id)) ?? (() => { throw new Error('no partner'); })();
    const code = blocks(onboardingText({ partner, agencyCodes: [], gatewayUrl: gateway.url, language: 'en' })).at(-1) ?? '';
    const made = await run(code, { WEBHOOK_SECRET: webhookSecret ?? '', WEBHOOK_ID: pushed.webhookId, WEBHOOK_TIMESTAMP: String(pushed.headers['webhook-timestamp']), BODY: pushed.raw });
    expect(String(pushed.headers['webhook-signature']).split(' ')).toContain(`v1,${made.trim()}`);
  });
});
