import { digestFault } from '../formats/algorithms/policy.ts';
import type { DigestName } from '../formats/algorithms/digests.ts';
import type { LogTimestamp } from '../ports/log-records.ts';
import { advanceLog, type AdvanceLogPorts } from './advance-log.ts';

const DAY_MS = 24 * 3_600_000;
/** Before the authority's certificate ends, or the policy gives up the digest of its imprint. */
const RENEW_BEFORE_MS = 90 * DAY_MS;
/** An authority that stamps by the same old certificate is asked again this much later. */
const AGAIN_AFTER_MS = DAY_MS;

/**
 * Time-stamps are leaves of the log: a checkpoint made now, with a token of now, covers those whose certificate or digest ages. Only a log in
 * which nothing happens needs to be made to; every other renews itself as it grows.
 * @see RFC 4998 §5.2 (the idea: a newer time-stamp over the older ones, before they can no longer be relied on)
 */
export async function renewLog(ports: AdvanceLogPorts, signal?: AbortSignal): Promise<{ readonly more: boolean }> {
  const newest = await ports.records.log.newestTimestamp();
  if (newest !== null && isAgeing(ports, newest)) await advanceLog(ports, { force: true, ...(signal !== undefined && { signal }) });
  return { more: false };
}

function isAgeing({ clock, longTerm }: AdvanceLogPorts, { certificateNotAfter, digestAlgorithm, createdAt }: LogTimestamp): boolean {
  const now = clock.now().getTime();
  if (now - createdAt.getTime() < AGAIN_AFTER_MS) return false;
  const soon = new Date(now + RENEW_BEFORE_MS);
  return certificateNotAfter <= soon || (longTerm !== undefined && digestFault(longTerm.policy.algorithms, digestAlgorithm as DigestName, soon) !== null);
}
