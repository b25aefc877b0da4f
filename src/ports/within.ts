import { GatewayError } from '../domain/errors.ts';
import type { Clock } from './clock.ts';

/**
 * The promise's value, or the error of `late` (default: CANCELLED) when it takes longer than `limitMs`. The work itself is not stopped;
 * its late end, good or bad, is ignored.
 */
export async function within<T>(clock: Clock, limitMs: number, work: Promise<T>, late = () => new GatewayError('CANCELLED', 'It took too long')): Promise<T> {
  const done = new AbortController();
  const timeUp = clock.sleep(limitMs, done.signal).then(
    () => {
      throw late();
    },
    () => new Promise<never>(() => {}), // the work was quicker: never settles
  );
  try {
    return await Promise.race([work, timeUp]);
  } finally {
    work.catch(() => {}); // a late failure is nobody's news any more
    done.abort();
  }
}
