import type { ParkReason } from '../domain/park-reason.ts';
import type { CircuitState } from '../domain/partner-limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReadExchangeStanding } from '../ports/exchange-standing.ts';
import type { ParkedDelivery } from '../ports/outbox.ts';
import type { RecordSet } from '../ports/records.ts';

export interface ParkedSelection {
  readonly recipient?: string | undefined;
  readonly reason?: ParkReason | undefined;
  /** Parked at that time or later. */
  readonly since?: Date | undefined;
  readonly limit: number;
}

const MOST_LOOKED_AT = 10_000;

/** What waits for a person and why, the longest first. */
export async function listParked({ records }: { readonly records: RecordSet }, { recipient, reason, since, limit }: ParkedSelection): Promise<readonly ParkedDelivery[]> {
  const found = await records.outbox.parked(recipient ?? null, reason === undefined ? limit : MOST_LOOKED_AT, since);
  return found.filter((one) => reason === undefined || one.reason === reason).slice(0, limit);
}

export interface RecipientStands {
  readonly target: string;
  readonly open: number;
  readonly oldestAt: Date;
  readonly circuit: CircuitState | 'disabled';
}

/** Recipients with unfinished deliveries, that with the oldest first. */
export async function listRecipients({ readStanding, clock }: { readonly readStanding: ReadExchangeStanding; readonly clock: Clock }): Promise<readonly RecipientStands[]> {
  const { recipients, circuits } = await readStanding(clock.now());
  const circuitOf = new Map(circuits.map(({ partnerId, state }) => [partnerId, state]));
  return recipients.map((one) => ({ ...one, circuit: circuitOf.get(one.target) ?? 'closed' }));
}
