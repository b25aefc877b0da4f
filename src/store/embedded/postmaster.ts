import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GatewayError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { isErrno } from '../errno.ts';
import type { PostgresBinaries } from './binaries.ts';
import type { DataFolder } from './folder.ts';
import { keepAwake } from './keep-awake.ts';
import { CHILD_ENV, type Launcher } from './launcher.ts';
import { isAlive, readPidFile } from './pid-file.ts';

/** A running server: our own child, or one that a killed gateway left behind. */
export interface Postmaster {
  readonly pid: number;
  isRunning(): boolean;
}

export interface PostmasterChild extends Postmaster {
  /** The last lines it wrote, oldest first. */
  lastLines(): readonly string[];
}

export type PostgresSettings = Readonly<Record<string, string>>;

const SETTINGS: PostgresSettings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  cluster_name: 'lienthong',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_line_prefix: '',
  // Statements that fail are reported to whoever sent them; their text and values may be personal data and stay out of the log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** Starts `postgres` in a process group of its own, so that Ctrl-C reaches the gateway only, which drains before it stops this. */
export function spawnPostmaster(folder: DataFolder, binaries: PostgresBinaries, launcher: Launcher, settings: PostgresSettings, log: Log): PostmasterChild {
  const options = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command = '', ...args] = [...launcher.postgres, binaries.postgres, '-D', folder.cluster, '-k', folder.socketDir, ...options];
  const child = spawn(command, args, { env: CHILD_ENV, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  child.on('error', (error) => lines.push(error.message));
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (lines.push(line) > 20) lines.shift();
    if (/^(FATAL|PANIC|WARNING):/.test(line)) log.warn('postgres.line', { line });
    else log.debug('postgres.line', { line });
  });
  return { pid: child.pid ?? -1, isRunning: () => isRunning(child), lastLines: () => lines };
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** A server that is not our child; gone when its number is gone. */
export function foreignPostmaster(pid: number): Postmaster {
  return { pid, isRunning: () => isAlive(pid) };
}

const POLL_MS = 20;
const START_TIMEOUT_MS = 120_000; // crash recovery replays up to a gigabyte of log

/**
 * Waits until the server accepts connections. That something answers is not proof: only when postmaster.pid names our own child
 * is it ours.
 * @throws POSTGRES_START_FAILED with PostgreSQL's reason, CANCELLED
 */
export async function waitUntilReady(child: PostmasterChild, folder: DataFolder, clock: Clock, signal?: AbortSignal): Promise<void> {
  const deadline = clock.now().getTime() + START_TIMEOUT_MS;
  while (child.isRunning() && clock.now().getTime() < deadline) {
    const found = await readPidFile(folder.cluster);
    if (found?.pid === child.pid && found.status === 'ready') return;
    await clock.sleep(POLL_MS, signal);
  }
  const reason = child.lastLines().filter((line) => /^(FATAL|PANIC|HINT)/.test(line)).join(' ') || child.lastLines().slice(-2).join(' ');
  const version = (await readFile(join(folder.cluster, 'PG_VERSION'), 'utf8').catch(() => 'unknown')).trim();
  const files = `${folder.root} (files of PostgreSQL ${version})`;
  throw new GatewayError('POSTGRES_START_FAILED', `PostgreSQL did not start on ${files}: ${reason || 'no reason given within two minutes'}`);
}

export interface StopPatience {
  /** How long SIGTERM (smart: clients finish first) may take before SIGINT (fast). */
  readonly smartMs: number;
  /** How long SIGINT may take before SIGQUIT (the next start recovers). */
  readonly fastMs: number;
}

export const STOP_PATIENCE: StopPatience = { smartMs: 5000, fastMs: 15_000 };
const QUIT_MS = 10_000;
const NOTICE_MS = 2000;

/**
 * Asks the server to stop and returns when it has noticed: from then on it takes no new clients, and postmaster.pid says so. Who holds a
 * claim gives it up only then, or somebody would take over a server that is about to go.
 */
export async function beginStop(server: Postmaster, cluster: string, clock: Clock): Promise<void> {
  if (server.isRunning()) sendSignal(server.pid, 'SIGTERM');
  const deadline = clock.now().getTime() + NOTICE_MS;
  await keepAwake(async () => {
    while (server.isRunning() && clock.now().getTime() < deadline && (await readPidFile(cluster))?.status !== 'stopping') await clock.sleep(POLL_MS);
  });
}

/** Stops the server and returns when its process is gone. @throws POSTGRES_START_FAILED when it will not go */
export async function stopPostmaster(server: Postmaster, clock: Clock, patience: StopPatience = STOP_PATIENCE): Promise<void> {
  const steps = [['SIGTERM', patience.smartMs], ['SIGINT', patience.fastMs], ['SIGQUIT', QUIT_MS]] as const;
  const gone = await keepAwake(async () => {
    for (const [signal, ms] of steps) if (await isGoneAfter(signal, server, clock, ms)) return true;
    return false;
  });
  if (gone) return;
  throw new GatewayError('POSTGRES_START_FAILED', `PostgreSQL (process ${server.pid}) does not stop: end it by hand before the next start`);
}

async function isGoneAfter(signal: NodeJS.Signals, server: Postmaster, clock: Clock, ms: number): Promise<boolean> {
  if (server.isRunning()) sendSignal(server.pid, signal);
  const deadline = clock.now().getTime() + ms;
  while (server.isRunning()) {
    if (clock.now().getTime() >= deadline) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error; // it ended in between
  }
}
