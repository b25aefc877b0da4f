import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

/** Rows a statement takes away: few enough that requests with the same tables do not wait for it. */
const BATCH = 1_000;

/**
 * Forgets one batch of the answers of POSTs that are past their time.
 * @returns how many went, and whether asking again at once is useful
 * @throws DATABASE_UNAVAILABLE
 */
export async function forgetAnswers({ records, clock }: { readonly records: Records; readonly clock: Clock }, batch = BATCH): Promise<{ readonly forgotten: number; readonly more: boolean }> {
  const forgotten = await records.idempotency.removeExpired(clock.now(), batch);
  return { forgotten, more: forgotten === batch };
}
