import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lease, Outbox } from '../ports/outbox.ts';
import { linkedAbort } from '../ports/linked-abort.ts';
import { within } from '../ports/within.ts';
import type { HeldLease } from './delivery-handler.ts';

export const LEASE_MS = 6_000;
const RENEW_EVERY_MS = 2_000;
const LEFT_TO_SEND_MS = 3_000;
/** A lease that cannot be renewed is given up this long before it ends, so that the request is dead before another worker begins. */
const GIVE_UP_EARLY_MS = 1_000;

export interface KeptLease extends HeldLease {
  /** Whether `beginSending` was called: bytes may have left. */
  hasBegunSending(): boolean;
  /** Stops renewing; the lease itself ends with its settlement, or by time. */
  release(): void;
}

/** Renews the lease in the background until it is released, and aborts when it is lost or `stop` aborts. */
export function keepLease(outbox: Outbox, clock: Clock, lease: Lease, stop: AbortSignal): KeptLease {
  const released = new AbortController();
  const lost = linkedAbort(stop);
  const { signal } = lost;
  let until = lease.leaseUntil.getTime();
  let sending = false;

  const renewOnce = async (): Promise<boolean> => {
    const next = new Date(clock.now().getTime() + LEASE_MS);
    const held = await outbox.renew(lease, next);
    if (held) until = next.getTime();
    return held;
  };
  const keep = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(RENEW_EVERY_MS, released.signal);
      const patienceMs = until - GIVE_UP_EARLY_MS - clock.now().getTime();
      // An error is no loss yet: the database may be back before the lease ends.
      const held = await within(clock, Math.max(0, patienceMs), renewOnce()).catch(() => until - GIVE_UP_EARLY_MS > clock.now().getTime());
      if (!held) return lost.abort(new GatewayError('CANCELLED', 'The lease was lost'));
    }
  };
  keep().catch(() => {}); // ends by release only

  return {
    lease,
    signal,
    traceparent: null,
    beginSending() {
      if (signal.aborted || until - clock.now().getTime() < LEFT_TO_SEND_MS) {
        throw new GatewayError('CANCELLED', 'Too little of the lease is left to send', { cause: signal.reason });
      }
      sending = true;
    },
    hasBegunSending: () => sending,
    release() {
      released.abort();
      lost.unlink();
    },
  };
}
