import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';
import { eventually } from './eventually.ts';
import { PROJECT_ROOT } from './vectors.ts';

/** `lienthong serve` as processes over one data folder of the suite's own. */
export interface ServedGateway {
  /** For whatever else the test needs. */
  readonly dir: string;
  readonly data: string;
  /** Resolves when the process says where it listens. */
  serve(): Promise<Served>;
  postmasterPid(): Promise<number>;
  /** Kills what is left, waits for its PostgreSQL, and removes the folder. */
  remove(): Promise<void>;
}

export interface Served {
  readonly child: ChildProcess;
  readonly url: string;
}

/** @param env settings beside the folder and the port */
export async function servedGateway(env: Readonly<Record<string, string>> = {}): Promise<ServedGateway> {
  const dir = await mkdtemp(join(tmpdir(), 'lienthong-serve-'));
  const data = join(dir, 'data');
  const started: ChildProcess[] = [];
  const postmasterPid = async (): Promise<number> => Number((await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  return {
    dir,
    data,
    postmasterPid,
    async serve() {
      if (!inject('isBuilt')) throw new Error('The program could not be built: see the compiler’s messages above');
      const child = spawn(process.execPath, [join(PROJECT_ROOT, 'dist', 'src', 'cli.js'), 'serve', '--data', data, '--port', '0'], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', LIENTHONG_LOG_LEVEL: 'warn', ...env },
      });
      started.push(child);
      child.stderr?.resume();
      if (child.stdout === null) throw new Error('no output');
      for await (const line of createInterface({ input: child.stdout })) {
        const url = /on (http:\/\/\S+)/.exec(line)?.[1];
        if (url !== undefined) return { child, url };
      }
      throw new Error('The gateway ended before it listened');
    },
    async remove() {
      const postgres = await postmasterPid().catch(() => undefined);
      for (const child of started) if (child.exitCode === null && child.signalCode === null) await stop(child, 'SIGKILL');
      // A killed gateway's PostgreSQL notices, and writes its statistics as it goes: the folder is removed when nobody writes to it.
      if (postgres !== undefined) await eventually(() => isAlive(postgres), (alive) => !alive);
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** @returns the exit code */
export async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await ended)[0];
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH
  }
}
