import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { DeliveryId, PartnerId } from '../../src/domain/ids.ts';
import type { Receipt } from '../../src/domain/message.ts';
import type { NewDossierEvent } from '../../src/ports/dossier-records.ts';
import type { Attempt, Lease, Settlement } from '../../src/ports/outbox.ts';
import { after, dossierOf, partnerOf, sendMessage, T0, evidenceOf } from '../support/ledger.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

let fresh: FreshRecords;
beforeAll(async () => {
  fresh = await freshRecords();
  await fresh.records.partners.add(partnerOf('land'));
  await fresh.records.partners.add(partnerOf('portal'));
});
afterAll(() => fresh.close());

const LEASE_MS = 6_000;
const delivered: Settlement = { state: 'delivered', proof: null };
const error = { code: 'PARTNER_UNAVAILABLE', detail: 'connection refused' };
const attemptOf = (outcome: Attempt['outcome'], at = T0): Attempt => ({ startedAt: at, finishedAt: at, outcome, code: null, detail: null });

async function newLane(): Promise<DossierCode> {
  const dossier = dossierOf('land');
  await fresh.records.dossiers.add(dossier);
  return dossier.code;
}

async function send(code: DossierCode, to = 'portal'): Promise<DeliveryId> {
  return (await sendMessage(fresh.records, code, 'land', to)).deliveryId;
}

const lease = (id: DeliveryId, owner = 'a', now = T0): Promise<Lease | null> => fresh.records.outbox.lease(id, owner, now, after(LEASE_MS, now));

async function mustLease(id: DeliveryId, owner = 'a', now = T0): Promise<Lease> {
  const held = await lease(id, owner, now);
  if (held === null) throw new Error(`no lease of ${id}`);
  return held;
}

/** Empties the outbox of what earlier tests left due, so that sweeps see only their own. */
async function finishAll(): Promise<void> {
  const { rows } = await fresh.handle.pool.query<{ id: string }>(`SELECT id FROM outbox WHERE finished_at IS NULL`);
  for (const row of rows) await fresh.records.outbox.finish(row.id as DeliveryId, 'cancelled', after(1e9));
}

describe('a lane', () => {
  it('leases nothing while an earlier delivery is unfinished, and the next once it is', async () => {
    const code = await newLane();
    const [first, second] = [await send(code), await send(code)];
    expect(await lease(second)).toBeNull();
    const held = await mustLease(first);
    expect(await lease(second)).toBeNull();
    expect(await fresh.records.outbox.settle(held, delivered, attemptOf('delivered'))).toEqual([{ id: second, target: 'portal', wake: 1 }]);
    expect(await lease(second)).not.toBeNull();
  });

  it('does not hold up another lane', async () => {
    const [stuck, free] = [await newLane(), await newLane()];
    await mustLease(await send(stuck));
    expect(await lease(await send(free))).not.toBeNull();
  });

  it('gives seq in the order of commit when many are added at once', async () => {
    const code = await newLane();
    const ids = await Promise.all(Array.from({ length: 20 }, () => send(code)));
    const { rows } = await fresh.handle.pool.query<{ seq: string }>('SELECT seq FROM outbox WHERE lane_id = $1 ORDER BY seq', [`${code}/portal`]);
    expect(rows.map((row) => Number(row.seq))).toEqual(ids.map((_, index) => index + 1));
  });

  it('waits behind a parked head until that is replayed, skipped or cancelled', async () => {
    const code = await newLane();
    const [first, second] = [await send(code), await send(code)];
    const held = await mustLease(first);
    await fresh.records.outbox.settle(held, { state: 'parked', reason: 'refused', outcomeUnknown: false, error }, attemptOf('refused'));
    expect(await fresh.records.outbox.nextInLane(held.laneId, T0)).toBeNull();
    expect(await lease(second)).toBeNull();
    expect(await fresh.records.outbox.finish(first, 'skipped', T0)).toBe(true);
    expect(await lease(second)).not.toBeNull();
  });
});

describe('a lease', () => {
  it('goes to one of many workers that ask at once', async () => {
    const id = await send(await newLane());
    const held = await Promise.all(Array.from({ length: 12 }, (_, index) => lease(id, `worker-${index}`)));
    expect(held.filter((each) => each !== null)).toHaveLength(1);
  });

  it('that ran out passes on with the next epoch, outcome unknown, and the lost attempt on record', async () => {
    const id = await send(await newLane());
    const first = await mustLease(id, 'a');
    expect(await lease(id, 'b', after(LEASE_MS - 1))).toBeNull();
    const second = await mustLease(id, 'b', after(LEASE_MS));
    expect(second).toMatchObject({ epoch: first.epoch + 1n, attempt: 2, triesSpent: 1, outcomeUnknown: true });
    const { rows } = await fresh.handle.pool.query('SELECT number, outcome, code FROM delivery_attempt WHERE outbox_id = $1', [id]);
    expect(rows).toEqual([{ number: 1, outcome: 'unknown', code: 'WORKER_LOST' }]);
  });

  it('fences out the worker that lost it: neither renewed nor settled, and nothing written', async () => {
    const id = await send(await newLane());
    const zombie = await mustLease(id, 'a');
    const owner = await mustLease(id, 'b', after(LEASE_MS));
    expect(await fresh.records.outbox.renew(zombie, after(60_000))).toBe(false);
    expect(await fresh.records.outbox.settle(zombie, delivered, attemptOf('delivered'))).toBeNull();
    expect(await fresh.records.outbox.settle(owner, delivered, attemptOf('delivered'))).toEqual([]);
    expect(await fresh.records.outbox.settle(owner, delivered, attemptOf('delivered'))).toBeNull();
    const { rows } = await fresh.handle.pool.query('SELECT epoch FROM delivery_attempt WHERE outbox_id = $1 ORDER BY number', [id]);
    expect(rows).toHaveLength(2);
  });

  it('that is renewed is not taken over', async () => {
    const id = await send(await newLane());
    const held = await mustLease(id, 'a');
    expect(await fresh.records.outbox.renew(held, after(2 * LEASE_MS))).toBe(true);
    expect(await lease(id, 'b', after(LEASE_MS))).toBeNull();
  });

  it('is not given before the retry is due, and the tries of a drained attempt are not spent', async () => {
    const id = await send(await newLane());
    const first = await mustLease(id);
    const retry: Settlement = { state: 'pending', nextAt: after(5_000), outcomeUnknown: false, spendsTry: true, error };
    await fresh.records.outbox.settle(first, retry, attemptOf('retry'));
    expect(await lease(id, 'a', after(4_999))).toBeNull();
    const second = await mustLease(id, 'a', after(5_000));
    expect(second).toMatchObject({ attempt: 2, triesSpent: 1, outcomeUnknown: false });
    await fresh.records.outbox.settle(second, { ...retry, nextAt: after(5_000), spendsTry: false }, attemptOf('retry'));
    expect(await mustLease(id, 'a', after(5_000))).toMatchObject({ attempt: 2, triesSpent: 1 });
  });

  it('keeps receipt and event with the settlement, and neither when the lease is lost', async () => {
    const code = await newLane();
    const { message, deliveryId } = await sendMessage(fresh.records, code, 'land', 'portal');
    const receipt: Receipt = { deliveryId, messageId: message.id, partnerId: 'portal' as PartnerId, manifestSha256: message.manifestSha256, receivedAt: T0, reference: 'R-1' };
    const event: NewDossierEvent = { kind: 'message.delivered', at: T0, actor: receipt.partnerId, messageId: message.id, deliveryId, postalOrderId: null, data: { type: message.type } };
    const proven: Settlement = { state: 'delivered', proof: { receipt, evidence: evidenceOf(message.id, { kind: 'delivered', name: 'delivered-portal', partnerId: receipt.partnerId }), dossierCode: code, event } };
    const told = async (): Promise<unknown> => [await fresh.records.messages.receipts(message.id), await fresh.records.dossiers.events(code, 0, 10)];
    const zombie = await mustLease(deliveryId, 'a');
    const owner = await mustLease(deliveryId, 'b', after(LEASE_MS));
    expect(await fresh.records.outbox.settle(zombie, proven, attemptOf('delivered'))).toBeNull();
    expect(await told()).toEqual([[], []]);
    expect(await fresh.records.outbox.settle(owner, proven, attemptOf('delivered'))).toEqual([]);
    expect(await fresh.records.outbox.settle(owner, proven, attemptOf('delivered'))).toBeNull();
    expect(await told()).toEqual([[receipt], [{ ...event, seq: 1 }]]);
  });

  it('cannot be cancelled away from under a working worker, only after it ran out', async () => {
    const id = await send(await newLane());
    const held = await mustLease(id);
    expect(await fresh.records.outbox.finish(id, 'cancelled', after(LEASE_MS - 1))).toBe(false);
    expect(await fresh.records.outbox.finish(id, 'cancelled', after(LEASE_MS))).toBe(true);
    expect(await fresh.records.outbox.settle(held, delivered, attemptOf('delivered'))).toBeNull();
    expect(await fresh.records.outbox.finish(id, 'delivered', after(LEASE_MS))).toBe(false);
  });
});

describe('replay', () => {
  it('puts a parked delivery back under the same id with its schedule from the start', async () => {
    const id = await send(await newLane());
    expect(await fresh.records.outbox.replay(id, T0)).toBe(false);
    await fresh.records.outbox.settle(await mustLease(id), { state: 'parked', reason: 'refused', outcomeUnknown: true, error }, attemptOf('refused'));
    expect(await fresh.records.outbox.parked('portal', 1_000)).toContainEqual(expect.objectContaining({ id, reason: 'refused', error, attempts: 1 }));
    expect(await fresh.records.outbox.replay(id, after(1_000))).toBe(true);
    expect(await mustLease(id, 'a', after(1_000))).toMatchObject({ attempt: 2, triesSpent: 0, outcomeUnknown: true });
  });
});

describe('the sweep', () => {
  it('wakes due heads not woken for a while, each with its next wake number, and no more than its limit', async () => {
    await finishAll();
    const codes = await Promise.all([newLane(), newLane(), newLane()]);
    const heads = await Promise.all(codes.map((code) => send(code)));
    await send(codes[0]);
    const sweep = (now: Date): ReturnType<typeof fresh.records.outbox.sweep> => fresh.records.outbox.sweep(now, after(-8_000, now), 2);
    expect(await sweep(after(7_000))).toEqual([]);
    const first = await sweep(after(8_000));
    const second = await sweep(after(8_000));
    expect([...first, ...second].map((wake) => wake.id).sort()).toEqual([...heads].sort());
    expect([...first, ...second].every((wake) => wake.wake === 1)).toBe(true);
    expect(await sweep(after(8_000))).toEqual([]);
    expect((await sweep(after(16_000))).every((wake) => wake.wake === 2)).toBe(true);
  });

  it('finds a lease that ran out', async () => {
    await finishAll();
    const id = await send(await newLane());
    await mustLease(id);
    expect(await fresh.records.outbox.sweep(after(LEASE_MS - 1), after(LEASE_MS), 10)).toEqual([]);
    expect(await fresh.records.outbox.sweep(after(LEASE_MS), after(LEASE_MS), 10)).toEqual([{ id, target: 'portal', wake: 1 }]);
  });
});

describe('leasing without a queue', () => {
  it('shares due heads between workers, never two of one lane, never one twice', async () => {
    await finishAll();
    const codes = await Promise.all(Array.from({ length: 10 }, newLane));
    const heads = await Promise.all(codes.map((code) => send(code)));
    await Promise.all(codes.map((code) => send(code)));
    const shares = await Promise.all(['a', 'b', 'c'].map((owner) => fresh.records.outbox.leaseDue(owner, T0, after(LEASE_MS), 4)));
    const rest = await fresh.records.outbox.leaseDue('d', T0, after(LEASE_MS), 10);
    expect([...shares.flat(), ...rest].map((held) => held.id).sort()).toEqual([...heads].sort());
  });

  it('counts what is due and parked', async () => {
    await finishAll();
    const id = await send(await newLane());
    await send(await newLane());
    await fresh.records.outbox.settle(await mustLease(id), { state: 'parked', reason: 'refused', outcomeUnknown: false, error }, attemptOf('refused'));
    expect(await fresh.records.outbox.depth(T0)).toEqual({ due: 1, parked: 1, oldestDueAt: T0 });
  });
});
