import { ERROR_FACTS, type ErrorCode } from './errors.ts';
import type { RetrySchedule } from './retry-schedule.ts';

/** Work on many documents that goes on after its request was answered. */

export const JOB_STATES = ['running', 'done', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** `signing`: the key may be in use, or may have been when a process died. */
export const JOB_ITEM_STATES = ['waiting', 'signing', 'signed', 'failed', 'cancelled'] as const;
export type JobItemState = (typeof JOB_ITEM_STATES)[number];

/** Why a document was not signed, as the same request by itself would have been told. */
export interface JobProblem {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** When a document is tried again after a failure that may pass: a time-stamping authority that is down, a key that cannot be reached. */
export const SIGNING_SCHEDULE: RetrySchedule = { delaysMs: [5_000, 30_000, 120_000, 600_000], jitter: 0.2, longestRetryAfterMs: 600_000 };

/** A document over which this many processes died is not tried again: it is what kills them. */
export const MOST_UNKNOWN_OUTCOMES = 3;

/** How long a document is held without a sign of life of the process that signs it. */
export const ITEM_LEASE_MS = 15_000;

export function mayPass(code: ErrorCode): boolean {
  return ERROR_FACTS[code].retryable;
}
