import type { PartnerId } from '../domain/ids.ts';

/** Tells waiting readers of inboxes that something may have come; that it has, only the records say. */
export interface InboxSignals {
  /** From now on what comes for the partner is noticed, also while nobody waits. @throws RATE_LIMITED, OVERLOADED when too many wait already */
  subscribe(partnerId: PartnerId): InboxSubscription;
}

export interface InboxSubscription {
  /** Until something may have come since the last time, or `ms` are over, or nobody shall wait any more. @throws CANCELLED when `signal` aborts */
  next(ms: number, signal: AbortSignal): Promise<void>;
  /** Waiting is over for good: the process is about to end. */
  isClosing(): boolean;
  end(): void;
}
