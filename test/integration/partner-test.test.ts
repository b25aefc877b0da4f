import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf } from '../../certs/dev/identity.ts';
import type { PartnerTest } from '../../src/formats/api/partner-test.ts';
import { runCli } from '../support/cli.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { startHttpPartner, type HttpPartner } from '../support/http-partner.ts';

/** The line to a partner, tried out: what an operator is told of systems in every state. */

let gateway: TestGateway;
let operator: TestPartner;
let good: HttpPartner;

beforeAll(async () => {
  gateway = await startTestGateway();
  operator = await gateway.addPartner('operator', { scopes: ['admin'] });
  good = await startHttpPartner({ secret: '', deduplicates: true });
});
afterAll(async () => {
  await good.close();
  await gateway.close();
});

let serial = 0;
async function test(pushUrl: string | undefined, agencies: readonly string[] = [], scopes: Parameters<TestGateway['addPartner']>[1] = {}): Promise<{ ok: boolean; steps: Readonly<Record<string, string>>; body: PartnerTest; partner: TestPartner }> {
  const partner = await gateway.addPartner(`system-${(serial += 1)}`, { agencies, ...scopes, ...(pushUrl !== undefined && { pushUrl }) });
  if (partner.webhookSecret !== null && pushUrl === good.url) good.setSecret(partner.webhookSecret);
  return { ...(await testOf(partner.id)), partner };
}
async function testOf(id: string): Promise<{ ok: boolean; steps: Readonly<Record<string, string>>; body: PartnerTest }> {
  const { status, body } = await ask<PartnerTest>(gateway.url, `/v1/admin/partners/${id}/test`, { token: operator.token, method: 'POST' });
  expect(status).toBe(200);
  return { ok: body.ok, steps: Object.fromEntries(body.steps.map((each) => [each.step, each.status])), body };
}
async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('POST /v1/admin/partners/{code}/test', () => {
  it('finds every step of a good system in order, and leaves no message behind', async () => {
    const { ok, steps } = await test(good.url, ['H57.01']);
    expect({ ok, steps }).toEqual({ ok: true, steps: { route: 'passed', name: 'passed', connection: 'passed', tls: 'skipped', answer: 'passed', signature: 'passed', forgery: 'passed', receipt: 'passed' } });
    const { rows } = await gateway.fresh.handle.pool.query('SELECT 1 FROM outbox');
    expect(rows).toEqual([]);
  });

  it('tells that the secrets differ', async () => {
    const { partner } = await test(good.url);
    good.setSecret(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
    const { ok, steps } = await testOf(partner.id);
    expect({ ok, steps }).toMatchObject({ ok: false, steps: { route: 'warning', answer: 'passed', signature: 'failed' } });
    expect(steps).not.toHaveProperty('receipt');
  });

  it('warns of a system that checks no signature and gives no receipt', async () => {
    const careless = createServer((_request, response) => response.writeHead(200).end('OK'));
    const { ok, steps } = await test(`http://127.0.0.1:${await listening(careless)}/`);
    expect({ ok, steps }).toMatchObject({ ok: true, steps: { signature: 'passed', forgery: 'warning', receipt: 'warning' } });
    careless.close();
  });

  it.each([
    [302, 'redirects are not followed'],
    [500, 'it has to answer a gateway.ping by 2xx'],
  ])('explains an answer of %i', async (status, words) => {
    const server = createServer((_request, response) => response.writeHead(status, { location: 'http://127.0.0.1/' }).end());
    const { ok, body } = await test(`http://127.0.0.1:${await listening(server)}/`);
    expect([ok, body.steps.find(({ step }) => step === 'answer')?.detail.en]).toEqual([false, expect.stringContaining(words)]);
    server.close();
  });

  it('names the step that fails before any answer: address, name, connection, TLS', async () => {
    expect((await test('http://10.1.2.3/hook')).steps).toEqual({ route: 'warning', name: 'failed' });
    expect((await test('http://system.invalid/hook')).steps).toEqual({ route: 'warning', name: 'failed' });
    const closed = createServer();
    const port = await listening(closed);
    await new Promise((resolve) => closed.close(resolve));
    expect((await test(`http://127.0.0.1:${port}/`)).steps).toEqual({ route: 'warning', name: 'passed', connection: 'failed' });

    const { officer } = await createDevPki({ now: new Date() });
    const pem = (label: string, der: Uint8Array): string => `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
    const untrusted = createTlsServer({ cert: pem('CERTIFICATE', officer.certificateDer), key: pem('PRIVATE KEY', privateKeyDerOf(officer.privateKey)) });
    const { steps, body } = await test(`https://127.0.0.1:${await listening(untrusted)}/`);
    expect(steps).toEqual({ route: 'warning', name: 'passed', connection: 'passed', tls: 'failed' });
    expect(body.steps.at(-1)?.detail.vi).toContain('chứng thư');
    untrusted.close();
  });

  it('says what a system that pulls lacks', async () => {
    expect((await test(undefined, ['H57.20'], { scopes: ['documents:read'] })).steps).toEqual({ route: 'passed', key: 'failed' });
    const { partner, steps } = await test(undefined, ['H57.21'], { scopes: ['inbox:read'] });
    expect(steps).toEqual({ route: 'passed', key: 'passed', inbox: 'warning' });
    await ask(gateway.url, '/v1/inbox', { token: partner.token });
    expect((await testOf(partner.id)).steps['inbox']).toBe('passed');
  });

  it('is audited, and knows no system that is not there', async () => {
    const { partner } = await test(undefined);
    expect(await gateway.fresh.records.audit.of(`partner:${partner.id}`, 1)).toMatchObject([{ action: 'test-partner', detail: { ok: true, failed: '' } }]);
    expect(await ask(gateway.url, '/v1/admin/partners/nobody/test', { token: operator.token, method: 'POST' })).toMatchObject({ status: 404, body: { code: 'PARTNER_NOT_FOUND' } });
  });

  it('does the same from the command line; exit 1 says that a step failed', async () => {
    const { host, port, user, database } = gateway.fresh.connection;
    const env = { DATABASE_URL: `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`, LIENTHONG_DATA: dirname(gateway.documentsPath), MASTER_KEY_FILE: gateway.fresh.masterKeyPath, LIENTHONG_OUTBOUND_ALLOW: '127.0.0.1' };
    const { partner } = await test(good.url, ['H57.30']);
    expect(await runCli(['partners', 'test', partner.id, '--lang', 'vi'], { env })).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('✓ receipt    Biên nhận đúng.') as string });
    good.setSecret(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
    expect(await runCli(['partners', 'test', partner.id, '--lang', 'en'], { env })).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('✗ signature  It refuses the signature (HTTP 401)') as string });
    expect((await runCli(['alarms', 'list', '--lang', 'vi'], { env })).stdout).toContain('không có cảnh báo nào');
    expect(await runCli(['alarms', 'test'], { env })).toMatchObject({ exitCode: expect.any(Number) as number, stderr: expect.stringContaining('Alarms have nowhere to go') as string });
  });
});
