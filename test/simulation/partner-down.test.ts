import { expect, it } from 'vitest';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { DeliveryId, MessageId } from '../../src/domain/ids.ts';
import { DEFAULT_BREAKER } from '../../src/domain/partner-limits.ts';
import { DEFAULT_SCHEDULE } from '../../src/domain/retry-schedule.ts';
import { dossierOf, messageOf, partnerOf } from '../support/ledger.ts';
import { checkRun, type Accepted } from './checks.ts';
import { simDatabase, startFleet } from './fleet.ts';
import { simPartner, type Effect } from './partners.ts';
import { simQueue } from './queue.ts';
import { random } from './random.ts';
import { memoryStore } from './store.ts';
import { world } from './world.ts';

/** One partner answers nothing for 24 hours, while messages for it and for three others keep coming; everything as it is by default. */

const HOUR_MS = 3_600_000;
const DOWN = { from: 1 * HOUR_MS, to: 25 * HOUR_MS };
const SENT_FOR_MS = 26 * HOUR_MS;
const ENDS_BY_MS = 40 * HOUR_MS;
const EVERY_MS = 180_000;
const DOSSIERS = 40;
const LIMITS = { ratePerSecond: 0.5, burst: 3 };

interface Day {
  readonly violations: readonly string[];
  /** From acceptance to the effect at the recipient, of the three that were never down, in milliseconds. */
  readonly p95OfOthersMs: number;
  readonly toDown: readonly Effect[];
  /** Since when everything was delivered. */
  readonly doneAtMs: number;
  readonly accepted: number;
}

async function runDay(isEverDown: boolean): Promise<Day> {
  const sim = world(random(24));
  let delivered = 0;
  const store = memoryStore({ onChange: (_, { state }) => void (delivered += state === 'delivered' ? 1 : 0) });
  const database = simDatabase(sim, store, () => false);
  const queue = simQueue({ world: sim, lossRate: () => 0, keepsFinished: false });
  const isDown = (): boolean => isEverDown && sim.now() >= DOWN.from && sim.now() < DOWN.to;
  const partners = ['down', 'tax', 'land-registry', 'justice'].map((name) => simPartner({ world: sim, partner: partnerOf(name), faultRate: () => 0, isDown: name === 'down' ? isDown : () => false }));
  for (const { partner } of partners) store.addPartner(partner);
  await store.records.partnerStates.setLimits(partnerOf('down').id, LIMITS);
  const fleet = startFleet(sim, database, queue, partners, { schedule: DEFAULT_SCHEDULE, breaker: DEFAULT_BREAKER, concurrency: 8, mostSkewMs: 0 });

  const api = { name: 'api', alive: true, pausedUntil: 0, skewMs: 0 };
  const accepted: Accepted[] = [];
  const sentAt = new Map<string, number>();
  const codes = Array.from({ length: DOSSIERS }, (_, index) => `H57.12.03-261124-${String(index + 1).padStart(4, '0')}` as DossierCode);
  for (const code of codes) store.addDossier(dossierOf('one-stop', { code }));
  const accept = async (index: number): Promise<void> => {
    const at = sim.clockOf(api).now();
    for (const { partner } of partners) {
      const code = codes[index % DOSSIERS] ?? ('' as DossierCode);
      const message = messageOf(code, 'one-stop', { id: `m-${index}-${partner.id}` as MessageId, createdAt: at });
      const id = `d-${index}-${partner.id}` as DeliveryId;
      const laneId = `${code}|${partner.id}`;
      await store.records.messages.add(message, '{}', []);
      await store.records.outbox.add({ id, kind: 'message', laneId, target: partner.id, messageId: message.id, postalOrderId: null, createdAt: at });
      accepted.push({ deliveryId: id, message, laneId });
      sentAt.set(id, sim.now());
      queue.clientOf(api).wake([{ id, target: partner.id, wake: 0 }]);
    }
  };
  for (let index = 0; index * EVERY_MS < SENT_FOR_MS; index += 1) sim.after(index * EVERY_MS, () => void accept(index));
  await sim.run(ENDS_BY_MS, () => sim.now() > SENT_FOR_MS && delivered === accepted.length);
  fleet.stop();

  const [toDown, ...others] = partners;
  const took = others.flatMap(({ effects }) => effects.map(({ deliveryId, at }) => at - (sentAt.get(deliveryId) ?? 0))).sort((a, b) => a - b);
  return { violations: checkRun(store, partners, accepted), p95OfOthersMs: took[Math.floor(took.length * 0.95)] ?? Number.NaN, toDown: toDown?.effects ?? [], doneAtMs: sim.now(), accepted: accepted.length };
}

/** The most effects in any stretch of time beyond what the rate allows in it; the way to a partner takes up to 60 ms, to the database twice 8. */
function mostBeyondRate(effects: readonly Effect[]): number {
  const at = effects.map((effect) => effect.at).sort((a, b) => a - b);
  return Math.max(...at.flatMap((from, first) => at.slice(first).map((to, more) => more + 1 - LIMITS.burst - ((to - from + 76) / 1_000) * LIMITS.ratePerSecond)));
}

it('a partner down for 24 hours holds up nobody else, and gets everything afterwards, in order and within its rate', async () => {
  const [usual, bad] = [await runDay(false), await runDay(true)];
  expect(usual.violations).toEqual([]);
  expect(bad.violations, 'delivered, once, in order; nothing parked').toEqual([]);
  expect(Math.abs(bad.p95OfOthersMs - usual.p95OfOthersMs)).toBeLessThan(0.05 * usual.p95OfOthersMs);

  const during = bad.toDown.filter(({ at }) => at >= DOWN.from && at < DOWN.to);
  const after = bad.toDown.filter(({ at }) => at >= DOWN.to);
  expect(during, 'it was down').toEqual([]);
  expect(after.length).toBeGreaterThan(480);
  expect(mostBeyondRate(after)).toBeLessThanOrEqual(0);
  expect(mostBeyondRate(after), 'the rate was what held it').toBeGreaterThan(-0.5);
  // A head that failed some probes waits by its own schedule although the partner is back: at most the step that it had come to, 4 hours and a fifth.
  expect(bad.doneAtMs).toBeLessThan(DOWN.to + 1.2 * 4 * HOUR_MS + (after.length / LIMITS.ratePerSecond) * 1_000 + DEFAULT_BREAKER.longestOpenMs);
}, 120_000);
