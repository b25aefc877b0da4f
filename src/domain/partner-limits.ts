/** How hard a partner may be pushed, and when it is left alone. */
export interface PartnerLimits {
  /** Messages a second, over all processes; null: as fast as they come. */
  readonly ratePerSecond: number | null;
  /** Messages that may go at once after a pause. */
  readonly burst: number;
}

export const NO_LIMITS: PartnerLimits = { ratePerSecond: null, burst: 1 };

/**
 * Circuit breaker: after so many failures in a row nothing is sent for a while, then one attempt finds out whether the partner is back;
 * each time it is not, the while doubles.
 */
export interface BreakerSettings {
  readonly failures: number;
  readonly firstOpenMs: number;
  readonly longestOpenMs: number;
}

export const DEFAULT_BREAKER: BreakerSettings = { failures: 5, firstOpenMs: 10_000, longestOpenMs: 300_000 };

/** How long the circuit stays open after `failures` failures in a row; null: it stays closed. */
export function openForMs(settings: BreakerSettings, failures: number): number | null {
  const beyond = failures - settings.failures;
  return beyond < 0 ? null : Math.min(settings.firstOpenMs * 2 ** Math.min(beyond, 30), settings.longestOpenMs);
}

/** How deliveries to one partner go otherwise than usual; what is not named is as usual. */
export interface PartnerPace {
  /** Attempts under way at once, in each process. */
  readonly concurrency?: number;
  /** Waits after the first, second … try that failed; at the end of the list the delivery is parked. */
  readonly retryDelaysMs?: readonly number[];
  /** Its Retry-After is honoured up to this. */
  readonly longestRetryAfterMs?: number;
  readonly breaker?: BreakerSettings;
}

/** Without time-stamps for the evidence log: nothing is delivered (strict), or it is, and an alarm says so (degraded). */
export const EVIDENCE_POLICIES = ['strict', 'degraded'] as const;
export type EvidencePolicy = (typeof EVIDENCE_POLICIES)[number];

/** `state`: closed — send; open — not before `openUntil`; half-open — one at a time. */
export interface PartnerStanding {
  readonly limits: PartnerLimits;
  /** Missing: as usual. */
  readonly pace?: PartnerPace;
  /** Missing: strict where a time-stamping authority is configured. */
  readonly evidence?: EvidencePolicy;
  readonly failures: number;
  readonly openUntil: Date | null;
  /** When its address said that it is gone; null: it did not. */
  readonly disabledAt: Date | null;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

export function circuitOf({ openUntil }: Pick<PartnerStanding, 'openUntil'>, now: Date): CircuitState {
  if (openUntil === null) return 'closed';
  return openUntil > now ? 'open' : 'half-open';
}
