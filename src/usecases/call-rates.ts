import type { CallRate, Caller } from '../domain/partner.ts';
import type { PartnerId } from '../domain/ids.ts';
import type { Clock } from '../ports/clock.ts';

export interface CallAllowance {
  readonly isAllowed: boolean;
  readonly rate: CallRate;
  /** Calls that may follow at once. */
  readonly remaining: number;
  /** Until the next call is allowed; 0 where one is. */
  readonly waitMs: number;
}

export interface CallRates {
  /** Counts a call of the caller's partner. */
  take(caller: Caller): CallAllowance;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A token bucket for each partner, in memory: there are as many as partners, and a restart only forgives. */
export function callRates(clock: Clock, usual: CallRate): CallRates {
  const buckets = new Map<PartnerId, Bucket>();
  return {
    take({ partnerId, callRate }) {
      const rate = callRate ?? usual;
      const now = clock.now().getTime();
      const { tokens, atMs } = buckets.get(partnerId) ?? { tokens: rate.burst, atMs: now };
      const available = Math.min(rate.burst, tokens + (Math.max(0, now - atMs) / 1_000) * rate.perSecond);
      const isAllowed = available >= 1;
      const left = isAllowed ? available - 1 : available;
      buckets.set(partnerId, { tokens: left, atMs: Math.max(now, atMs) });
      return { isAllowed, rate, remaining: Math.floor(left), waitMs: isAllowed ? 0 : Math.ceil(((1 - left) / rate.perSecond) * 1_000) };
    },
  };
}
