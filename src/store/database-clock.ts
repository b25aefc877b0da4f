import { sql, type Kysely } from 'kysely';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';

export interface DatabaseClock extends Clock {
  /** Asks the database for its time once more. */
  synchronise(): Promise<void>;
}

const EXACT_ENOUGH_MS = 1_000;

/**
 * Time as the database has it, kept by this machine's monotonic counter: replicas whose clocks are minutes apart, or are set while they
 * run, agree on when a lease ends. Until the first answer, and for sleeping, it is `system`.
 * @param monotonicMs such as `performance.now`
 */
export function databaseClock(db: Kysely<unknown>, system: Clock, monotonicMs: () => number, log: Log): DatabaseClock {
  let base: { readonly at: number; readonly counter: number } | null = null;
  return {
    now: () => (base === null ? system.now() : new Date(Math.floor(base.at + monotonicMs() - base.counter))),
    sleep: (ms, signal) => system.sleep(ms, signal),
    async synchronise() {
      const before = monotonicMs();
      const { rows } = await sql<{ at: Date }>`SELECT clock_timestamp() AS at`.execute(db);
      const after = monotonicMs();
      const [row] = rows;
      if (row === undefined || after - before > EXACT_ENOUGH_MS) return; // a slow answer says too little
      const skewMs = Math.round(row.at.getTime() - system.now().getTime());
      if (Math.abs(skewMs) > EXACT_ENOUGH_MS) log.warn('clock.skew', { skewMs });
      base = { at: row.at.getTime(), counter: (before + after) / 2 };
    },
  };
}
