import type { DeliveryId, MessageId, PartnerId, PostalOrderId } from '../domain/ids.ts';
import type { DossierCode } from '../domain/dossier.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { DeliveryState, Receipt } from '../domain/message.ts';
import type { NewDossierEvent } from './dossier-records.ts';

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
  /** Number of this attempt, from 1, over the delivery's whole life. */
  readonly attempt: number;
  /** Attempts already spent in the running retry schedule, that is, since the last replay. */
  readonly triesSpent: number;
  /** The last attempt left the gateway and no answer told what became of it; also after a worker died holding the lease. */
  readonly outcomeUnknown: boolean;
  /** When the last of those attempts ended, as far as is known; null when no outcome is unknown. */
  readonly unknownSince: Date | null;
  readonly leaseUntil: Date;
  readonly createdAt: Date;
  /** After this instant it is parked instead of sent. */
  readonly expiresAt: Date | null;
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
  | { readonly state: 'offered' }
  /** `proof`: what its recipient confirmed; null where there is no receipt to keep (the post). */
  | { readonly state: 'delivered'; readonly proof: DeliveryProof | null }
  /** `spendsTry: false`: it never got as far as sending (draining, circuit open), so it is no attempt: not counted, not kept in the history. */
  | { readonly state: 'pending'; readonly nextAt: Date; readonly outcomeUnknown: boolean; readonly spendsTry: boolean; readonly error: DeliveryError }
  | { readonly state: 'parked'; readonly reason: string; readonly outcomeUnknown: boolean; readonly error: DeliveryError };

/** A receipt, and what the dossier's timeline tells of it. */
export interface DeliveryProof {
  readonly receipt: Receipt;
  readonly evidence: Evidence;
  readonly dossierCode: DossierCode;
  readonly event: NewDossierEvent;
}

/** Whose deliveries are asked for; everybody's where nothing is said. */
export interface TargetFilter {
  readonly onlyFor?: string;
  readonly notFor?: readonly string[];
}

export interface DeliveryError {
  readonly code: string;
  readonly detail: string;
}

export interface Wake {
  readonly id: DeliveryId;
  /** Whose it is: a worker that has no room for that recipient need not ask the store. */
  readonly target: string;
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

/** A delivery as it stands, message or postal. */
export interface OutboxEntry {
  readonly id: DeliveryId;
  readonly kind: 'message' | 'postal';
  readonly laneId: string;
  readonly target: string;
  readonly messageId: MessageId | null;
  readonly postalOrderId: PostalOrderId | null;
  readonly state: DeliveryState;
  readonly outcomeUnknown: boolean;
}

export interface Outbox {
  /** Takes the lane's next seq under its row lock and adds the delivery as `pending`, due now. */
  add(delivery: NewDelivery): Promise<void>;
  /** The same for many in one statement, those of one lane in the order given. */
  addAll(deliveries: readonly NewDelivery[]): Promise<void>;
  find(id: DeliveryId): Promise<OutboxEntry | null>;
  /**
   * Leases `id` for `owner` until `until` if it is the head of its lane, due, and not leased by anyone whose lease still runs;
   * epoch + 1. Committed before it returns. Null: nothing to do, or its target's circuit is open.
   */
  lease(id: DeliveryId, owner: string, now: Date, until: Date): Promise<Lease | null>;
  /** Leases up to `limit` due lane heads: the way without a queue. */
  leaseDue(owner: string, now: Date, until: Date, limit: number, targets?: TargetFilter): Promise<readonly Lease[]>;
  /** False: the lease is lost, and the attempt must stop before another byte leaves. */
  renew(lease: Lease, until: Date): Promise<boolean>;
  /**
   * Settles an attempt if the lease's epoch is still the row's, all of it or nothing: state, attempt, proof, and the wake number of the
   * next of the lane where this one is delivered. @returns what to wake; null: the lease is lost, and nothing is written
   */
  settle(lease: Lease, settlement: Settlement, attempt: Attempt): Promise<readonly Wake[] | null>;
  /**
   * Ends a delivery without an attempt: a pulled receipt, an adopted order, an operator's cancel or skip. Fences out a worker whose
   * lease ran out. False when it is finished already, or leased by a worker whose lease still runs.
   */
  finish(id: DeliveryId, state: 'delivered' | 'cancelled' | 'skipped', at: Date): Promise<boolean>;
  /**
   * Gives `replacement` the place of `id` in their lane, and `id`, which has to be finished by then in the same transaction, its place.
   * False: they are not of one lane, `replacement` does not stand behind, or it is not waiting.
   */
  exchangePlaces(id: DeliveryId, replacement: DeliveryId): Promise<boolean>;
  /** Puts a parked delivery back as pending, due now, its schedule from the start. False when it was not parked. */
  replay(id: DeliveryId, now: Date): Promise<boolean>;
  /** The lane's head, if it is due, with its next wake number. */
  nextInLane(laneId: string, now: Date): Promise<Wake | null>;
  /** Due lane heads that were not woken since `notWokenSince`; each gets wake + 1. */
  sweep(now: Date, notWokenSince: Date, limit: number): Promise<readonly Wake[]>;
  /** Longest parked first. `target` null: everybody's; `since`: parked at that time or later. */
  parked(target: PartnerId | string | null, limit: number, since?: Date): Promise<readonly ParkedDelivery[]>;
  /** For readiness and metrics. */
  depth(now: Date): Promise<{ readonly due: number; readonly parked: number; readonly oldestDueAt: Date | null }>;
}
