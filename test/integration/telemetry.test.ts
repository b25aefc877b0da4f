import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DossierView } from '../../src/formats/api/dossiers.ts';
import type { MessageView } from '../../src/formats/api/messages.ts';
import { metricsListener } from '../../src/http/metrics-server.ts';
import { startHttpServer } from '../../src/http/server.ts';
import { webhookSecretContext } from '../../src/usecases/administer-partners.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askRaw, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { WEBHOOK_SECRET } from '../support/gateway-worker.ts';
import { RECEIPT, startHttpPartner, type HttpPartner } from '../support/http-partner.ts';
import { silentLog } from '../support/log.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../support/otlp-receiver.ts';
import { requireTool } from '../support/tools.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

const AGENCY = 'H57.12.03';
const CANARY = 'Hoàng Thị Mẫu Chim Yến';
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

let collector: OtlpReceiver;
let gateway: TestGateway;
let land: TestPartner;
let portal: HttpPartner;
let sent: Answer<MessageView>;

const metrics = async (): Promise<string> => (await askRaw(gateway.url, '/metrics')).text();
/** The value of one series; NaN where there is none. */
const valueOf = (page: string, series: string): number => Number(page.split('\n').find((line) => line.startsWith(`${series} `))?.slice(series.length + 1) ?? Number.NaN);

beforeAll(async () => {
  collector = await startOtlpReceiver();
  gateway = await startTestGateway({ settings: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  land = await gateway.addPartner('land-registry', { agencies: [AGENCY] });
  portal = await startHttpPartner({ secret: WEBHOOK_SECRET, deduplicates: true, react: () => ({ apply: false, answer: { status: 400 } }) });
  const one = await gateway.addPartner('one-stop', { agencies: ['H57.01'], pushUrl: portal.url });
  const { records, sealing } = gateway.fresh;
  await records.partners.setWebhookSecret(one.id, sealing.seal(new TextEncoder().encode(WEBHOOK_SECRET), webhookSecretContext(one.id)));
  const opened = await ask<DossierView>(gateway.url, '/v1/dossiers', { token: land.token, json: { agencyCode: AGENCY, procedure: { code: '1.004238.H57', name: 'Đăng ký đất đai' }, title: 'Hồ sơ mẫu', applicant: { name: CANARY } } });
  const headers = { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` };
  sent = await ask<MessageView>(gateway.url, `/v1/dossiers/${opened.body.code}/messages`, { token: land.token, headers, json: { type: 'dossier.result', from: AGENCY, to: ['H57.01'], body: { note: CANARY }, documents: [] } });
  await ask<MessageView>(gateway.url, `/v1/dossiers/${opened.body.code}/messages`, { token: land.token, json: { type: 'dossier.progress', from: AGENCY, to: ['H57.01'] } }); // waits behind it
  await eventually(() => ask<MessageView>(gateway.url, `/v1/messages/${sent.body.messageId}`, { token: land.token }), ({ body }) => body.deliveries[0]?.state === 'parked');
});
afterAll(async () => {
  await portal.close();
  await gateway.close();
  await collector.close();
});

describe('metrics', () => {
  it('tell how the exchange stands: what is parked and why, how old lanes are, attempts by outcome, requests by route', async () => {
    const page = await metrics();
    expect(valueOf(page, 'lienthong_records_up')).toBe(1);
    expect(valueOf(page, 'lienthong_queue_up')).toBe(1);
    expect(valueOf(page, 'lienthong_deliveries_parked{reason="refused"}')).toBe(1);
    expect(valueOf(page, 'lienthong_deliveries_parked_total{reason="refused"}')).toBe(1);
    expect(valueOf(page, 'lienthong_deliveries_open{kind="message",state="parked"}')).toBe(1);
    expect(valueOf(page, 'lienthong_recipient_deliveries_open{target="one-stop"}')).toBe(2);
    expect(valueOf(page, 'lienthong_lane_oldest_age_seconds{target="one-stop"}')).toBeGreaterThan(0);
    expect(valueOf(page, 'lienthong_delivery_attempt_duration_seconds_count{kind="message",outcome="refused"}')).toBe(1);
    expect(valueOf(page, 'lienthong_http_request_duration_seconds_count{method="POST",route="/v1/dossiers/:code/messages",status="202"}')).toBe(2);
    expect(valueOf(page, 'lienthong_sweep_lag_seconds'), 'what waits behind a parked head is not late').toBe(0);
    expect(valueOf(page, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  it.skipIf(!requireTool('promtool'))('are what Prometheus itself reads without a complaint', async () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await metrics(), encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it.skipIf(!requireTool('promtool'))('ring the alarms that come with them, when they should and not before', () => {
    const { status, stderr } = spawnSync('promtool', ['test', 'rules', join(PROJECT_ROOT, 'test/fixtures/prometheus-alerts-test.yml')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('have every series that the alarms ask for', async () => {
    const page = await metrics();
    const asked = [...readFileSync(join(PROJECT_ROOT, 'docs/prometheus-alerts.yml'), 'utf8').matchAll(/lienthong_\w+/g)].map(([name]) => name.replace(/_count$/, ''));
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.filter((name) => !page.includes(`# TYPE ${name} `))).toEqual([]);
  });

  it('count addresses that are not in the table under one name, however many are tried', async () => {
    for (const path of ['/a', '/v1/x?name=secret', '/v1/dossiers/1/2/3']) await askRaw(gateway.url, path);
    const page = await eventually(metrics, (text) => valueOf(text, 'lienthong_http_request_duration_seconds_count{method="GET",route="none",status="404"}') === 3);
    expect(page).not.toContain('secret');
    expect(page).not.toContain(sent.body.dossierCode);
    expect(page).not.toContain(CANARY);
  });

  it.each([
    ['through a proxy', { 'x-forwarded-for': '203.0.113.9' }],
    ['under a name of the outside', { host: 'gateway.example' }],
  ])('asked for %s need a key of scope admin', async (_how, headers) => {
    const status = (token?: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const call = request(`${gateway.url}/metrics`, { headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } }, (response) => (response.resume(), resolve(response.statusCode)));
        call.on('error', reject).end();
      });
    expect(await status()).toBe(401);
    expect(await status(await gateway.issueKey(land, ['messages:read']))).toBe(403);
    expect(await status(await gateway.issueKey(land, ['admin']))).toBe(200);
  });

  it('have a port of their own for workers, with nothing else on it', async () => {
    const server = await startHttpServer(() => metricsListener({ metricsPage: async () => ({ contentType: 'text/plain; version=0.0.4', text: await metrics() }), log: silentLog }), { host: '127.0.0.1', port: 0 });
    try {
      const page = await fetch(`${server.url}/metrics`);
      expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([200, 'text/plain; version=0.0.4', expect.stringContaining('lienthong_build_info{version="0.0.0-test"} 1')]);
      expect((await fetch(`${server.url}/v1/keys`)).status).toBe(404);
    } finally {
      await server.close();
    }
  });
});

describe('traces', () => {
  const ofCaller = (): readonly (typeof collector.spans)[number][] => collector.spans.filter(({ traceId }) => traceId === CALLER.traceId);

  it('go on with the caller’s: request, use case, and the attempt that the outbox made later', async () => {
    await eventually(ofCaller, (spans) => spans.some(({ name }) => name === 'delivery message') && spans.some(({ name }) => name.startsWith('POST ')));
    const named = (name: string): (typeof collector.spans)[number] | undefined => ofCaller().find((span) => span.name === name);
    const request = named('POST /v1/dossiers/:code/messages');
    expect(request).toMatchObject({ parentSpanId: CALLER.spanId, kind: 2, attributes: { 'http.response.status_code': 202 } });
    expect(named('usecase sendMessage')).toMatchObject({ parentSpanId: request?.spanId });
    expect(named('delivery message')).toMatchObject({ parentSpanId: request?.spanId, kind: 5, attributes: { 'lienthong.target': 'one-stop', 'lienthong.outcome': 'refused', 'lienthong.state': 'parked' } });
  });

  it('survive days in the outbox: what is replayed then is the same trace', async () => {
    await gateway.fresh.handle.pool.query(`UPDATE outbox SET created_at = created_at - interval '9 days', next_at = next_at - interval '9 days'`);
    portal.setReaction(() => RECEIPT);
    expect((await ask(gateway.url, `/v1/messages/${sent.body.messageId}/replay`, { token: land.token, method: 'POST' })).status).toBe(202);
    const attempts = await eventually(
      () => ofCaller().filter(({ name }) => name === 'delivery message'),
      (spans) => spans.length === 2,
    );
    expect(attempts.map(({ attributes }) => [attributes['lienthong.attempt'], attributes['lienthong.outcome']])).toEqual([[1, 'refused'], [2, 'delivered']]);
    const told = portal.pushes.filter(({ messageId }) => messageId === sent.body.messageId).map(({ headers }) => headers['traceparent']);
    expect(told, 'each push names the attempt it is part of').toEqual(attempts.map(({ spanId }) => `00-${CALLER.traceId}-${spanId}-01`));
  });

  it('hold no name and no words of a message', () => {
    expect(collector.raw).not.toContain(CANARY);
    expect(collector.raw).not.toContain(land.token);
  });
});
