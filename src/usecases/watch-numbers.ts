import type { Records } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';
import type { PostalAccount } from './order-post.ts';

export interface WatchNumbersPorts {
  readonly records: Records;
  readonly log: Log;
}

/** Below this many an operator asks the carrier for more, which takes days. */
const LOW = 100;

/** Says of every carrier whose parcels bear numbers from a pool when few or none are left. */
export async function watchNumbers({ records, log }: WatchNumbersPorts, accounts: readonly PostalAccount[]): Promise<{ readonly more: false }> {
  for (const { carrier } of accounts) {
    if (carrier.numbering !== 'pool') continue;
    const { free } = await records.postalNumbers.counts(carrier.carrier);
    if (free < LOW) log.warn(free === 0 ? 'post.numbers-exhausted' : 'post.numbers-low', { carrier: carrier.carrier, free });
  }
  return { more: false };
}
