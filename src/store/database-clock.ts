import { sql, type Kysely } from 'kysely';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Database } from './schema.ts';

export interface DatabaseClock extends Clock {
  /** Asks the database no more; the clock itself goes on. */
  stop(): void;
}

export interface DatabaseClockSettings {
  readonly db: Kysely<Database>;
  /** Until the first answer, and for sleeping. */
  readonly system: Clock;
  /** Milliseconds that never jump, such as `performance.now`. */
  readonly monotonicMs: () => number;
  readonly log: Log;
}

const EXACT_ENOUGH_MS = 1_000;
const SYNCHRONISE_EVERY_MS = 60_000;

/**
 * Time as the database has it, kept by this machine's monotonic counter and compared once a minute: replicas whose clocks are minutes
 * apart, or are set while they run, agree on when a lease ends.
 * @throws DATABASE_UNAVAILABLE when there is no first answer
 */
export async function startDatabaseClock(settings: DatabaseClockSettings): Promise<DatabaseClock> {
  const { system, monotonicMs, log } = settings;
  const stop = new AbortController();
  let base = await readBase(settings);
  const follow = async (): Promise<void> => {
    for (;;) {
      await system.sleep(SYNCHRONISE_EVERY_MS, stop.signal);
      base = await readBase(settings).catch((error: unknown) => {
        log.warn('clock.not-synchronised', { reason: String(error) });
        return base;
      });
    }
  };
  follow().catch(() => {}); // stopped
  return {
    now: () => (base === null ? system.now() : new Date(Math.floor(base.at + monotonicMs() - base.counter))),
    sleep: (ms, signal) => system.sleep(ms, signal),
    stop: () => stop.abort(),
  };
}

interface Base {
  readonly at: number;
  readonly counter: number;
}

/** Null when the answer took so long that it says too little. */
async function readBase({ db, system, monotonicMs, log }: DatabaseClockSettings): Promise<Base | null> {
  const before = monotonicMs();
  const { rows } = await sql<{ at: Date }>`SELECT clock_timestamp() AS at`.execute(db);
  const after = monotonicMs();
  const at = rows[0]?.at.getTime();
  if (at === undefined || after - before > EXACT_ENOUGH_MS) return null;
  const skewMs = Math.round(at - system.now().getTime());
  if (Math.abs(skewMs) > EXACT_ENOUGH_MS) log.warn('clock.skew', { skewMs });
  return { at, counter: (before + after) / 2 };
}
