import type { DeliveryId, MessageId, PartnerId, PostalOrderId } from '../domain/ids.ts';

/**
 * Deliveries waiting, under way and stuck. One lane per dossier × recipient: the head goes first, and nothing of a lane is
 * leased while an earlier one is unfinished. A lease is valid only with its epoch; every write by a worker names it.
 */
export interface Lease {
  readonly id: DeliveryId;
  readonly kind: 'message' | 'postal';
  readonly laneId: string;
  /** Partner id, or carrier for postal orders. */
  readonly target: string;
  readonly messageId: MessageId | null;
  readonly postalOrderId: PostalOrderId | null;
  readonly epoch: bigint;
  /** Attempts before this one. */
  readonly attempts: number;
  /** The last attempt left the gateway and no answer told what became of it. */
  readonly outcomeUnknown: boolean;
  readonly leaseUntil: Date;
  readonly createdAt: Date;
}

export interface NewDelivery {
  readonly id: DeliveryId;
  readonly kind: 'message' | 'postal';
  readonly laneId: string;
  readonly target: string;
  readonly messageId: MessageId | null;
  readonly postalOrderId: PostalOrderId | null;
  readonly createdAt: Date;
  readonly expiresAt?: Date | undefined;
}

export interface Attempt {
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly outcome: 'delivered' | 'offered' | 'retry' | 'unknown' | 'refused';
  readonly code: string | null;
  readonly detail: string | null;
}

/** What a worker writes at the end of an attempt. */
export type Settlement =
  | { readonly state: 'delivered' | 'offered' }
  | { readonly state: 'pending'; readonly nextAt: Date; readonly outcomeUnknown: boolean; readonly error: DeliveryError }
  | { readonly state: 'parked'; readonly reason: string; readonly outcomeUnknown: boolean; readonly error: DeliveryError };

export interface DeliveryError {
  readonly code: string;
  readonly detail: string;
}

export interface Wake {
  readonly id: DeliveryId;
  /** Grows with each wake-up so that the queue never swallows one as a duplicate. */
  readonly wake: number;
}

export interface ParkedDelivery {
  readonly id: DeliveryId;
  readonly kind: 'message' | 'postal';
  readonly laneId: string;
  readonly target: string;
  readonly messageId: MessageId | null;
  readonly postalOrderId: PostalOrderId | null;
  readonly reason: string;
  readonly error: DeliveryError | null;
  readonly attempts: number;
  readonly since: Date;
}

export interface Outbox {
  /** Takes the lane's next seq under its row lock and adds the delivery as `pending`, due now. */
  add(delivery: NewDelivery): Promise<void>;
  /**
   * Leases `id` for `owner` until `until` if it is the head of its lane, due, and not leased by anyone whose lease still runs;
   * epoch + 1. Committed before it returns. Null: nothing to do.
   */
  lease(id: DeliveryId, owner: string, now: Date, until: Date): Promise<Lease | null>;
  /** Leases up to `limit` due lane heads: the way without a queue. */
  leaseDue(owner: string, now: Date, until: Date, limit: number): Promise<readonly Lease[]>;
  /** False: the lease is lost, and the attempt must stop before another byte leaves. */
  renew(lease: Lease, until: Date): Promise<boolean>;
  /** Settles an attempt if the lease's epoch is still the row's; false otherwise, and nothing is written. */
  settle(lease: Lease, settlement: Settlement, attempt: Attempt): Promise<boolean>;
  /** Marks an offered or parked delivery as delivered (a pulled receipt, an adopted order). False when it was not open. */
  finish(id: DeliveryId, state: 'delivered' | 'cancelled' | 'skipped', at: Date): Promise<boolean>;
  /** Puts a parked delivery back as pending, due now. False when it was not parked. */
  replay(id: DeliveryId, now: Date): Promise<boolean>;
  /** The head of the lane after `id`, if it is due. */
  nextInLane(laneId: string, now: Date): Promise<Wake | null>;
  /** Due lane heads that were not woken since `notWokenSince`; each gets wake + 1. */
  sweep(now: Date, notWokenSince: Date, limit: number): Promise<readonly Wake[]>;
  parked(target: PartnerId | string | null, limit: number): Promise<readonly ParkedDelivery[]>;
  /** For readiness and metrics. */
  depth(now: Date): Promise<{ readonly due: number; readonly parked: number; readonly oldestDueAt: Date | null }>;
}
