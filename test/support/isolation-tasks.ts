import { createHash, pbkdf2Sync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, threadId } from 'node:worker_threads';
import { GatewayError } from '../../src/domain/errors.ts';
import type { IsolatedTask, RunnerKind, TasksOf } from '../../src/isolation/task.ts';

/** Work that behaves and misbehaves for real, once for threads and once for children. */
const taskIn = <F extends IsolatedTask['run']>(runner: RunnerKind, run: F): { runner: RunnerKind; run: F } => ({ runner, run });

const digest = (input: { bytes: Uint8Array }): { sha256: string; worker: string } => ({
  sha256: createHash('sha256').update(input.bytes).digest('hex'),
  worker: `${process.pid}/${isMainThread ? 'main' : threadId}`,
});

async function digestFile(input: { path: string }): Promise<string> {
  const handle = await open(input.path);
  try {
    return createHash('sha256').update(await handle.readFile()).digest('hex');
  } finally {
    await handle.close();
  }
}

function refuse(): never {
  throw new GatewayError('PDF_BROKEN', 'The document is broken', { faults: [{ pointer: '/document', detail: 'no xref' }], cause: new Error('kept inside') });
}

function bug(): never {
  throw new TypeError('we are wrong');
}

function spin(): void {
  for (let n = 0; ; n += 1) if (n < 0) return;
}

/** One call into native code, about a minute long. */
function derive(): string {
  return pbkdf2Sync('x', 'y', 150_000_000, 32, 'sha256').toString('hex');
}

function fillHeap(): number {
  const kept: object[] = [];
  for (;;) kept.push({ kept: kept.length });
}

async function fillBuffers(): Promise<number> {
  const kept: Buffer[] = [];
  for (;;) {
    kept.push(Buffer.alloc(8_000_000, 1));
    await delay(2);
  }
}

const die = (input: { signal: NodeJS.Signals }): Promise<void> => {
  process.kill(process.pid, input.signal);
  return delay(60_000);
};

const environment = (): string[] => Object.keys(process.env);
const wait = (input: { ms: number }): Promise<string> => delay(input.ms, 'waited');
const uncloneable = (): unknown => ({ f: () => 1 });

export const tasks = {
  'thread.digest': taskIn('thread', digest),
  'child.digest': taskIn('child', digest),
  'thread.digestFile': taskIn('thread', digestFile),
  'child.digestFile': taskIn('child', digestFile),
  'thread.refuse': taskIn('thread', refuse),
  'child.refuse': taskIn('child', refuse),
  'thread.bug': taskIn('thread', bug),
  'child.bug': taskIn('child', bug),
  'thread.spin': taskIn('thread', spin),
  'child.spin': taskIn('child', spin),
  'child.derive': taskIn('child', derive),
  'thread.fillHeap': taskIn('thread', fillHeap),
  'child.fillHeap': taskIn('child', fillHeap),
  'child.fillBuffers': taskIn('child', fillBuffers),
  'child.die': taskIn('child', die),
  'thread.environment': taskIn('thread', environment),
  'child.environment': taskIn('child', environment),
  'thread.wait': taskIn('thread', wait),
  'child.wait': taskIn('child', wait),
  'thread.uncloneable': taskIn('thread', uncloneable),
  'child.uncloneable': taskIn('child', uncloneable),
};

export type TestTasks = TasksOf<typeof tasks>;
