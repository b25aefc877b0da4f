import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryId, PartnerId } from '../../src/domain/ids.ts';
import type { Attempt, Lease, Outbox, Settlement } from '../../src/ports/outbox.ts';
import type { RecordSet } from '../../src/ports/records.ts';
import { random, type Random } from '../simulation/random.ts';
import { memoryStore } from '../simulation/store.ts';
import { after, newDeliveryId, partnerOf, T0 } from '../support/ledger.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/**
 * PostgreSQL and the store of the simulation do the same, step by step, over some thousand random steps: what the simulation proves of the
 * engine holds for the real store.
 */

let fresh: FreshRecords;
beforeEach(async () => {
  fresh = await freshRecords();
});
afterEach(() => fresh.close());

interface Step {
  readonly name: string;
  run(outbox: Outbox, leases: readonly Lease[]): Promise<unknown>;
}

const BREAKER = { failures: 2, firstOpenMs: 5_000, longestOpenMs: 20_000 };
const error = { code: 'PARTNER_UNAVAILABLE', detail: 'test' };

function settlementOf(dice: Random, now: Date): readonly [Settlement, Attempt['outcome']] {
  const outcomeUnknown = dice.chance(0.5);
  return dice.pick<readonly [Settlement, Attempt['outcome']]>([
    [{ state: 'delivered', proof: null }, 'delivered'],
    [{ state: 'offered' }, 'offered'],
    [{ state: 'pending', nextAt: after(dice.between(0, 8_000), now), outcomeUnknown, spendsTry: true, error }, outcomeUnknown ? 'unknown' : 'retry'],
    [{ state: 'pending', nextAt: now, outcomeUnknown, spendsTry: false, error }, 'retry'],
    [{ state: 'parked', reason: 'refused', outcomeUnknown, error }, 'refused'],
  ]);
}

/** One step, decided once and taken on both sides; leases are named by their place, since each side has its own. */
function stepOf(dice: Random, now: Date, ids: readonly DeliveryId[], targets: readonly string[], lanes: readonly string[]): Step {
  const id = ids[dice.between(0, Math.max(0, ids.length - 1))] ?? newDeliveryId();
  const target = targets[dice.between(0, targets.length - 1)] ?? '';
  const laneId = lanes[dice.between(0, lanes.length - 1)] ?? '';
  const until = after(dice.between(500, 6_000), now);
  const place = dice.between(0, 1_000);
  const [settlement, outcome] = settlementOf(dice, now);
  const attempt: Attempt = { startedAt: now, finishedAt: now, outcome, code: null, detail: null };
  const held = (leases: readonly Lease[]): Lease | undefined => leases[leases.length === 0 ? 0 : place % leases.length];
  return dice.pick<Step>([
    { name: `lease ${id}`, run: (outbox) => outbox.lease(id, 'a', now, until) },
    { name: 'lease due', run: (outbox) => outbox.leaseDue('c', now, until, 1_000, { notFor: [target] }) },
    { name: 'lease due of one', run: (outbox) => outbox.leaseDue('d', now, until, 1_000, { onlyFor: target }) },
    { name: 'renew', run: async (outbox, leases) => { const lease = held(leases); return lease === undefined ? null : outbox.renew(lease, until); } },
    { name: `settle ${settlement.state}`, run: async (outbox, leases) => { const lease = held(leases); return lease === undefined ? null : outbox.settle(lease, settlement, attempt); } },
    { name: 'settle again', run: async (outbox, leases) => { const lease = held(leases); return lease === undefined ? null : outbox.settle(lease, settlement, attempt); } },
    { name: `finish ${id}`, run: (outbox) => outbox.finish(id, 'skipped', now) },
    { name: `replay ${id}`, run: (outbox) => outbox.replay(id, now) },
    { name: `next in ${laneId}`, run: (outbox) => outbox.nextInLane(laneId, now) },
    { name: 'sweep', run: (outbox) => outbox.sweep(now, after(-3_000, now), 1_000) },
    { name: 'parked', run: async (outbox) => outbox.parked(target, 1_000) },
    { name: 'depth', run: (outbox) => outbox.depth(now) },
    { name: `find ${id}`, run: (outbox) => outbox.find(id) },
  ]);
}

/** In one order: rows due at the same instant come in any. */
function told(result: unknown): unknown {
  if (!Array.isArray(result)) return result;
  return [...(result as unknown[])].sort((a, b) => (JSON.stringify(a, bigints) < JSON.stringify(b, bigints) ? -1 : 1));
}

const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

function leasesIn(result: unknown): Lease[] {
  const all: unknown[] = Array.isArray(result) ? [...(result as unknown[])].sort((a, b) => ((a as Lease).id < (b as Lease).id ? -1 : 1)) : [result];
  return all.filter((each): each is Lease => typeof each === 'object' && each !== null && 'epoch' in each);
}

describe.each([1, 2, 3, 4, 5])('seed %i', (seed) => {
  it('PostgreSQL and the model agree on 400 steps', async () => {
    const dice = random(seed);
    const model = memoryStore();
    const targets = ['x', 'y', 'z'].map((name) => `${name}${seed}-target`);
    const lanes = Array.from({ length: 6 }, (_, index) => `lane-${seed}-${index}`);
    for (const target of targets) {
      await fresh.records.partners.add(partnerOf(target));
      model.addPartner(partnerOf(target));
    }
    const sides: readonly { readonly set: RecordSet; readonly leases: Lease[] }[] = [{ set: fresh.records, leases: [] }, { set: model.records, leases: [] }];
    const both = async (name: string, run: (set: RecordSet, leases: readonly Lease[]) => Promise<unknown>): Promise<void> => {
      const results: unknown[] = [];
      for (const side of sides) {
        const result = await run(side.set, side.leases);
        side.leases.push(...leasesIn(result));
        results.push(told(result));
      }
      expect(results[0], name).toEqual(results[1]);
    };
    const ids: DeliveryId[] = [];
    let now = after(seed * 1e9, T0);
    for (let count = 0; count < 400; count += 1) {
      now = after(dice.between(0, 1_500), now);
      const at = now;
      if (dice.chance(0.15)) {
        const index = dice.between(0, lanes.length - 1);
        const delivery = { id: newDeliveryId(), kind: 'message' as const, laneId: lanes[index] ?? '', target: targets[index % 3] ?? '', messageId: null, postalOrderId: null, createdAt: at };
        ids.push(delivery.id);
        await both('add', async ({ outbox }) => outbox.add(delivery));
      } else if (dice.chance(0.05)) {
        const id = targets[dice.between(0, 2)] as PartnerId;
        if (dice.chance(0.7)) await both('failure', ({ partnerStates }) => partnerStates.recordFailure(id, BREAKER, at));
        else await both('success', ({ partnerStates }) => partnerStates.recordSuccess(id, at));
        await both('standing', ({ partnerStates }) => partnerStates.find(id));
      } else {
        const step = stepOf(dice, at, ids, targets, lanes);
        await both(`${count}: ${step.name}`, ({ outbox }, leases) => step.run(outbox, leases));
      }
    }
    const attempts = await fresh.handle.pool.query<{ delivery: string; number: number; outcome: string }>(
      'SELECT outbox_id AS delivery, number, outcome FROM delivery_attempt WHERE outbox_id = ANY ($1) ORDER BY 1, 2',
      [ids],
    );
    const modelled = model.attempts.map(({ deliveryId, number, outcome }) => ({ delivery: deliveryId, number, outcome }));
    expect(attempts.rows).toEqual(modelled.sort((a, b) => (a.delivery < b.delivery ? -1 : a.delivery > b.delivery ? 1 : a.number - b.number)));
    expect(attempts.rows.length).toBeGreaterThan(20);
  });
});
