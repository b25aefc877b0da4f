import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/domain/errors.ts';
import { directIsolation } from '../../src/isolation/direct.ts';
import { isolationPool, type IsolationOptions, type IsolationPool } from '../../src/isolation/pool.ts';
import { tasks as productTasks, type Tasks } from '../../src/isolation/tasks.ts';
import type { Isolation } from '../../src/ports/isolation.ts';
import { tasks, type TestTasks } from '../support/isolation-tasks.ts';

const LONG = { deadlineMs: 25_000 };
const open = new Set<IsolationPool<never>>();

afterEach(async () => {
  for (const pool of open) await pool.close();
  open.clear();
  expect(await childProcesses()).toEqual([]);
});

function start(options: Partial<IsolationOptions<typeof tasks>> = {}): IsolationPool<TestTasks> {
  const registry = new URL('../support/isolation-tasks.ts', import.meta.url).href;
  const pool = isolationPool({ tasks, registry, threads: 1, children: 1, maxWaiting: 10, maxHeapMb: 64, ...options });
  open.add(pool);
  return pool;
}

/** Processes started by this one that are still there (Linux). */
async function childProcesses(of = process.pid): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const parent = /^PPid:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1];
    if (parent === String(of) && command.includes('src/isolation')) found.push(`${pid} ${command}`);
  }
  return found;
}

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.then((value) => ({ value }), (error: unknown) => error);
const BYTES = new Uint8Array(100_000).fill(7);
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

describe.each(['thread', 'child'] as const)('isolation in a %s', (where) => {
  it('gives bytes in and the result back, elsewhere, and keeps the worker warm', async () => {
    const pool = start();
    const first = await pool.run(`${where}.digest`, { bytes: BYTES }, LONG);
    const second = await pool.run(`${where}.digest`, { bytes: BYTES }, LONG);
    expect(first.sha256).toBe(SHA256);
    expect(first.worker).not.toBe(`${process.pid}/main`);
    expect(second.worker).toBe(first.worker);
    expect(BYTES).toHaveLength(100_000); // copied, not taken
  });

  it('takes a large document as a path', async () => {
    const path = new URL(import.meta.url).pathname;
    expect(await start().run(`${where}.digestFile`, { path }, LONG)).toBe(createHash('sha256').update(await readFile(path)).digest('hex'));
  });

  it('stops an endless loop at the deadline, and works on', async () => {
    const pool = start();
    await pool.run(`${where}.digest`, { bytes: BYTES }, LONG);
    expect(await failure(pool.run(`${where}.spin`, undefined, { deadlineMs: 500 }))).toMatchObject({ code: 'BUDGET_EXCEEDED' });
    expect((await pool.run(`${where}.digest`, { bytes: BYTES }, LONG)).sha256).toBe(SHA256);
  });

  it('stops when the caller goes away', async () => {
    const pool = start();
    const controller = new AbortController();
    const running = failure(pool.run(`${where}.spin`, undefined, { ...LONG, signal: controller.signal }));
    const waiting = failure(pool.run(`${where}.digest`, { bytes: BYTES }, { ...LONG, signal: controller.signal }));
    controller.abort();
    expect(await running).toMatchObject({ code: 'CANCELLED' });
    expect(await waiting).toMatchObject({ code: 'CANCELLED' });
    expect((await pool.run(`${where}.digest`, { bytes: BYTES }, LONG)).sha256).toBe(SHA256);
  });

  it('passes errors of ours on with code, message and faults', async () => {
    const error = await failure(start().run(`${where}.refuse`, undefined, LONG));
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ code: 'PDF_BROKEN', message: 'The document is broken', faults: [{ pointer: '/document', detail: 'no xref' }] });
    expect((error as GatewayError).cause).toBeUndefined();
  });

  it('passes a mistake of ours on as what it is, with the place it was made', async () => {
    const error = await failure(start().run(`${where}.bug`, undefined, LONG));
    expect(error).not.toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ name: 'TypeError', message: 'we are wrong', stack: /isolation-tasks/ });
    expect(await failure(start().run(`${where}.uncloneable`, undefined, LONG))).toMatchObject({ message: /cloned/ });
  });

  it('ends work that fills its heap, and works on', async () => {
    const pool = start();
    expect(await failure(pool.run(`${where}.fillHeap`, undefined, LONG))).toMatchObject({ code: 'BUDGET_EXCEEDED' });
    expect((await pool.run(`${where}.digest`, { bytes: BYTES }, LONG)).sha256).toBe(SHA256);
  });

  it('refuses more than may wait', async () => {
    const pool = start({ maxWaiting: 1 });
    const accepted = [1, 2].map(() => pool.run(`${where}.wait`, { ms: 200 }, LONG));
    expect(await failure(pool.run(`${where}.wait`, { ms: 1 }, LONG))).toMatchObject({ code: 'OVERLOADED', retryable: true });
    expect(await Promise.all(accepted)).toEqual(['waited', 'waited']);
  });

  it('blames the gateway, not the document, for a deadline that passed before its turn', async () => {
    const pool = start();
    await pool.run(`${where}.digest`, { bytes: BYTES }, LONG);
    const spinning = failure(pool.run(`${where}.spin`, undefined, { deadlineMs: 1000 }));
    expect(await failure(pool.run(`${where}.digest`, { bytes: BYTES }, { deadlineMs: 100 }))).toMatchObject({ code: 'OVERLOADED' });
    expect(await spinning).toMatchObject({ code: 'BUDGET_EXCEEDED' });
  });

  it('keeps our environment from the work', async () => {
    process.env['LIENTHONG_SECRET_FOR_TEST'] = 'x';
    try {
      expect(await start().run(`${where}.environment`, undefined, LONG)).not.toContain('LIENTHONG_SECRET_FOR_TEST');
    } finally {
      delete process.env['LIENTHONG_SECRET_FOR_TEST'];
    }
  });

  it('refuses new work and stops what runs when it is closed', async () => {
    const pool = start();
    const running = failure(pool.run(`${where}.spin`, undefined, LONG));
    const waiting = failure(pool.run(`${where}.digest`, { bytes: BYTES }, LONG));
    await pool.close();
    expect(await running).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(await waiting).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(await failure(pool.run(`${where}.digest`, { bytes: BYTES }, LONG))).toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});

describe('isolation in a thread', () => {
  it('takes over buffers that the caller gives away', async () => {
    const bytes = new Uint8Array(BYTES);
    expect((await start().run('thread.digest', { bytes }, { ...LONG, transfer: [bytes.buffer] })).sha256).toBe(SHA256);
    expect(bytes).toHaveLength(0);
  });
});

describe('isolation in a child', () => {
  it('stops a native call, which a thread could not', async () => {
    const pool = start();
    await pool.run('child.digest', { bytes: BYTES }, LONG);
    expect(await failure(pool.run('child.derive', undefined, { deadlineMs: 500 }))).toMatchObject({ code: 'BUDGET_EXCEEDED' });
    expect(await childProcesses()).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('ends work that fills buffers, which no heap limit counts', async () => {
    expect(await failure(start().run('child.fillBuffers', undefined, { ...LONG, maxMemoryMb: 150 }))).toMatchObject({ code: 'BUDGET_EXCEEDED' });
  });

  it('tells that a process crashed, and works on', async () => {
    const pool = start();
    const error = await failure(pool.run('child.die', { signal: 'SIGSEGV' }, LONG));
    expect(error).toMatchObject({ code: 'INTERNAL' });
    expect((await pool.run('child.digest', { bytes: BYTES }, LONG)).sha256).toBe(SHA256);
  });

  it('replaces a warm child that was killed while it had nothing to do', async () => {
    const pool = start();
    const { worker } = await pool.run('child.digest', { bytes: BYTES }, LONG);
    process.kill(Number.parseInt(worker), 'SIGKILL');
    while ((await childProcesses()).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await pool.run('child.digest', { bytes: BYTES }, LONG)).sha256).toBe(SHA256);
  });

  it('uses as many processes as it was given, and no more', async () => {
    const pool = start({ children: 2 });
    await Promise.all([1, 2, 3, 4].map(() => pool.run('child.wait', { ms: 50 }, LONG)));
    expect(await childProcesses()).toHaveLength(2);
  });
});

describe.skipIf(process.platform !== 'linux')('a process that uses isolation (Linux)', () => {
  it('ends by itself although its workers are warm', async () => {
    const command = runCommand('child.digest', 'thread.digest');
    const [code] = (await once(command, 'exit')) as [number];
    expect(code).toBe(0);
  });

  it('takes its children with it when it is killed while they are deep in native code', async () => {
    const command = runCommand('child.derive');
    while ((await childProcesses(command.pid)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const [child = ''] = await childProcesses(command.pid);
    while ((await cpuTicks(child)) < 100) await new Promise((resolve) => setTimeout(resolve, 20)); // a second of work: past loading
    command.kill('SIGKILL');
    await once(command, 'exit');
    while ((await cpuTicks(child)) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await childProcesses(command.pid)).toEqual([]);
  });
});

function runCommand(...names: readonly string[]): ChildProcess {
  const script = fileURLToPath(new URL('../support/isolation-child.ts', import.meta.url));
  return spawn(process.execPath, ['--import', 'tsx', script, ...names], { stdio: 'inherit' });
}

/** User time of a process in clock ticks; 0 when it is gone. */
async function cpuTicks(child: string): Promise<number> {
  const stat = await readFile(`/proc/${Number.parseInt(child)}/stat`, 'utf8').catch(() => '');
  return Number(stat.split(') ')[1]?.split(' ')[11] ?? 0);
}

describe('the tasks of the product', () => {
  const broken = { bytes: Uint8Array.of(0x30, 0x80, 1), passphrase: 'x' };

  it('are found by the workers, and a use case names only those it needs', async () => {
    const pool = isolationPool({ tasks: productTasks, threads: 1, children: 1, maxWaiting: 1, maxHeapMb: 128 });
    open.add(pool);
    const needed: Isolation<Pick<Tasks, 'pkcs12.read'>> = pool;
    expect(await failure(needed.run('pkcs12.read', broken, LONG))).toMatchObject({ code: 'P12_MALFORMED' });
  });

  it('give the same answer when run directly', async () => {
    expect(await failure(directIsolation(productTasks).run('pkcs12.read', broken, LONG))).toMatchObject({ code: 'P12_MALFORMED' });
  });
});

describe('isolation run directly', () => {
  it('runs in this thread, throws the error itself, and heeds a signal before the start', async () => {
    const direct = directIsolation(tasks);
    expect((await direct.run('child.digest', { bytes: BYTES }, LONG)).worker).toBe(`${process.pid}/main`);
    expect(await failure(direct.run('thread.refuse', undefined, LONG))).toMatchObject({ code: 'PDF_BROKEN' });
    expect(await failure(direct.run('thread.digest', { bytes: BYTES }, { ...LONG, signal: AbortSignal.abort() }))).toMatchObject({ code: 'CANCELLED' });
  });
});
