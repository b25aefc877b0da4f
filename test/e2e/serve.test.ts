import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

/** `lienthong serve` as a process: start, administration beside it, stop, kill -9, a second one on the folder. */

let dir: string;
let data: string;
const started: ChildProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lienthong-serve-'));
  data = join(dir, 'data');
});
afterEach(async () => {
  const postgres = await postmasterPid().catch(() => undefined);
  for (const child of started.splice(0)) if (child.exitCode === null && child.signalCode === null) await stop(child, 'SIGKILL');
  // A killed gateway's PostgreSQL notices, and writes its statistics as it goes: the folder is removed when nobody writes to it.
  if (postgres !== undefined) await expect.poll(() => isAlive(postgres), { timeout: 20_000, interval: 50 }).toBe(false);
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Resolves when the process says where it listens. */
async function serve(): Promise<Served> {
  if (!inject('isBuilt')) throw new Error('The program could not be built: see the compiler’s messages above');
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'dist', 'src', 'cli.js'), 'serve', '--data', data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', LIENTHONG_LOG_LEVEL: 'warn' },
  });
  started.push(child);
  child.stderr?.resume();
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /on (http:\/\/\S+)/.exec(line)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error('The gateway ended before it listened');
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await ended)[0];
}

const ready = async (url: string): Promise<boolean> => ((await (await fetch(`${url}/readyz`)).json()) as { ready: boolean }).ready;
const postmasterPid = async (): Promise<number> => Number((await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH
  }
};

describe('lienthong serve', () => {
  it('serves, is administered while it runs, drains on SIGTERM and leaves no process', async () => {
    const { child, url } = await serve();
    expect(await ready(url)).toBe(true);
    const added = await runCli(['partners', 'add', 'land', '--name', 'Đất đai', '--pull', '--data', data]);
    expect(added).toMatchObject({ exitCode: 0, stderr: '' });
    const issued = await runCli(['api-keys', 'add', 'land', '--scopes', 'dossiers:read', '--data', data, '--json']);
    const { token } = JSON.parse(issued.stdout) as { token: string };
    const answer = await fetch(`${url}/v1/dossiers`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    const postgres = await postmasterPid();
    expect(await stop(child, 'SIGTERM')).toBe(0);
    expect(isAlive(postgres)).toBe(false);
  });

  it('refuses a second gateway on the folder with one clear line, and the first goes on', async () => {
    const { url } = await serve();
    const second = await runCli(['serve', '--data', data, '--port', '0']);
    expect(second.exitCode).toBe(2);
    expect(second.stderr).toContain('[DATA_FOLDER_IN_USE]');
    expect(second.stderr.split('\n').filter((line) => line.startsWith('lienthong:'))).toHaveLength(1);
    expect(await ready(url)).toBe(true);
  });

  it('comes back after kill -9 with everything that was acknowledged', async () => {
    const first = await serve();
    await runCli(['partners', 'add', 'land', '--name', 'Đất đai', '--pull', '--data', data]);
    await stop(first.child, 'SIGKILL');
    const again = await serve();
    expect(await ready(again.url)).toBe(true);
    expect((await runCli(['partners', 'list', '--data', data, '--json'])).stdout).toContain('"id":"land"');
  });

  it.each([
    ['a role that needs a shared database', ['serve', '--role', 'worker'], {}, 'CONFIG_INVALID'],
    ['a setting that does not exist', ['serve'], { LIENTHONG_TSA_URL: 'http://tsa.example/' }, 'CONFIG_INVALID'],
    ['a database that is not there', ['serve', '--role', 'api'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, 'DATABASE_UNAVAILABLE'],
  ])('%s is told in one line', async (_name, args, env, code) => {
    const { exitCode, stderr } = await runCli([...args, '--data', data, '--port', '0'], { env: { ...env, LIENTHONG_LOG_LEVEL: 'silent' } });
    expect(exitCode).toBe(code === 'CONFIG_INVALID' ? 2 : 3);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
