/** What the records say of things that a person may have to look at: ids, codes and counts. */
export interface AlarmFacts {
  /** Parked deliveries by kind and recipient (a carrier, for orders to the post). */
  readonly parked: readonly { readonly kind: 'message' | 'postal'; readonly target: string; readonly count: number; readonly oldestAt: Date }[];
  /** Partners that fail, or whose address is gone, and for whom something waits. */
  readonly unreachable: readonly { readonly partnerId: string; readonly failures: number; readonly gone: boolean; readonly waiting: number }[];
  /** Recipients whose oldest message that could go is older than asked for. */
  readonly oldLanes: readonly { readonly target: string; readonly count: number; readonly oldestAt: Date }[];
  /** Since when the longest waiting delivery that might go is due; null: none is. */
  readonly oldestDueAt: Date | null;
  /** Codes of carriers that have no known meaning, as far as they came since the time asked for. */
  readonly unknownStatuses: readonly { readonly carrier: string; readonly codes: readonly string[]; readonly count: number }[];
}

/** @throws DATABASE_UNAVAILABLE */
export type ReadAlarmFacts = (now: Date, since: { readonly lanesBefore: Date; readonly statusesAfter: Date }) => Promise<AlarmFacts>;
