import { userInfo } from 'node:os';
import { readConfig, type Config } from '../config.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { createLog } from '../telemetry/log.ts';
import { systemChance } from '../wiring/chance.ts';
import { systemClock } from '../wiring/clock.ts';
import type { Migration } from '../store/migrate.ts';
import { openStore, type Store } from '../wiring/open-store.ts';

export interface DataOption {
  readonly data?: string;
}

export interface Administration extends Store {
  readonly config: Config;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly queue: JobQueue;
  /** `operator:<login>`, for the audit trail. */
  readonly actor: string;
}

/** A command wakes nobody: the gateway's sweep finds what is due within two seconds. */
const NO_QUEUE: JobQueue = { wake: () => undefined, healthy: () => false, backlog: () => Promise.resolve(0) };

/**
 * Runs `work` on the records of a running gateway, or starts the embedded database for as long as it takes.
 * @throws what `readConfig` and `openStore` throw, and what `work` throws
 */
export async function withStore<T>({ data, migrations }: DataOption & { readonly migrations?: readonly Migration[] | null }, work: (administration: Administration) => Promise<T>): Promise<T> {
  const config = readConfig({ ...process.env, ...(data === undefined ? {} : { LIENTHONG_DATA: data }) });
  const clock = systemClock;
  const chance = systemChance(clock);
  const log = createLog({ level: process.env['LIENTHONG_LOG_LEVEL'] === undefined ? 'fatal' : config.LIENTHONG_LOG_LEVEL });
  const store = await openStore({ config, mode: 'admin', clock, chance, log, applicationName: 'lienthong-cli', maxConnections: 2, ...(migrations === undefined ? {} : { migrations }) });
  try {
    return await work({ ...store, config, clock, chance, queue: NO_QUEUE, actor: `operator:${loginName()}` });
  } finally {
    await store.close();
  }
}

/** A user without passwd entry has only a number. */
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
