import type { DossierCode } from '../../src/domain/dossier.ts';
import type { DeliveryId, MessageId } from '../../src/domain/ids.ts';
import type { DeliveryState } from '../../src/domain/message.ts';
import { REPEAT_RULES } from '../../src/domain/partner.ts';
import type { RetrySchedule } from '../../src/domain/retry-schedule.ts';
import { dossierOf, messageOf, partnerOf } from '../support/ledger.ts';
import { checkRun, type Accepted } from './checks.ts';
import { simDatabase, startFleet, type Fleet, type SimDatabase } from './fleet.ts';
import { operate } from './operator.ts';
import { LATEST_EFFECT_MS, simPartner, type SimPartner } from './partners.ts';
import { simQueue, type SimQueue } from './queue.ts';
import { random } from './random.ts';
import { memoryStore, type Break, type MemoryStore } from './store.ts';
import { world as newWorld, type SimProcess, type World } from './world.ts';

/** One seed: some dossiers, four partners of different kinds, workers that die, a database and a queue that go away. */

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly accepted: number;
  readonly delivered: number;
  readonly repeatsOnWire: number;
  readonly kills: number;
  readonly events: number;
  readonly simulatedMs: number;
}

const FAULTS_END_MS = 90_000;
const DRAINED_BY_MS = 30 * 60_000;
const SCHEDULE: RetrySchedule = { delaysMs: [500, 1_000, 2_000, 4_000, ...Array.from({ length: 20 }, () => 8_000)], jitter: 0.2, longestRetryAfterMs: 10_000 };
const FLEET = { schedule: SCHEDULE, breaker: { failures: 4, firstOpenMs: 2_000, longestOpenMs: 15_000 }, concurrency: 6, mostSkewMs: 300 };

export async function runSeed(seed: number, without?: Break): Promise<RunResult> {
  const dice = random(seed);
  const sim = newWorld(dice);
  const violations: string[] = [];
  const store = memoryStore({ without, onChange: (before, after) => noteRelapse(violations, before?.state, after.state, after.id) });
  const areFaultsOn = (): boolean => sim.now() < FAULTS_END_MS;
  const database = simDatabase(sim, store, areFaultsOn);
  const queue = simQueue({ world: sim, lossRate: () => (areFaultsOn() ? 0.1 : 0), keepsFinished: without === 'jobid' });
  const faultRate = dice.pick([0.05, 0.2, 0.4]);
  const partners = REPEAT_RULES.map((repeat) =>
    simPartner({ world: sim, partner: partnerOf(`p-${repeat}`, { repeat }), faultRate: () => (areFaultsOn() ? faultRate : 0), breaksIdempotency: without === 'idempotency' }),
  );
  for (const { partner } of partners) store.addPartner(partner);

  const fleet = startFleet(sim, database, queue, partners, FLEET);
  const accepted: Accepted[] = [];
  planMessages(sim, database, queue, store, partners, accepted);
  planFaults(sim, database, queue, fleet);
  operate(sim, database, queue, partners);

  const isDone = (): boolean => sim.now() > FAULTS_END_MS && [...store.outbox.values()].every((row) => row.state === 'delivered');
  await sim.run(DRAINED_BY_MS, isDone);
  await sim.run(sim.now() + LATEST_EFFECT_MS, () => false); // what is still on the wire arrives
  violations.push(...checkRun(store, partners, accepted));
  fleet.stop();
  const effects = partners.reduce((sum, { requests }) => sum + requests, 0);
  return {
    seed,
    violations,
    accepted: accepted.length,
    delivered: [...store.outbox.values()].filter((row) => row.state === 'delivered').length,
    repeatsOnWire: effects - store.outbox.size,
    kills: fleet.kills,
    events: sim.events,
    simulatedMs: sim.now(),
  };
}

/** I8: what is finished stays finished. */
function noteRelapse(violations: string[], before: DeliveryState | undefined, after: DeliveryState, id: string): void {
  const isFinal = before === 'delivered' || before === 'cancelled' || before === 'skipped';
  if (isFinal && after !== before) violations.push(`I8: ${id} went from ${before} back to ${after}`);
}

function planMessages(sim: World, database: SimDatabase, queue: SimQueue, store: MemoryStore, partners: readonly SimPartner[], accepted: Accepted[]): void {
  const api: SimProcess = { name: 'api', alive: true, pausedUntil: 0, skewMs: 0 };
  const records = database.recordsOf(api);
  const wakes = queue.clientOf(api);
  const codes = Array.from({ length: 5 }, (_, index) => `H57.12.03-261124-${String(index + 1).padStart(4, '0')}` as DossierCode);
  for (const code of codes) store.addDossier(dossierOf('land', { code }));
  for (let index = 0; index < 30; index += 1) {
    const { partner } = sim.random.pick(partners as [SimPartner, ...SimPartner[]]);
    const code = sim.random.pick(codes as [DossierCode, ...DossierCode[]]);
    sim.after(sim.random.between(0, 60_000), () => {
      const at = sim.clockOf(api).now();
      const message = messageOf(code, 'land', { id: `m-${index}` as MessageId, createdAt: at });
      const id = `d-${index}` as DeliveryId;
      const laneId = `${code}|${partner.id}`;
      const post = records.transaction(async (trx) => {
        await trx.messages.add(message, '{}', []);
        await trx.outbox.add({ id, kind: 'message', laneId, target: partner.id, messageId: message.id, postalOrderId: null, createdAt: at });
      });
      post.then(
        () => {
          accepted.push({ deliveryId: id, message, laneId }); // the 202
          wakes.wake([{ id, target: partner.id, wake: 0 }]);
        },
        () => {}, // 503: the caller was promised nothing
      );
    });
  }
}

function planFaults(sim: World, database: SimDatabase, queue: SimQueue, fleet: Fleet): void {
  const { random: dice } = sim;
  const plan = (count: number, fault: () => void): void => {
    for (let index = 0; index < count; index += 1) sim.after(dice.between(0, FAULTS_END_MS), fault);
  };
  plan(dice.between(0, 8), () => fleet.kill(dice.between(0, 1)));
  plan(dice.between(0, 3), () => pauseOne(sim, fleet));
  plan(dice.between(0, 3), () => database.outage(dice.between(100, 9_000)));
  plan(dice.between(0, 3), () => queue.flush());
  plan(dice.between(0, 2), () => queue.outage(dice.between(500, 20_000)));
}

/** A process that the system stops for a while, and that does not notice. */
function pauseOne(sim: World, fleet: Fleet): void {
  const process = fleet.workers[sim.random.between(0, 1)];
  if (process !== undefined) process.pausedUntil = sim.now() + sim.random.between(500, 12_000);
}
