import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1; // setTimeout fires at once beyond it

/** The system's time. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    for (let left = Math.max(0, ms); ; left -= LONGEST_TIMER_MS) {
      await sleepOnce(Math.min(left, LONGEST_TIMER_MS), signal);
      if (left <= LONGEST_TIMER_MS) return;
    }
  },
};

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelled = (): GatewayError => new GatewayError('CANCELLED', 'Waiting was cancelled', { cause: signal?.reason });
    if (signal?.aborted === true) return reject(cancelled());
    const cancel = (): void => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', cancel);
      resolve();
    }, ms);
    timer.unref();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}
