import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { PartnerId } from '../../src/domain/ids.ts';
import type { Delivery, Message } from '../../src/domain/message.ts';
import type { RepeatRule } from '../../src/domain/partner.ts';
import { enablePartner, setPace } from '../../src/usecases/administer-partners.ts';
import { cancelDelivery, replayDelivery, replaySince, skipDelivery, supersedeDelivery } from '../../src/usecases/operate-delivery.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { addPushPartner, noQueue, QUICK, startWorker, WEBHOOK_SECRET, type GatewayWorker, type WorkerOptions } from '../support/gateway-worker.ts';
import { RECEIPT, startHttpPartner, type HttpPartner, type Reaction } from '../support/http-partner.ts';
import { dossierOf, newId, partnerOf, sendMessage } from '../support/ledger.ts';
import { keptLog } from '../support/log.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

let fresh: FreshRecords;
const workers: GatewayWorker[] = [];
const servers: HttpPartner[] = [];

beforeAll(async () => {
  fresh = await freshRecords();
  await fresh.records.partners.add(partnerOf('land'));
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => fresh.close());

function work(options: WorkerOptions = {}): GatewayWorker {
  const worker = startWorker(fresh, options);
  workers.push(worker);
  return worker;
}

/** A partner's system and the partner it belongs to. */
async function partner(repeat: RepeatRule = 'key', deduplicates = true): Promise<{ id: PartnerId; server: HttpPartner }> {
  const server = await startHttpPartner({ secret: WEBHOOK_SECRET, deduplicates });
  servers.push(server);
  return { id: await addPushPartner(fresh, partnerOf(`p-${newId()}`, { url: server.url, repeat })), server };
}

async function dossier(): Promise<DossierCode> {
  const opened = dossierOf('land');
  await fresh.records.dossiers.add(opened);
  return opened.code;
}

async function send(worker: GatewayWorker, to: PartnerId, code?: DossierCode): Promise<Message> {
  const { message, deliveryId } = await sendMessage(fresh.records, code ?? (await dossier()), 'land', to, new Date());
  worker.queue.wake([{ id: deliveryId, target: to, wake: 0 }]);
  return message;
}

const delivery = async (message: Message): Promise<Delivery | undefined> => (await fresh.records.messages.deliveries(message.id))[0];
const whenIn = (message: Message, state: Delivery['state']): Promise<Delivery | undefined> => eventually(() => delivery(message), (found) => found?.state === state);
const attempts = async (id: string | undefined): Promise<readonly string[]> =>
  (await fresh.handle.pool.query<{ outcome: string }>('SELECT outcome FROM delivery_attempt WHERE outbox_id = $1 ORDER BY number', [id])).rows.map((row) => row.outcome);
const eventKinds = async (message: Message): Promise<readonly string[]> => (await fresh.records.dossiers.events(message.dossierCode, 0, 100)).map((event) => event.kind);

/** Reacts to the first attempts as listed, and with a receipt from then on. */
const first = (...reactions: readonly Reaction[]) => (_: unknown, attempt: number): Reaction => reactions[attempt - 1] ?? RECEIPT;
const status = (code: number, headers: Readonly<Record<string, string>> = {}): Reaction => ({ apply: false, answer: { status: code, headers } });

describe('a message', () => {
  it('arrives once, with receipt and event recorded together', async () => {
    const { id, server } = await partner();
    const message = await send(work(), id);
    const done = await whenIn(message, 'delivered');
    expect(server.effects.map((effect) => effect.webhookId)).toEqual([done?.id]);
    expect(await fresh.records.messages.receipts(message.id)).toMatchObject([{ deliveryId: done?.id, partnerId: id, manifestSha256: message.manifestSha256, reference: expect.stringMatching(/^ref-/) as string }]);
    expect(await eventKinds(message)).toEqual(['message.delivered']);
  });

  it('of one dossier arrive in order, while 20 dossiers go side by side and every third answer is an error', async () => {
    const { id, server } = await partner();
    let count = 0;
    server.setReaction(() => {
      count += 1;
      return count % 3 === 0 ? status(503) : RECEIPT;
    });
    const worker = work();
    const codes = await Promise.all(Array.from({ length: 20 }, dossier));
    const sent = new Map<string, string[]>();
    for (let round = 0; round < 5; round += 1) {
      for (const code of codes) sent.set(code, [...(sent.get(code) ?? []), (await send(worker, id, code)).id]);
    }
    await eventually(() => server.effects.length, (length) => length === 100, 60_000);
    for (const code of codes) expect(server.effects.filter((effect) => effect.dossierCode === code).map((effect) => effect.messageId)).toEqual(sent.get(code));
  }, 90_000);

  it('to a partner that pulls is offered, and arrives with its receipt', async () => {
    const pulling = partnerOf(`pull-${newId()}`, { mode: 'pull', url: null });
    await fresh.records.partners.add(pulling);
    const worker = work();
    const message = await send(worker, pulling.id);
    await whenIn(message, 'offered');
    expect((await fresh.records.messages.inbox(pulling.id, 0, 10, new Date())).map((entry) => entry.message.id)).toEqual([message.id]);
  });

  it('to a suspended partner waits, and spends no try', async () => {
    const { id, server } = await partner();
    await fresh.records.partners.update(id, { status: 'suspended' });
    const message = await send(work(), id);
    await eventually(() => delivery(message), (found) => found?.lastError?.code === 'PARTNER_UNAVAILABLE');
    expect(await delivery(message)).toMatchObject({ state: 'pending', attempts: 0 });
    expect(server.pushes).toHaveLength(0);
  });
});

describe('isolation', () => {
  it('one partner that hangs, one dossier that is refused: nobody else waits', async () => {
    const [hanging, picky, good] = [await partner(), await partner(), await partner()];
    hanging.server.setReaction(() => ({ apply: false, answer: 'hang' }));
    const [refusedCode, otherCode] = [await dossier(), await dossier()];
    picky.server.setReaction((message) => (message.dossierCode === refusedCode ? status(422) : RECEIPT));
    const worker = work();
    for (let count = 0; count < 4; count += 1) await send(worker, hanging.id);
    const refused = await send(worker, picky.id, refusedCode);
    const behind = await send(worker, picky.id, refusedCode);
    const others = await Promise.all(Array.from({ length: 10 }, (_, index) => send(worker, index % 2 === 0 ? good.id : picky.id, index % 2 === 0 ? undefined : otherCode)));
    for (const message of others) await whenIn(message, 'delivered');
    await whenIn(refused, 'parked');
    expect(await delivery(behind)).toMatchObject({ state: 'pending', attempts: 0 });
  });
});

describe('an error', () => {
  it('is tried again by the schedule until it succeeds, every attempt on record', async () => {
    const { id, server } = await partner();
    server.setReaction(first(status(503), status(429), { apply: false, answer: 'reset' }));
    const message = await send(work(), id);
    const done = await whenIn(message, 'delivered');
    expect(await attempts(done?.id)).toEqual(['retry', 'retry', 'unknown', 'delivered']);
    expect(server.effects).toHaveLength(1);
  });

  it('that outlasts the schedule parks it with reason, and the timeline tells', async () => {
    const { id, server } = await partner();
    server.setReaction(() => status(503));
    const message = await send(work({ schedule: { ...QUICK, delaysMs: [20, 20] } }), id);
    expect(await whenIn(message, 'parked')).toMatchObject({ attempts: 3, parkedReason: 'exhausted', lastError: { code: 'PARTNER_UNAVAILABLE' } });
    expect(await eventKinds(message)).toEqual(['message.parked']);
  });

  it.each([
    [404, 'refused'],
    [410, 'gone'],
  ])('of HTTP %i parks it as %s at once', async (code, reason) => {
    const { id, server } = await partner();
    server.setReaction(() => status(code));
    const message = await send(work(), id);
    expect(await whenIn(message, 'parked')).toMatchObject({ attempts: 1, parkedReason: reason });
  });

  it('of HTTP 410 disables the address: what is for it waits until an operator lets it in again (Standard Webhooks 1.0.0)', async () => {
    const { id, server } = await partner();
    server.setReaction(() => status(410));
    const worker = work();
    await whenIn(await send(worker, id), 'parked');
    server.setReaction(() => RECEIPT);
    const later = await send(worker, id);
    await systemClock.sleep(600);
    expect(server.pushes).toHaveLength(1);
    const waiting = await delivery(later);
    expect(waiting).toMatchObject({ state: 'pending', attempts: 0 });
    await enablePartner({ records: fresh.records, clock: systemClock, chance: systemChance(systemClock) }, 'operator:test', id);
    if (waiting !== undefined) worker.queue.wake([{ id: waiting.id, target: id, wake: 1 }]);
    await whenIn(later, 'delivered');
  });

  it('a receipt for other content parks it: the partner has something else', async () => {
    const { id, server } = await partner();
    server.setReaction((pushed) => ({ apply: true, answer: { status: 200, body: JSON.stringify({ messageId: pushed.messageId, manifestSha256: 'cd'.repeat(32) }) } }));
    const message = await send(work(), id);
    expect(await whenIn(message, 'parked')).toMatchObject({ parkedReason: 'receipt-invalid', lastError: { code: 'RECEIPT_INVALID' } });
  });

  it('Retry-After is honoured', async () => {
    const { id, server } = await partner();
    server.setReaction(first(status(429, { 'retry-after': '1' })));
    const message = await send(work(), id);
    await eventually(() => delivery(message), (found) => found?.attempts === 1 && found.state === 'pending');
    const waiting = await delivery(message);
    expect((waiting?.nextAttemptAt?.getTime() ?? 0) - message.createdAt.getTime()).toBeGreaterThanOrEqual(1_000);
    await whenIn(message, 'delivered');
  });

  it('an inward URL is refused, with what to do about it', async () => {
    const id = await addPushPartner(fresh, partnerOf(`p-${newId()}`, { url: 'http://10.1.2.3/hook' }));
    const message = await send(work(), id);
    expect(await whenIn(message, 'parked')).toMatchObject({ parkedReason: 'refused', lastError: { code: 'URL_FORBIDDEN' } });
  });
});

describe('an unknown outcome', () => {
  const lostAck: Reaction = { apply: true, answer: 'hang' };

  it('is sent again with the same key to a partner that recognises it', async () => {
    const { id, server } = await partner('key');
    server.setReaction(first(lostAck, { apply: true, answer: 'reset' }));
    const message = await send(work(), id);
    await whenIn(message, 'delivered');
    expect(server.pushes).toHaveLength(3);
    expect(new Set(server.pushes.map((push) => push.raw)).size).toBe(1);
    expect(server.effects).toHaveLength(1);
  });

  it('is looked up and adopted, not sent again, where the partner can be asked', async () => {
    const { id, server } = await partner('lookup', false);
    server.setReaction(first(lostAck));
    const message = await send(work(), id);
    const done = await whenIn(message, 'delivered');
    expect(server.pushes).toHaveLength(1);
    expect(server.lookups).toEqual([done?.id]);
    expect(await fresh.records.messages.receipts(message.id)).toHaveLength(1);
  });

  it('that takes effect only after our time-out is waited for, and not doubled', async () => {
    const { id, server } = await partner('lookup', false);
    server.setReaction(first({ apply: true, applyAfterMs: 1_500, answer: 'hang' }));
    const message = await send(work({ quarantineMs: 3_000 }), id);
    await whenIn(message, 'delivered');
    expect(server.effects).toHaveLength(1);
    expect(server.pushes).toHaveLength(1);
  });

  it('that never took effect is sent again after the quarantine', async () => {
    const { id, server } = await partner('lookup', false);
    server.setReaction(first({ apply: false, answer: 'hang' }));
    const message = await send(work({ quarantineMs: 700 }), id);
    await whenIn(message, 'delivered');
    expect(server.effects).toHaveLength(1);
    expect(server.pushes).toHaveLength(2);
  });

  it('is for a person where nothing can be asked and nothing repeated; a replay is that person’s decision', async () => {
    const { id, server } = await partner('unsafe', false);
    server.setReaction(first(lostAck));
    const worker = work();
    const message = await send(worker, id);
    const parked = await whenIn(message, 'parked');
    expect(parked).toMatchObject({ parkedReason: 'outcome-unknown', attempts: 1 });
    expect(server.effects).toHaveLength(1);
    if (parked === undefined) return;
    await replayDelivery({ records: fresh.records, queue: worker.queue, clock: systemClock }, parked.id, { actor: 'operator:an', note: 'not there, asked by phone' });
    await whenIn(message, 'delivered');
    expect(server.effects).toHaveLength(2);
    expect(await eventKinds(message)).toEqual(['message.parked', 'message.replayed', 'message.delivered']);
    expect(await fresh.records.audit.of(`delivery:${parked.id}`, 10)).toMatchObject([{ actor: 'operator:an', action: 'replay-delivery' }]);
  });

  it('is what a worker that vanished between effect and settlement leaves behind', async () => {
    const { id, server } = await partner('key');
    const { message, deliveryId } = await sendMessage(fresh.records, await dossier(), 'land', id, new Date());
    // A worker leases, the partner takes the message in, and the worker is never heard of again.
    const now = new Date();
    await fresh.records.outbox.lease(deliveryId, 'vanished', now, new Date(now.getTime() + 300));
    work();
    const done = await whenIn(message, 'delivered');
    expect(await attempts(done?.id)).toEqual(['unknown', 'delivered']);
    expect(server.effects).toHaveLength(1);
  });

  it('left by a vanished worker is not repeated at an unsafe partner', async () => {
    const { id, server } = await partner('unsafe', false);
    const { message, deliveryId } = await sendMessage(fresh.records, await dossier(), 'land', id, new Date());
    const now = new Date();
    await fresh.records.outbox.lease(deliveryId, 'vanished', now, new Date(now.getTime() + 300));
    work();
    expect(await whenIn(message, 'parked')).toMatchObject({ parkedReason: 'outcome-unknown' });
    expect(server.pushes).toHaveLength(0);
  });
});

describe('a partner that does not work', () => {
  const breaker = { failures: 3, firstOpenMs: 1_500, longestOpenMs: 3_000 };

  it('is left alone after some failures in a row, then asked by one attempt, and gets everything when it is back', async () => {
    const { id, server } = await partner();
    server.setReaction(() => status(500));
    const worker = work({ breaker, schedule: { ...QUICK, delaysMs: Array.from({ length: 50 }, () => 50) } });
    const messages = await Promise.all(Array.from({ length: 10 }, () => send(worker, id)));
    await eventually(() => fresh.records.partnerStates.find(id), (standing) => standing.openUntil !== null);
    await eventually(() => worker.delivery.active(), (active) => active === 0);
    const before = server.pushes.length;
    await systemClock.sleep(700);
    expect(server.pushes.length).toBe(before);
    server.setReaction(() => RECEIPT);
    for (const message of messages) await whenIn(message, 'delivered');
    expect(await fresh.records.partnerStates.find(id)).toMatchObject({ failures: 0, openUntil: null });
    expect(server.effects).toHaveLength(10);
  });

  it('is asked by the next attempt when the one that was to find out found nothing', async () => {
    const { id, server } = await partner('lookup', false);
    server.setReaction(first({ apply: false, answer: 'reset' }));
    const worker = work({ breaker: { failures: 1, firstOpenMs: 200, longestOpenMs: 200 }, quarantineMs: 15_000 });
    const doubtful = await send(worker, id);
    await eventually(() => server.lookups.length, (length) => length > 0); // the circuit is half open, and its delivery waits for the end of its quarantine
    server.setReaction(() => RECEIPT);
    await whenIn(await send(worker, id), 'delivered');
    expect(await delivery(doubtful)).toMatchObject({ state: 'pending' });
    expect(await fresh.records.partnerStates.find(id)).toMatchObject({ failures: 0, openUntil: null });
  });

  it('does not slow down the others, however many messages wait for it', async () => {
    const [hanging, good] = [await partner(), await partner()];
    hanging.server.setReaction(() => ({ apply: false, answer: 'hang' }));
    const worker = work({ timeoutMs: 5_000 });
    for (let count = 0; count < 30; count += 1) await send(worker, hanging.id);
    const others = await Promise.all(Array.from({ length: 20 }, () => send(worker, good.id)));
    for (const message of others) await eventually(() => delivery(message), (found) => found?.state === 'delivered', 4_000);
    expect(hanging.server.pushes.length).toBeLessThanOrEqual(4);
    hanging.server.setReaction(() => ({ apply: false, answer: { status: 410 } }));
    await worker.stop(0);
    workers.splice(workers.indexOf(worker), 1);
  });

  it('that answers 429 is held as a whole, not message by message', async () => {
    const { id, server } = await partner();
    server.setReaction((_, __) => (server.pushes.length === 1 ? status(429, { 'retry-after': '1' }) : RECEIPT));
    const worker = work();
    const message = await send(worker, id);
    await eventually(() => server.pushes.length, (length) => length === 1);
    await eventually(() => fresh.records.partnerStates.find(id), (standing) => standing.openUntil !== null);
    const second = await send(worker, id);
    await systemClock.sleep(400);
    expect(server.pushes).toHaveLength(1);
    await whenIn(message, 'delivered');
    await whenIn(second, 'delivered');
  });

  it('goes by a schedule, a longest Retry-After and a circuit breaker of its own, changed while it waits', async () => {
    const { id, server } = await partner();
    const ports = { records: fresh.records, clock: systemClock, chance: systemChance(systemClock) };
    await setPace(ports, 'operator:an', id, { retryDelaysMs: [60], longestRetryAfterMs: 200, breaker: { failures: 50, firstOpenMs: 60_000, longestOpenMs: 60_000 } });
    server.setReaction(() => status(503));
    const worker = work({ schedule: { ...QUICK, delaysMs: [60_000, 60_000] }, breaker: { failures: 1, firstOpenMs: 60_000, longestOpenMs: 60_000 } });
    const first = await whenIn(await send(worker, id), 'parked');
    expect(first).toMatchObject({ attempts: 2, parkedReason: 'exhausted' });
    server.setReaction((_, attempt) => (attempt === 1 ? status(429, { 'retry-after': '3600' }) : RECEIPT));
    await setPace(ports, 'operator:an', id, { retryDelaysMs: [50, 50, 50] });
    await whenIn(await send(worker, id), 'delivered'); // and not after an hour
    await setPace(ports, 'operator:an', id, null);
    expect((await fresh.records.partnerStates.find(id)).pace).toBeUndefined();
    await expect(setPace(ports, 'operator:an', id, { retryDelaysMs: [] })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(setPace(ports, 'operator:an', id, { breaker: { failures: 1, firstOpenMs: 10, longestOpenMs: 5 } })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('gets no more a second than it takes, over all workers', async () => {
    const { id, server } = await partner();
    await fresh.records.partnerStates.setLimits(id, { ratePerSecond: 10, burst: 2 });
    const team = [work(), work()];
    const began = Date.now();
    const messages = await Promise.all(Array.from({ length: 22 }, (_, index) => send(team[index % 2] as GatewayWorker, id)));
    for (const message of messages) await whenIn(message, 'delivered');
    expect(Date.now() - began).toBeGreaterThanOrEqual(1_900); // 2 at once, 20 at 10 a second
    expect(server.effects).toHaveLength(22);
  });
});

describe('operators', () => {
  const decision = { actor: 'operator:an', note: 'test' };
  const ports = (worker: GatewayWorker): Parameters<typeof skipDelivery>[0] => ({ records: fresh.records, queue: worker.queue, clock: systemClock });

  it('skip the head of a lane, and the next one goes', async () => {
    const { id, server } = await partner();
    server.setReaction((_, __) => (server.pushes.length === 1 ? status(422) : RECEIPT));
    const [worker, code] = [work(), await dossier()];
    const [stuck, next] = [await send(worker, id, code), await send(worker, id, code)];
    const parked = await whenIn(stuck, 'parked');
    if (parked !== undefined) await skipDelivery(ports(worker), parked.id, decision);
    await whenIn(next, 'delivered');
    expect(await delivery(stuck)).toMatchObject({ state: 'skipped' });
    await expect(skipDelivery(ports(worker), parked?.id ?? (newId() as never), decision)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(replayDelivery(ports(worker), parked?.id ?? (newId() as never), decision)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('replace the head of a lane by a message sent later, which goes before what waits between them', async () => {
    const { id, server } = await partner();
    server.setReaction((_, __) => (server.pushes.length === 1 ? status(422) : RECEIPT));
    const [worker, code] = [work(), await dossier()];
    const [wrong, between, right] = [await send(worker, id, code), await send(worker, id, code), await send(worker, id, code)];
    const parked = await whenIn(wrong, 'parked');
    const [last, middle, elsewhere] = [await delivery(right), await delivery(between), await send(worker, id)];
    if (parked === undefined || last === undefined || middle === undefined) throw new Error('not there');
    await whenIn(elsewhere, 'delivered');
    const other = await delivery(elsewhere);
    for (const replacement of [other?.id ?? last.id, parked.id]) await expect(supersedeDelivery(ports(worker), parked.id, replacement, decision)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(supersedeDelivery(ports(worker), middle.id, parked.id, decision)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await delivery(wrong)).toMatchObject({ state: 'parked' }); // a refused decision changes nothing

    await supersedeDelivery(ports(worker), parked.id, last.id, decision);
    await whenIn(between, 'delivered');
    expect(server.effects.map(({ messageId }) => messageId).filter((each) => each !== elsewhere.id)).toEqual([right.id, between.id]);
    expect(await delivery(wrong)).toMatchObject({ state: 'skipped' });
    expect((await eventKinds(wrong)).filter((kind) => kind === 'message.superseded')).toHaveLength(1);
    expect(await fresh.records.audit.of(`delivery:${parked.id}`, 5)).toMatchObject([{ action: 'supersede-delivery', detail: { from: 'parked', note: 'test', replacement: last.id } }]);
  });

  it('cancel what is not yet sent', async () => {
    const { id, server } = await partner();
    server.setReaction(() => status(503));
    const worker = work({ schedule: { ...QUICK, delaysMs: [60_000] } });
    const message = await send(worker, id);
    const waiting = await eventually(() => delivery(message), (found) => found?.attempts === 1 && found.state === 'pending');
    if (waiting !== undefined) await cancelDelivery(ports(worker), waiting.id, decision);
    expect(await delivery(message)).toMatchObject({ state: 'cancelled' });
    expect(await eventKinds(message)).toEqual(['message.cancelled']);
  });

  it('replay everything that was parked for a partner since a time', async () => {
    const { id, server } = await partner();
    server.setReaction(() => status(404));
    const worker = work();
    const messages = [await send(worker, id), await send(worker, id), await send(worker, id)];
    for (const message of messages) await whenIn(message, 'parked');
    server.setReaction(() => RECEIPT);
    expect(await replaySince(ports(worker), id, new Date(Date.now() + 60_000), 10, decision)).toEqual([]);
    expect(await replaySince(ports(worker), id, new Date(Date.now() - 60_000), 10, decision)).toHaveLength(3);
    for (const message of messages) await whenIn(message, 'delivered');
  });

  it('are told that there is no such delivery', async () => {
    await expect(replayDelivery(ports(work()), newId() as never, decision)).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
  });
});

describe('a worker', () => {
  it('leases straight from the store while the queue is out of reach, and says so', async () => {
    const { id, server } = await partner();
    const log = keptLog();
    const worker = work({ queue: noQueue, log });
    const code = await dossier();
    const messages = [await send(worker, id, code), await send(worker, id, code), await send(worker, id)];
    for (const message of messages) await whenIn(message, 'delivered');
    expect(worker.delivery.isDegraded()).toBe(true);
    expect(log.lines.filter((line) => line.event === 'delivery.degraded')).toHaveLength(1);
    expect(server.effects.filter((effect) => effect.dossierCode === code).map((effect) => effect.messageId)).toEqual(messages.slice(0, 2).map((message) => message.id));
  });

  it('keeps a busy recipient busy by itself: what was passed by while all its places were taken follows without the sweep', async () => {
    const { id, server } = await partner();
    server.setReaction(() => ({ apply: true, answer: 'receipt', answerAfterMs: 20 }));
    const worker = work({ sweeps: false, concurrency: 8 });
    const messages = await Promise.all(Array.from({ length: 60 }, () => send(worker, id)));
    for (const message of messages) await whenIn(message, 'delivered');
    expect(server.pushes).toHaveLength(60);
  });

  it('shares the work with others: every message once, though all are woken for all', async () => {
    const { id, server } = await partner();
    const team = [work(), work(), work({ queue: noQueue })];
    const messages: Message[] = [];
    for (let count = 0; count < 40; count += 1) messages.push(await send(team[count % 2] as GatewayWorker, id));
    for (const message of messages) await whenIn(message, 'delivered');
    expect(server.pushes).toHaveLength(40);
  });

  it('lets attempts finish when it stops, and takes nothing new', async () => {
    const { id, server } = await partner();
    server.setReaction(() => ({ apply: true, answer: 'receipt', answerAfterMs: 300 }));
    const worker = work({ concurrency: 2 });
    const messages = await Promise.all(Array.from({ length: 6 }, () => send(worker, id)));
    await eventually(() => server.pushes.length, (length) => length === 2);
    await worker.stop(5_000);
    workers.splice(workers.indexOf(worker), 1);
    const states = (await Promise.all(messages.map(delivery))).map((found) => found?.state);
    expect(states.filter((state) => state === 'delivered')).toHaveLength(server.pushes.length);
    expect(states.filter((state) => state === 'leased')).toHaveLength(0);
    expect(server.pushes.length).toBeLessThan(6);
  });

  it('aborts what does not finish in its grace, and leaves the outcome unknown, not lost', async () => {
    const { id, server } = await partner();
    server.setReaction(first({ apply: true, answer: 'hang' }));
    const worker = work({ timeoutMs: 60_000 });
    const message = await send(worker, id);
    await eventually(() => server.pushes.length, (length) => length === 1);
    await worker.stop(100);
    workers.splice(workers.indexOf(worker), 1);
    expect(await delivery(message)).toMatchObject({ state: 'pending' });
    work();
    const done = await whenIn(message, 'delivered');
    expect(await attempts(done?.id)).toEqual(['unknown', 'delivered']);
    expect(server.effects).toHaveLength(1);
  });
});
