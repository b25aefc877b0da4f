import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

/** Rows a statement takes away: few enough that requests with the same tables do not wait for it. */
const BATCH = 1_000;

/** A prepared signature is still answered as expired, and not as unknown, for so long. */
const PREPARED_KEPT_MS = 24 * 3_600_000;

/**
 * Forgets one batch of the answers of POSTs, and of prepared signatures, that are past their time.
 * @returns how many went, and whether asking again at once is useful
 * @throws DATABASE_UNAVAILABLE
 */
export async function forgetAnswers({ records, clock }: { readonly records: Records; readonly clock: Clock }, batch = BATCH): Promise<{ readonly forgotten: number; readonly more: boolean }> {
  const now = clock.now();
  const answers = await records.idempotency.removeExpired(now, batch);
  const prepared = await records.preparedSignatures.removeExpired(new Date(now.getTime() - PREPARED_KEPT_MS), batch);
  return { forgotten: answers + prepared, more: answers === batch || prepared === batch };
}
