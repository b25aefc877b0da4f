import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { DEFAULT_ALARM_LIMITS } from '../../src/domain/alarm.ts';
import type { DeliveryId, PartnerId } from '../../src/domain/ids.ts';
import type { AlarmList, AlarmView } from '../../src/formats/api/alarms.ts';
import type { ConditionPorts } from '../../src/usecases/find-conditions.ts';
import { tellAlarms } from '../../src/usecases/tell-alarms.ts';
import { testChannels } from '../../src/usecases/administer-alarms.ts';
import { watchAlarms } from '../../src/usecases/watch-alarms.ts';
import { listWebhookKeys } from '../../src/usecases/webhook-keys.ts';
import { alarmFacts } from '../../src/store/alarm-facts.ts';
import { alarmChannels, startAlarms } from '../../src/wiring/alarms.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { frozenClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { after, dossierOf, partnerOf, sendMessage, T0 } from '../support/ledger.ts';
import { keptLog, silentLog } from '../support/log.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';
import { startSmtpReceiver, type SmtpReceiver } from '../support/smtp-receiver.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

/** Alarms from what is recorded to a mailbox and a webhook, over real sockets. */

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const PASSWORD = 'canary-smtp-71d0';
const APPLICANT = 'Lê Thị Mẫu Chim Yến';
const chance = systemChance(systemClock);

let fresh: FreshRecords;
let mail: SmtpReceiver;
let webhook: WebhookReceiver;
const dispatcher = outboundAgent({ allow: ['127.0.0.1'] });
const clock = frozenClock(T0);
const log = keptLog();
let freePercent = 50;

beforeAll(async () => {
  fresh = await freshRecords();
  mail = await startSmtpReceiver({ user: 'gateway', password: PASSWORD });
  webhook = await startWebhookReceiver({ secret: SECRET, publicKeys: async () => (await listWebhookKeys({ ...fresh, clock, chance })).keys.map(({ jwk }) => ({ ...jwk })) });
  await fresh.records.partners.add(partnerOf('land', { mode: 'pull', url: null }));
  await fresh.records.partners.add(partnerOf('one-stop'));
});
afterAll(async () => {
  await Promise.all([mail.close(), webhook.close(), dispatcher.destroy()]);
  await fresh.close();
});

const config = () =>
  readConfig({
    LIENTHONG_DATA: '/tmp',
    LIENTHONG_ALARM_WEBHOOK_URL: webhook.url,
    LIENTHONG_ALARM_WEBHOOK_SECRET: SECRET,
    LIENTHONG_ALARM_SMTP_URL: `smtp://gateway:${PASSWORD}@127.0.0.1:${mail.port}`,
    LIENTHONG_ALARM_MAIL_FROM: 'lienthong@example.gov.vn',
    LIENTHONG_ALARM_MAIL_TO: 'truc@example.gov.vn, it@example.gov.vn',
  });
const channels = () => alarmChannels({ config: config(), store: { ...fresh, database: fresh.handle }, dispatcher, clock, chance });
const sources = (): ConditionPorts => ({ records: fresh.records, readAlarmFacts: alarmFacts(fresh.handle.db), pinGuard: fresh.pinGuard, stampsEvidence: true, freePercent: () => Promise.resolve(freePercent), clock });
const look = async (): Promise<readonly string[]> => (await watchAlarms({ ...sources(), records: fresh.records, chance, log }, DEFAULT_ALARM_LIMITS, ['webhook', 'mail'])).map(({ event, alarm }) => `${event} ${alarm.kind} ${alarm.subject}`);
const tell = async (): Promise<void> => {
  while ((await tellAlarms({ records: fresh.records, channels: channels(), clock, log }, new AbortController().signal)).more);
};

async function parkOne(): Promise<DeliveryId> {
  const dossier = dossierOf('land', { applicant: { name: APPLICANT } });
  await fresh.records.dossiers.add(dossier);
  const { deliveryId } = await sendMessage(fresh.records, dossier.code, 'land', 'one-stop', clock.now());
  const lease = await fresh.records.outbox.lease(deliveryId, 'test', clock.now(), after(6_000, clock.now()));
  if (lease === null) throw new Error('not leased');
  const error = { code: 'PARTNER_REFUSED' as const, detail: `no such applicant: ${APPLICANT}` };
  await fresh.records.outbox.settle(lease, { state: 'parked', reason: 'refused', outcomeUnknown: false, error }, { startedAt: clock.now(), finishedAt: clock.now(), outcome: 'refused', ...error });
  return deliveryId;
}

describe('alarms', () => {
  it('tell of a parked delivery once by signed webhook and by mail in both languages, and again when it is over', async () => {
    const deliveryId = await parkOne();
    expect(await look()).toEqual(['raised delivery.parked one-stop']);
    expect(await look()).toEqual([]);
    await tell();
    await tell();
    expect(webhook.events.map(({ body, signatures }) => [body.type, body.data['subject'], signatures])).toEqual([['alarm.raised', 'one-stop', ['v1', 'v1a']]]);
    expect(mail.mails).toHaveLength(1);
    const [first] = mail.mails;
    expect(first).toMatchObject({ from: 'lienthong@example.gov.vn', to: ['truc@example.gov.vn', 'it@example.gov.vn'], user: 'gateway' });
    expect(first?.text).toContain('1 thông điệp gửi one-stop đang dừng chờ người xử lý');
    expect(first?.text).toContain('What to do: Open /console/messages or run “lienthong messages stuck --partner one-stop”');
    expect(first?.headers).toMatch(/auto-submitted: auto-generated/i);

    await fresh.records.outbox.finish(deliveryId, 'skipped', clock.now());
    expect(await look()).toEqual(['resolved delivery.parked one-stop']);
    await tell();
    expect(webhook.events.map(({ body }) => body.type)).toEqual(['alarm.raised', 'alarm.resolved']);
    expect(mail.mails.map(({ text }) => text.includes('Việc cần làm'))).toEqual([true, false]);
  });

  it('say nothing of applicants, and nowhere the password or secret', async () => {
    const rows = await fresh.handle.pool.query<{ row: string }>('SELECT to_jsonb(a)::text AS row FROM alarm AS a UNION ALL SELECT to_jsonb(n)::text FROM alarm_notice AS n');
    const everything = JSON.stringify([webhook.events, mail.mails, rows.rows, log.lines]);
    expect(webhook.events.length).toBeGreaterThan(0);
    for (const canary of [APPLICANT, 'Chim Yến', PASSWORD, SECRET]) expect(everything).not.toContain(canary);
  });

  it('are kept while receivers are down, told when they are back under the same ids, each alarm in its order', async () => {
    webhook.answer(503);
    mail.refuse(true);
    freePercent = 5;
    expect(await look()).toEqual(['raised disk.low data-folder']);
    await tell();
    freePercent = 50;
    expect(await look()).toEqual(['resolved disk.low data-folder']);
    await tell();
    const before = webhook.events.length;
    expect(webhook.events.at(-1)?.body).toMatchObject({ type: 'alarm.raised', data: { kind: 'disk.low' } });
    const waiting = await fresh.records.alarms.waitingNotices();
    expect(waiting).toMatchObject([{ channel: 'mail', count: 2, lastFailure: expect.stringContaining('SMTP 451') as string }, { channel: 'webhook', count: 2, lastFailure: 'The receiver answered 503' }]);

    webhook.answer(204);
    mail.refuse(false);
    await tell();
    expect(webhook.events.length).toBe(before); // not before its wait is over
    clock.advance(60_000);
    await tell();
    const [again, over] = webhook.events.slice(before);
    expect([again?.id, again?.body.type, over?.body.type]).toEqual([webhook.events[before - 1]?.id, 'alarm.raised', 'alarm.resolved']);
    expect(mail.mails.slice(-2).map(({ text }) => text.includes('What to do'))).toEqual([true, false]);
    expect(await fresh.records.alarms.waitingNotices()).toEqual([]);
  });

  it('are raised and told once by any number of processes', async () => {
    for (const _ of ['first', 'second']) await fresh.pinGuard.attempt('hsm#1', () => Promise.resolve('refused'));
    const before = [webhook.events.length, mail.mails.length];
    const looked = await Promise.all(Array.from({ length: 5 }, look));
    expect(looked.flat()).toEqual(['raised key.stopped hsm#1']);
    await Promise.all(Array.from({ length: 5 }, tell));
    expect([webhook.events.length, mail.mails.length]).toEqual(before.map((count) => count + 1));
    await fresh.pinGuard.reset('hsm#1');
    await look();
    await tell();
  });

  it('wait until a partner was out of reach for long enough, tell of an address that is gone at once, and of a lane that is old', async () => {
    const dossier = dossierOf('land');
    await fresh.records.dossiers.add(dossier);
    const { deliveryId } = await sendMessage(fresh.records, dossier.code, 'land', 'one-stop', clock.now());
    const partner = 'one-stop' as PartnerId;
    const open = { failures: 1, firstOpenMs: 3_600_000 * 48, longestOpenMs: 3_600_000 * 48 };
    await fresh.records.partnerStates.recordFailure(partner, open, clock.now());
    expect(await look()).toEqual([]);
    clock.advance(DEFAULT_ALARM_LIMITS.unreachableMs);
    expect(await look()).toEqual(['raised partner.unreachable one-stop']);
    await fresh.records.partnerStates.disable(partner, clock.now());
    expect(await look()).toEqual(['worse partner.unreachable one-stop']);
    clock.advance(DEFAULT_ALARM_LIMITS.laneAgeMs);
    expect(await look()).toEqual(['reminder partner.unreachable one-stop', 'raised lane.old one-stop']);
    await fresh.records.outbox.finish(deliveryId, 'cancelled', clock.now());
    await fresh.records.partnerStates.enable(partner, clock.now());
    expect([...(await look())].sort()).toEqual(['resolved lane.old one-stop', 'resolved partner.unreachable one-stop']);
  });

  it('notice that nobody takes what is due', async () => {
    const dossier = dossierOf('land');
    await fresh.records.dossiers.add(dossier);
    const { deliveryId } = await sendMessage(fresh.records, dossier.code, 'land', 'one-stop', clock.now());
    clock.advance(DEFAULT_ALARM_LIMITS.silentMs - 1);
    expect(await look()).toEqual([]);
    clock.advance(1);
    expect(await look()).toEqual(['raised workers.silent workers']);
    await fresh.records.outbox.finish(deliveryId, 'cancelled', clock.now());
    expect(await look()).toEqual(['resolved workers.silent workers']);
  });

  it('are tried out on every channel, and a wrong password is told without it', async () => {
    const good = await testChannels({ clock, chance }, channels(), new AbortController().signal);
    expect(good.map(({ channel, sent }) => [channel, sent])).toEqual([['webhook', true], ['mail', true]]);
    expect(webhook.events.at(-1)?.body.type).toBe('alarm.test');
    const wrong = alarmChannels({ config: { ...config(), LIENTHONG_ALARM_WEBHOOK_URL: 'http://10.0.0.1/alarms', LIENTHONG_ALARM_SMTP_URL: `smtp://gateway:wrong-${PASSWORD}@127.0.0.1:${mail.port}` }, store: { ...fresh, database: fresh.handle }, dispatcher, clock, chance });
    const bad = await testChannels({ clock, chance }, wrong, new AbortController().signal);
    expect(bad).toMatchObject([
      { channel: 'webhook', sent: false, reason: expect.stringContaining('LIENTHONG_OUTBOUND_ALLOW') as string },
      { channel: 'mail', sent: false, reason: 'The mail server did not take it: EAUTH, SMTP 535' },
    ]);
    expect(JSON.stringify(bad)).not.toContain(PASSWORD);
  });
});

describe('alarms over HTTP', () => {
  let gateway: TestGateway;
  let operator: TestPartner;
  beforeAll(async () => {
    gateway = await startTestGateway();
    operator = await gateway.addPartner('operator', { scopes: ['admin'] });
  });
  afterAll(() => gateway.close());

  it('are looked for by a running gateway, listed with what to do, and acknowledged once, with an audit row', async () => {
    await gateway.fresh.records.partners.add(partnerOf('one-stop'));
    const dossier = dossierOf('operator');
    await gateway.fresh.records.dossiers.add(dossier);
    const { deliveryId } = await sendMessage(gateway.fresh.records, dossier.code, 'operator', 'one-stop', new Date());
    await gateway.fresh.handle.pool.query(`UPDATE outbox SET state = 'parked', parked_reason = 'refused' WHERE id = $1`, [deliveryId]);
    const alarms = startAlarms({ config: readConfig({ LIENTHONG_DATA: '/tmp' }), store: { ...gateway.fresh, database: gateway.fresh.handle }, dispatcher, clock: systemClock, chance, log: silentLog });
    try {
      const listed = await eventually(() => ask<AlarmList>(gateway.url, '/v1/admin/alarms', { token: operator.token }), ({ body }) => body.alarms.some(({ kind }) => kind === 'delivery.parked'));
      const alarm = listed.body.alarms.find(({ kind }) => kind === 'delivery.parked');
      expect(alarm).toMatchObject({ subject: 'one-stop', severity: 'warning', figures: { count: 1 }, nextStep: { vi: expect.stringContaining('lienthong messages stuck --partner one-stop') as string } });
      const path = `/v1/admin/alarms/${alarm?.id}/acknowledge`;
      const acknowledged = await ask<AlarmView>(gateway.url, path, { token: operator.token, json: { note: 'gọi trung tâm' } });
      expect(acknowledged).toMatchObject({ status: 200, body: { acknowledgedBy: expect.stringMatching(/^operator:key-/) as string } });
      expect(await ask(gateway.url, path, { token: operator.token, json: { note: 'again' } })).toMatchObject({ status: 409, body: { code: 'STATE_CONFLICT' } });
      expect(await gateway.fresh.records.audit.of(`alarm:${alarm?.id}`, 5)).toMatchObject([{ action: 'acknowledge-alarm', detail: { kind: 'delivery.parked', of: 'one-stop', note: 'gọi trung tâm' } }]);
    } finally {
      await alarms.stop();
    }
  });
});
