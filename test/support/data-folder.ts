import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { PostgresConnection } from '../../src/store/embedded/connection.ts';

export interface FolderProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Its first line. */
  readonly answer: Promise<FolderAnswer>;
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface FolderAnswer {
  readonly open?: PostgresConnection;
  readonly adopted?: boolean;
  readonly refused?: string;
  readonly message?: string;
}

export interface FolderProcessOptions {
  /** Put before `node`: setpriv, unshare … */
  readonly prefix?: readonly string[];
  /** A checkout other than this one. */
  readonly root?: string;
  readonly patienceMs?: number;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A process of its own that opens `dataDir`; its environment has no LANG, HOME or the like. */
export function openInProcess(mode: 'serve' | 'admin', dataDir: string, options: FolderProcessOptions = {}): FolderProcess {
  const { prefix = [], root = ROOT, patienceMs = 30_000 } = options;
  const node = [process.execPath, '--import', join(root, 'node_modules/tsx/dist/loader.mjs'), join(root, 'test/support/data-folder-child.ts')];
  const [command, ...args] = [...prefix, ...node, mode, dataDir, String(patienceMs)];
  const child = spawn(command, args, { env: { PATH: process.env['PATH'], TSX_DISABLE_CACHE: '1' }, stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return {
    child,
    pid: child.pid ?? -1,
    answer: firstLine(child),
    ended,
    kill: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<FolderAnswer> {
  if (child.stdout === null) throw new Error('The child has no output');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as FolderAnswer;
  throw new Error('The child ended without a word');
}

export async function connectionOf(process: FolderProcess): Promise<PostgresConnection> {
  const answer = await process.answer;
  if (answer.open === undefined) throw new Error(`Not opened: ${answer.refused} ${answer.message}`);
  return answer.open;
}

export async function query<Row extends pg.QueryResultRow>(connection: PostgresConnection, text: string): Promise<Row[]> {
  const client = new pg.Client(connection);
  client.on('error', () => undefined); // suites that kill the server under a connection
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Numbers of the processes whose working directory is the cluster: postmaster and backends (Linux). */
export async function serverProcesses(dataDir: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
    if (cwd === join(dataDir, 'postgres')) found.push(Number(name));
  }
  return found;
}

export async function postmasterPid(dataDir: string): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** Asks until it is so; the test's own time-out is the limit. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 25));
}
