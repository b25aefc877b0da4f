import type { Attempt, Lease, Settlement, Wake } from '../ports/outbox.ts';
import type { RecordSet } from '../ports/records.ts';

/** A leased delivery while its lease is kept alive. */
export interface HeldLease {
  readonly lease: Lease;
  /** Aborts when the lease is lost, or the process has to end: nothing may leave the gateway any more. */
  readonly signal: AbortSignal;
  /** W3C Trace Context of the span that makes this attempt; null: nothing is traced, and the message's own goes on. */
  readonly traceparent: string | null;
  /**
   * Called directly before the first byte leaves. From here on an attempt that ends without a result counts as *outcome unknown*.
   * @throws CANCELLED when too little of the lease is left to be sure that nobody else is sending
   */
  beginSending(): void;
}

/** What a handler found out, to be written if the lease is still ours. */
export interface Handled {
  readonly settlement: Settlement;
  readonly attempt: Pick<Attempt, 'outcome' | 'code' | 'detail'>;
  /** Further facts (receipt, event, state), recorded in the settlement's transaction; records and nothing else. What it returns is woken after the commit. */
  readonly record?: ((records: RecordSet, at: Date) => Promise<readonly Wake[] | void>) | undefined;
}

export interface DeliveryHandler {
  /**
   * Makes one attempt. Neither waits nor retries: it says what to write, and the engine decides when to call again. An error it throws
   * is tried again by the schedule; CANCELLED before `beginSending` costs no try.
   */
  attempt(held: HeldLease): Promise<Handled>;
  /** What else to record when the delivery is parked, whoever decided it; in the settlement's transaction. What it returns is woken after the commit. */
  onParked(records: RecordSet, lease: Lease, parked: Extract<Settlement, { state: 'parked' }>, at: Date): Promise<readonly Wake[] | void>;
}

/** One handler for each kind of delivery. */
export type DeliveryHandlers = Readonly<Record<Lease['kind'], DeliveryHandler>>;
