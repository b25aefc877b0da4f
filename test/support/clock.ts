import { GatewayError } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';

export interface FrozenClock extends Clock {
  /** Moves time on and lets every sleeper whose time has come go, earliest first. */
  advance(ms: number): void;
  set(at: Date): void;
  readonly sleepers: number;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that stands still until a test moves it. */
export function frozenClock(start: Date | string): FrozenClock {
  let now = new Date(start).getTime();
  const sleepers = new Set<Sleeper>();
  const moveTo = (to: number): void => {
    const due = [...sleepers].filter((sleeper) => sleeper.at <= to).sort((a, b) => a.at - b.at);
    now = to;
    for (const sleeper of due) sleeper.wake();
  };
  return {
    now: () => new Date(now),
    sleep: (ms, signal) => sleepUntil(sleepers, now + ms, now, signal),
    advance: (ms) => moveTo(now + ms),
    set: (at) => moveTo(at.getTime()),
    get sleepers() {
      return sleepers.size;
    },
  };
}

function sleepUntil(sleepers: Set<Sleeper>, at: number, now: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelled = (): GatewayError => new GatewayError('CANCELLED', 'Waiting was cancelled', { cause: signal?.reason });
    if (signal?.aborted === true) return reject(cancelled());
    if (at <= now) return resolve();
    const leave = (then: () => void) => (): void => {
      sleepers.delete(sleeper);
      signal?.removeEventListener('abort', abort);
      then();
    };
    const sleeper: Sleeper = { at, wake: leave(resolve) };
    const abort = leave(() => reject(cancelled()));
    sleepers.add(sleeper);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
