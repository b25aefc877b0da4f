import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Servers } from '../test/chaos/servers.ts';

export const CONCURRENCY = 24;

/** Brings `dist/` up to date. */
export function buildProgram(): void {
  const built = spawnSync(process.execPath, [fileURLToPath(new URL('../scripts/build.mjs', import.meta.url)), '--if-changed'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) throw new Error('The gateway could not be built');
}

/** The gateway as people run it, in a process of its own. */
export interface Running {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

export async function startGateway(servers: Servers, settings: Readonly<Record<string, string>> = {}): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(new URL('../dist/src/cli.js', import.meta.url)), 'serve', '--port', '0'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: servers.databaseUrl,
      ...(servers.redisUrl === null ? {} : { REDIS_URL: servers.redisUrl }),
      MASTER_KEY_FILE: servers.masterKeyFile,
      LIENTHONG_DATA: join(servers.folder, 'data'),
      LIENTHONG_DELIVERY_CONCURRENCY: String(CONCURRENCY),
      LIENTHONG_OUTBOUND_ALLOW: '127.0.0.1',
      LIENTHONG_LOG_LEVEL: 'error',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null || child.pid === undefined) throw new Error('The gateway did not start');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /on (http:\/\/\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    return {
      url,
      pid: child.pid,
      async close() {
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
  }
  throw new Error('The gateway ended before it listened');
}

const TICK_MS = 10;

/** User and system time of a process, from /proc; 0 where there is none. */
export function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0;
  }
}

export function memoryMbOf(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  try {
    return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
