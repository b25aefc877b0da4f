import { Piscina } from 'piscina';
import type { Budget } from '../ports/isolation.ts';
import { entryFile } from './entry.ts';
import { interruptionOf } from './interruption.ts';
import { asOutcome, type Outcome } from './outcome.ts';
import type { Runner } from './runner.ts';
import type { ThreadCall } from './thread.ts';

export interface ThreadRunnerOptions {
  readonly registry: string;
  readonly threads: number;
  /** Heap of each thread's JavaScript; buffers are not in it. */
  readonly maxHeapMb: number;
}

const IDLE_MS = 60_000;

/** A pool of worker threads. At the deadline the thread is terminated and replaced. */
export function threadRunner({ registry, threads, maxHeapMb }: ThreadRunnerOptions): Runner {
  const pool = new Piscina({
    filename: entryFile('thread'),
    name: 'runTask',
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    env: {}, // no secrets of ours beside untrusted bytes
  });
  pool.on('error', () => undefined); // a thread that died idle; piscina replaces it
  return {
    run: async (call, budget) => runInThread(pool, { ...call, registry, started: new Int32Array(new SharedArrayBuffer(4)) }, budget),
    close: () => pool.destroy(),
  };
}

async function runInThread(pool: Piscina, call: ThreadCall, budget: Budget): Promise<Outcome> {
  const interruption = interruptionOf(budget);
  try {
    return (await pool.run(call, { signal: interruption.signal, transferList: [...(budget.transfer ?? [])] })) as Outcome;
  } catch (error) {
    if (interruption.signal.aborted) return asOutcome(interruption.error(Atomics.load(call.started, 0) === 1));
    return asOutcome(error);
  } finally {
    interruption.dispose();
  }
}

