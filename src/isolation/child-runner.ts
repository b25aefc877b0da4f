import { readFileSync } from 'node:fs';
import { GatewayError } from '../domain/errors.ts';
import type { Budget } from '../ports/isolation.ts';
import { startChild, type Death, type IsolatedChild } from './child-process.ts';
import { interruptionOf, type Interruption } from './interruption.ts';
import { asOutcome, type Outcome, type TaskCall } from './outcome.ts';
import type { Runner } from './runner.ts';
import { turns } from './turns.ts';

export interface ChildRunnerOptions {
  readonly registry: string;
  readonly children: number;
  /** Heap of each child's JavaScript; buffers and native memory are not in it. */
  readonly maxHeapMb: number;
}

/** Warm child processes, one call at a time each. At the deadline the child is killed; the next call gets a new one. */
export function childRunner({ registry, children, maxHeapMb }: ChildRunnerOptions): Runner {
  const pool = childPool(() => startChild(registry, maxHeapMb));
  const queue = turns(children);
  const runInTurn = async (call: TaskCall, budget: Budget, interruption: Interruption): Promise<Outcome> => {
    if (interruption.signal.aborted) return asOutcome(interruption.error(false));
    const child = pool.take();
    if (child === null) return asOutcome(new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down: try again'));
    const outcome = await callChild(child, call, budget, interruption);
    pool.giveBack(child);
    return outcome;
  };
  return {
    run: async (call, budget) => {
      const interruption = interruptionOf(budget);
      try {
        if (!(await queue.take(interruption.signal))) return asOutcome(interruption.error(false));
        return await runInTurn(call, budget, interruption).finally(() => queue.done());
      } finally {
        interruption.dispose();
      }
    },
    close: () => pool.close(),
  };
}

interface ChildPool {
  /** null once closed. */
  take(): IsolatedChild | null;
  giveBack(child: IsolatedChild): void;
  close(): Promise<void>;
}

const CALLS_A_CHILD = 500; // then a fresh one, so that what native code leaks stays small

function childPool(start: () => IsolatedChild): ChildPool {
  const idle = new Set<IsolatedChild>();
  const all = new Set<IsolatedChild>();
  let closed = false;
  return {
    take: () => {
      if (closed) return null;
      const found = [...idle].find((child) => child.isAlive()) ?? start();
      idle.delete(found);
      all.add(found);
      void found.exited.then(() => all.delete(found) && idle.delete(found));
      return found;
    },
    giveBack: (child) => {
      if (child.isAlive() && child.calls < CALLS_A_CHILD) idle.add(child);
      else child.kill();
    },
    close: async () => {
      closed = true;
      const ending = [...all];
      for (const child of ending) child.kill();
      await Promise.all(ending.map(({ exited }) => exited));
    },
  };
}

async function callChild(child: IsolatedChild, call: TaskCall, budget: Budget, interruption: Interruption): Promise<Outcome> {
  let tooLarge = false;
  let hasStarted = false;
  const watch = watchMemory(child, budget.maxMemoryMb, () => (tooLarge = true));
  const kill = (): void => child.kill();
  interruption.signal.addEventListener('abort', kill, { once: true });
  try {
    const answer = await child.call(call, () => (hasStarted = true));
    if ('kind' in answer) return answer;
    if (tooLarge) return asOutcome(outOfMemory());
    return asOutcome(interruption.signal.aborted ? interruption.error(hasStarted) : errorOfDeath(answer));
  } finally {
    interruption.signal.removeEventListener('abort', kill);
    clearInterval(watch);
  }
}

const WATCH_MS = 20;

/** Heap limits do not count buffers or native memory; what the process really holds does (proc(5) statm, in pages). */
function watchMemory(child: IsolatedChild, maxMemoryMb: number | undefined, onExceeded: () => void): NodeJS.Timeout | undefined {
  if (maxMemoryMb === undefined || process.platform !== 'linux') return undefined;
  const before = residentMb(child);
  return setInterval(() => {
    if (residentMb(child) - before <= maxMemoryMb) return;
    onExceeded();
    child.kill();
  }, WATCH_MS);
}

function residentMb({ pid }: IsolatedChild): number {
  try {
    return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s*(\d+) kB$/m)?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has just ended, which its exit tells
  }
}

/** V8 aborts when its heap is full (SIGABRT, SIGTRAP), the kernel kills when the machine's memory is (SIGKILL that was not ours). */
function errorOfDeath({ code, signal, lastWords }: Death): GatewayError {
  if (signal !== null && ['SIGABRT', 'SIGTRAP', 'SIGKILL'].includes(signal)) return outOfMemory();
  const cause = new Error(`The child ended with ${signal ?? `code ${code}`}: ${lastWords}`);
  return new GatewayError('INTERNAL', 'Reading the document crashed its process', { cause });
}

function outOfMemory(): GatewayError {
  return new GatewayError('BUDGET_EXCEEDED', 'Reading the document needs more memory than is allowed');
}
