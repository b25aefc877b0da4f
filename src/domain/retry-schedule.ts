/** When a delivery is tried again. A list of waits, not a formula: an operator can read it, and change one step. */
export interface RetrySchedule {
  /** Wait after the first, second … try that failed, in milliseconds. When the list is at its end the delivery is parked. */
  readonly delaysMs: readonly number[];
  /** Up to this fraction is added to each wait, so that what failed together does not come back together. */
  readonly jitter: number;
  /** A partner's Retry-After is honoured up to this. */
  readonly longestRetryAfterMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Some 80 hours in all, as Standard Webhooks 1.0.0 recommends (75 h): a system that was down from Friday evening to Monday morning gets
 * everything without a person.
 */
export const DEFAULT_SCHEDULE: RetrySchedule = {
  delaysMs: [
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    1 * HOUR,
    2 * HOUR,
    4 * HOUR,
    6 * HOUR,
    8 * HOUR,
    10 * HOUR,
    12 * HOUR,
    12 * HOUR,
    24 * HOUR,
  ],
  jitter: 0.2,
  longestRetryAfterMs: 1 * HOUR,
};

/**
 * How long to wait after `triesSpent` tries, the one just failed included; null: the schedule is at its end.
 * @param retryAfterMs what the partner asked for; never shortens a wait, and never lengthens it beyond the schedule's limit
 * @param fraction uniform in [0, 1)
 */
export function waitAfter(schedule: RetrySchedule, triesSpent: number, retryAfterMs: number | null, fraction: number): number | null {
  const delayMs = schedule.delaysMs[triesSpent - 1];
  if (delayMs === undefined) return null;
  const asked = Math.min(retryAfterMs ?? 0, schedule.longestRetryAfterMs);
  return Math.round(Math.max(delayMs, asked) * (1 + schedule.jitter * fraction));
}
