import { GatewayError } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Random } from './random.ts';

/** A process of the simulation. Dead, none of its code ever runs again; paused, it runs later. */
export interface SimProcess {
  readonly name: string;
  alive: boolean;
  pausedUntil: number;
  /** Its clock is wrong by this much. */
  readonly skewMs: number;
}

export interface World {
  readonly random: Random;
  now(): number;
  /** Runs `work` later, whatever becomes of anybody: something on the wire, in a disk, at another site. */
  after(delayMs: number, work: () => void): void;
  /** Runs `work` later as part of `process`. */
  afterIn(process: SimProcess, delayMs: number, work: () => void): void;
  clockOf(process: SimProcess): Clock;
  /**
   * A call of `process` to something outside. It takes time on the way there and back; a process that dies may or may not have sent it,
   * and never hears the answer.
   */
  call<T>(process: SimProcess, effect: () => T | Promise<T>): Promise<T>;
  /** Goes on until `isDone`, or `until` passes, or nothing is left to happen. */
  run(until: number, isDone: () => boolean): Promise<void>;
  readonly events: number;
}

const START = Date.UTC(2026, 10, 24);

export function world(random: Random): World {
  const queue = eventQueue();
  let now = 0;
  let events = 0;

  const after = (delayMs: number, work: () => void): void => queue.push(now + Math.max(0, delayMs), work);
  const afterIn = (process: SimProcess, delayMs: number, work: () => void): void => {
    after(delayMs, () => {
      if (!process.alive) return;
      if (process.pausedUntil > now) afterIn(process, process.pausedUntil - now, work);
      else work();
    });
  };
  return {
    random,
    now: () => now,
    after,
    afterIn,
    clockOf: (process) => ({
      now: () => new Date(START + now + process.skewMs),
      sleep: (ms, signal) => sleepIn(afterIn, process, ms, signal),
    }),
    call: (process, effect) =>
      new Promise((resolve, reject) => {
        if (!process.alive) return;
        const arrive = async (): Promise<void> => {
          if (!process.alive && random.chance(0.5)) return;
          try {
            const result = await effect();
            afterIn(process, random.between(0, 8), () => resolve(result));
          } catch (error) {
            afterIn(process, random.between(0, 8), () => reject(error));
          }
        };
        after(random.between(0, 8), () => void arrive());
      }),
    async run(until, isDone) {
      for (;;) {
        await new Promise(setImmediate); // everything that is ready runs first
        const next = queue.pop();
        if (isDone() || next === null || next.at > until) return;
        now = next.at;
        events += 1;
        next.work();
      }
    },
    get events() {
      return events;
    },
  };
}

function sleepIn(afterIn: World['afterIn'], process: SimProcess, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelled = (): void => reject(new GatewayError('CANCELLED', 'Waiting was cancelled'));
    if (signal?.aborted === true) return cancelled();
    signal?.addEventListener('abort', cancelled, { once: true });
    afterIn(process, ms, () => {
      signal?.removeEventListener('abort', cancelled);
      resolve();
    });
  });
}

interface SimEvent {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

/** A binary heap; what is due at the same time happens in the order in which it was planned. */
function eventQueue(): { push(at: number, work: () => void): void; pop(): SimEvent | null } {
  const heap: SimEvent[] = [];
  let order = 0;
  const isBefore = (a: SimEvent | undefined, b: SimEvent | undefined): boolean => a !== undefined && (b === undefined || a.at < b.at || (a.at === b.at && a.order < b.order));
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]];
    if (a !== undefined && b !== undefined) [heap[i], heap[j]] = [b, a];
  };
  return {
    push(at, work) {
      heap.push({ at, order: order++, work });
      for (let child = heap.length - 1; child > 0; ) {
        const parent = (child - 1) >> 1;
        if (!isBefore(heap[child], heap[parent])) break;
        swap(child, parent);
        child = parent;
      }
    },
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined) return null;
      if (heap.length > 0) heap[0] = last;
      for (let parent = 0; ; ) {
        const [left, right] = [2 * parent + 1, 2 * parent + 2];
        const least = isBefore(heap[right], heap[left]) ? right : left;
        if (!isBefore(heap[least], heap[parent])) break;
        swap(least, parent);
        parent = least;
      }
      return first;
    },
  };
}
