import { GatewayError } from '../../src/domain/errors.ts';

export interface Places {
  /** Waits for a place. @returns what gives it back @throws OVERLOADED when too many wait already; CANCELLED */
  take(signal?: AbortSignal): Promise<() => void>;
}

/** So many at once, so many waiting in order, the rest refused. */
export function places(count: number, maxWaiting: number): Places {
  const waiting: (() => void)[] = [];
  let free = count;
  const giveBack = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    async take(signal) {
      if (signal?.aborted === true) throw cancelled(signal);
      if (free > 0) free -= 1;
      else if (waiting.length >= maxWaiting) throw new GatewayError('OVERLOADED', 'Too many signatures are waiting for the key device: try again', { retryAfterMs: 1000 });
      else await turn(waiting, signal);
      let held = true;
      return () => {
        if (held) giveBack();
        held = false;
      };
    },
  };
}

function turn(waiting: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    const leave = (): void => {
      const at = waiting.indexOf(go);
      if (at >= 0) waiting.splice(at, 1);
      reject(cancelled(signal));
    };
    signal?.addEventListener('abort', leave, { once: true });
    waiting.push(go);
  });
}

export function cancelled(signal: AbortSignal | undefined): GatewayError {
  return new GatewayError('CANCELLED', 'Signing was cancelled', { cause: signal?.reason });
}
