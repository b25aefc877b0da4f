import type { Clock } from '../src/ports/clock.ts';
import { linkedAbort, type LinkedAbort } from '../src/ports/linked-abort.ts';

export interface Pause {
  /** Waits; returns early when interrupted (unless told not to be) or stopped. */
  sleep(ms: number, options?: { readonly interruptible?: boolean }): Promise<void>;
  interrupt(): void;
}

/** Waiting that a call from outside may cut short; an interruption while nobody waits cuts the next wait short. */
export function pause(clock: Clock, stop: AbortSignal): Pause {
  let interrupted = false;
  let current: LinkedAbort | null = null;
  return {
    async sleep(ms, { interruptible = true } = {}) {
      if (interruptible && interrupted) {
        interrupted = false;
        return;
      }
      const nap = linkedAbort(stop);
      if (interruptible) current = nap;
      await clock.sleep(ms, nap.signal).catch(() => {}); // cut short: CANCELLED
      nap.unlink();
      current = null;
      interrupted = false;
    },
    interrupt() {
      interrupted = true;
      current?.abort();
    },
  };
}
