import { GatewayError } from '../src/domain/errors.ts';
import type { Clock } from '../src/ports/clock.ts';

/** The promise's value, or QUEUE_UNAVAILABLE when it takes longer; the work itself goes on and its late end is ignored. */
export async function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(limitMs, done.signal).then(
    () => {
      throw new GatewayError('QUEUE_UNAVAILABLE', 'The queue did not answer in time');
    },
    () => new Promise<never>(() => {}), // cancelled below: never settles
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    work.catch(() => {}); // a late failure is nobody's news any more
    done.abort();
  }
}
