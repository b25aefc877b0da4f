import { GatewayError } from '../../src/domain/errors.ts';
import type { BreakerSettings } from '../../src/domain/partner-limits.ts';
import type { RetrySchedule } from '../../src/domain/retry-schedule.ts';
import type { Recipient } from '../../src/ports/partner-records.ts';
import type { Records, RecordSet } from '../../src/ports/records.ts';
import { messageHandler } from '../../src/usecases/deliver-message.ts';
import type { DeliveryHandler } from '../../src/usecases/delivery-handler.ts';
import { startDelivery } from '../../src/usecases/run-delivery.ts';
import { testExchangeKey } from '../support/exchange-key.ts';
import { silentLog } from '../support/log.ts';
import { LATEST_EFFECT_MS, type SimPartner } from './partners.ts';
import type { SimQueue } from './queue.ts';
import type { MemoryStore } from './store.ts';
import type { SimProcess, World } from './world.ts';

/** One for all runs: it signs at once, so that no run depends on it. */
export const exchangeKey = await testExchangeKey();

/** The delivery engine as it runs in a simulation: its database, and the processes of its workers. */

export interface SimDatabase {
  /** The records as a process sees them: each call takes time, and fails while the database is away. */
  recordsOf(process: SimProcess): Records;
  outage(ms: number): void;
  /** For the sequencing of leaders: one process at a time. */
  leader: SimProcess | null;
}

/** @param losesAnswers whether what was committed may look like a failure to whoever asked */
export function simDatabase(sim: World, store: MemoryStore, losesAnswers: () => boolean): SimDatabase {
  let downUntil = 0;
  const { random: dice } = sim;
  const away = (): GatewayError => new GatewayError('DATABASE_UNAVAILABLE', 'The database is away');
  const check = (): void => {
    if (sim.now() < downUntil) throw away();
  };
  /** A commit whose answer is lost has happened all the same. */
  const maybeLoseAnswer = (): void => {
    if (losesAnswers() && dice.chance(0.01)) throw away();
  };
  const remote = <T extends object>(process: SimProcess, port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          sim.call(process, async () => {
            check();
            const result: unknown = await store.atomically(() => Promise.resolve(Reflect.apply(method, target, args)));
            maybeLoseAnswer();
            return result;
          });
      },
    });
  const recordsOf = (process: SimProcess): Records => {
    const ports = Object.entries(store.records).map(([name, port]) => [name, remote(process, port as object)] as const);
    const transaction = <T>(work: (records: RecordSet) => Promise<T>): Promise<T> =>
      sim.call(process, async () => {
        check();
        const result = await store.atomically(() => work(store.records));
        maybeLoseAnswer();
        return result;
      });
    return { ...Object.fromEntries(ports), transaction } as unknown as Records;
  };
  return { recordsOf, outage: (ms) => void (downUntil = Math.max(downUntil, sim.now() + ms)), leader: null };
}

export interface Fleet {
  readonly workers: readonly SimProcess[];
  /** Processes killed so far. */
  readonly kills: number;
  kill(index: number): void;
  stop(): void;
}

const unused: DeliveryHandler = { attempt: () => Promise.reject(new Error('no postal orders here')), onParked: () => Promise.resolve() };

export interface FleetSettings {
  readonly schedule: RetrySchedule;
  readonly breaker: BreakerSettings;
  /** Attempts under way at once in each of the two processes. */
  readonly concurrency: number;
  /** How wrong the clock of a process may be, either way. */
  readonly mostSkewMs: number;
}

/** Two workers; one that is killed is followed by another. */
export function startFleet(sim: World, database: SimDatabase, queue: SimQueue, partners: readonly SimPartner[], { schedule, breaker, concurrency, mostSkewMs }: FleetSettings): Fleet {
  const workers: SimProcess[] = [];
  let generation = 0;
  let kills = 0;
  const start = (index: number): void => {
    generation += 1;
    const process: SimProcess = { name: `worker-${index}-${generation}`, alive: true, pausedUntil: 0, skewMs: sim.random.between(-mostSkewMs, mostSkewMs) };
    workers[index] = process;
    const clock = sim.clockOf(process);
    const records = database.recordsOf(process);
    const chance = { fraction: () => sim.random.fraction(), bytes: () => new Uint8Array(), uuid: () => '' };
    const connectors = { of: async ({ partner }: Recipient) => partners.find((candidate) => candidate.partner.id === partner.id)?.connectorFor(process) ?? unreachable() };
    const message = messageHandler({ records, exchangeKey, partners: connectors, clock, chance, schedule, quarantineMs: LATEST_EFFECT_MS, breaker });
    const leadership = {
      isLeader: async () => {
        if (database.leader === null || !database.leader.alive) database.leader = process;
        return database.leader === process;
      },
      resign: async () => {},
    };
    const delivery = startDelivery(
      { records, queue: queue.clientOf(process), clock, chance, log: silentLog, schedule, handlers: { message, postal: unused }, leadership },
      { owner: process.name, concurrency, sweeps: true },
    );
    queue.consume(process, (wake) => delivery.wake(wake));
  };
  for (const index of [0, 1]) start(index);
  return {
    workers,
    get kills() {
      return kills;
    },
    kill(index) {
      const victim = workers[index];
      if (victim === undefined || !victim.alive) return;
      victim.alive = false;
      kills += 1;
      sim.after(sim.random.between(200, 5_000), () => start(index));
    },
    stop: () => workers.forEach((process) => void (process.alive = false)),
  };
}

function unreachable(): never {
  throw new Error('no such partner');
}
