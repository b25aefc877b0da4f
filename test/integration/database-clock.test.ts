import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDatabaseClock } from '../../src/store/database-clock.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { keptLog, silentLog } from '../support/log.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

let fresh: FreshRecords;
beforeAll(async () => {
  fresh = await freshRecords();
});
afterAll(() => fresh.close());

const HOUR = 3_600_000;

describe('a replica whose clock is an hour behind', () => {
  it('goes by the time of the database, says so, and is not moved when its own clock is set', async () => {
    let offset = -HOUR;
    let counter = 0;
    const system = { now: () => new Date(Date.now() + offset), sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms, signal) };
    const log = keptLog();
    const clock = await startDatabaseClock({ db: fresh.handle.db, system, monotonicMs: () => counter, log });
    try {
      expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(2_000);
      expect(log.lines).toContainEqual(expect.objectContaining({ event: 'clock.skew' }));
      const before = clock.now().getTime();
      offset = 5 * HOUR;
      counter = 1_500;
      expect(clock.now().getTime() - before).toBe(1_500);
    } finally {
      clock.stop();
    }
  });
});

describe('an answer that took long', () => {
  it('is not believed: the system’s time stands', async () => {
    let counter = 0;
    const system = { now: () => new Date(42), sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms, signal) };
    const clock = await startDatabaseClock({ db: fresh.handle.db, system, monotonicMs: () => (counter += 2_000), log: silentLog });
    clock.stop();
    expect(clock.now()).toEqual(new Date(42));
  });
});
