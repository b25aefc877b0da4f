import type { DeliveryState } from '../domain/message.ts';
import type { CircuitState } from '../domain/partner-limits.ts';

/** How the exchange stands as a whole, for those who watch it: counts and ages, no dossier and no person. */
export interface ExchangeStanding {
  /** Unfinished deliveries. */
  readonly open: readonly { readonly kind: 'message' | 'postal'; readonly state: DeliveryState; readonly count: number }[];
  readonly parked: readonly { readonly reason: string; readonly count: number }[];
  /** Recipients with the oldest head of a lane first, at most `MOST_RECIPIENTS`. */
  readonly recipients: readonly { readonly target: string; readonly open: number; readonly oldestAt: Date }[];
  readonly circuits: readonly { readonly partnerId: string; readonly state: CircuitState | 'disabled' }[];
  /** Since when the longest waiting delivery that might go is due; null: none is. */
  readonly oldestDueAt: Date | null;
}

/** The cap on what one scrape tells, and on what a monitoring system has to keep. */
export const MOST_RECIPIENTS = 500;

/** @throws DATABASE_UNAVAILABLE */
export type ReadExchangeStanding = (now: Date) => Promise<ExchangeStanding>;
