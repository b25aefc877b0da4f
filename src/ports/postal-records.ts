import type { DossierCode } from '../domain/dossier.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { PostalDetail, PostalOrder, PostalState, TrackingEvent, TrackingFacts } from '../domain/postal-order.ts';
import type { Lease } from './outbox.ts';

/** What an attempt to place an order has found out of it. */
export interface PlacingChange {
  readonly state: PostalState;
  readonly reason: string | null;
  /** Null: what is on record stays. */
  readonly carrierText: string | null;
  /** Null: what is on record stays. */
  readonly trackingNumber: string | null;
}

export interface PostalRecords {
  /**
   * Adds an order with its number, before anything is sent.
   * @throws POSTAL_ORDER_EXISTS when (dossier, leg, revision) or the number is taken.
   */
  add(order: PostalOrder): Promise<void>;
  find(id: PostalOrderId): Promise<PostalOrder | null>;
  findByNumber(carrier: string, orderNumber: string): Promise<PostalOrder | null>;
  /** Orders that the carrier gave this number of a parcel, newest first; a number may come again after years. */
  findByTrackingNumber(trackingNumber: string): Promise<readonly PostalOrder[]>;
  ofDossier(code: DossierCode): Promise<readonly PostalOrder[]>;
  /** Locks the order's row until the transaction ends, so that events and settlements do not cross. */
  lock(id: PostalOrderId): Promise<PostalOrder | null>;
  /** The same for all orders of the carrier under these numbers, by number, whoever asks: two that lock several wait for each other instead of both dying. */
  lockByNumbers(carrier: string, orderNumbers: readonly string[]): Promise<readonly PostalOrder[]>;
  setState(id: PostalOrderId, state: PostalState, reason: string | null, at: Date, carrierText: string | null, trackingNumber: string | null): Promise<void>;
  /**
   * Marks the order as sent while it is still being placed, and renews the lease until `until`: both, or neither where the lease is lost. One statement,
   * committed when it returns unless it runs in a transaction; before it no byte may leave. Null: the order is not to be placed any more.
   */
  markSubmitted(lease: Lease, until: Date, at: Date): Promise<PostalOrder | 'lease-lost' | null>;
  /** Moves an order that is still being placed, under its row's lock. @returns the order as it is now; null: the feed or a person was faster, and nothing changed */
  movePlacing(id: PostalOrderId, change: PlacingChange, at: Date): Promise<PostalOrder | null>;
  /** State, reason, time, words and number of the parcel of each, in one statement. */
  setStates(orders: readonly PostalOrder[]): Promise<void>;
  /** Who, what and where, as it is from now on. */
  setDetail(id: PostalOrderId, detail: PostalDetail): Promise<void>;
  /** Orders of the carrier whose outcome is unknown or that are under way. */
  openOf(carrier: string): Promise<readonly PostalOrder[]>;

  /** Orders of the carrier that were made on that Vietnamese day (ISO date), oldest first. */
  placedOn(carrier: string, day: string): Promise<readonly PostalOrder[]>;

  /** False when the event was recorded before (same carrier, same carrier event id). */
  addEvent(event: TrackingEvent): Promise<boolean>;
  /** The same for many in one statement: the ids of those that were not on record; of two alike, one. */
  addEvents(events: readonly TrackingEvent[]): Promise<ReadonlySet<string>>;
  /** By time of occurrence. */
  events(id: PostalOrderId): Promise<readonly TrackingEvent[]>;
  /** The same for many orders; those without events are left out. */
  histories(ids: readonly PostalOrderId[]): Promise<ReadonlyMap<PostalOrderId, readonly TrackingFacts[]>>;

  cursor(account: string): Promise<string | null>;
  /** The cursor as it stands, no other transaction moving it until this one ends. */
  lockCursor(account: string): Promise<string | null>;
  /** Moves the cursor in the transaction that records the events it passed. */
  moveCursor(account: string, cursor: string, at: Date): Promise<void>;
}
