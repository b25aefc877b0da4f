import type { InputFault } from '../domain/errors.ts';
import type { EventStatus, PostalOrder } from '../domain/postal-order.ts';

/** What became of one call that asks the carrier to do something. */
export interface CarrierOutcome {
  /**
   * `accepted`: the carrier said so. `rejected`: it said no, and nothing happened. `unknown`: bytes left, and no answer came that can be
   * understood; the call may have taken effect or take effect later. Never a success.
   */
  readonly outcome: 'accepted' | 'rejected' | 'unknown';
  /** The carrier's words, or ours on what happened on the wire; no personal data of ours. */
  readonly carrierText: string;
  /** The answer's body as text, cut to 16 KiB; null when there was none. May hold personal data. */
  readonly raw: string | null;
  /** The carrier's number of the parcel, when the answer named one. */
  readonly trackingNumber: string | null;
}

/** An event of the carrier's feed, not yet matched with an order of ours. */
export interface CarrierEvent {
  /** Unique at this carrier. */
  readonly carrierEventId: string;
  readonly orderNumber: string;
  readonly trackingNumber: string | null;
  /** As the carrier wrote it; normalised in `status` only where its meaning is verified. */
  readonly carrierCode: string;
  readonly carrierText: string;
  readonly status: EventStatus;
  readonly occurredAt: Date;
  readonly raw: string;
}

export interface TrackingPage {
  /** In the order of the feed, which need not be that of occurrence; events told before may be told again. */
  readonly events: readonly CarrierEvent[];
  /** To be stored in the transaction that stores the events. */
  readonly nextCursor: string;
  /** Whether asking again at once is useful. */
  readonly more: boolean;
  /** Entries that could not be understood, as text: passed over so that one bad entry does not hold up the feed, and reported. */
  readonly unreadable: readonly string[];
}

/** How a lost answer can be resolved: by asking for our number, only by watching the feed, or not at all. */
export type CarrierLookup = 'by-number' | 'feed-only' | 'none';

/** What the connector was run against. Shown to operators: a sandbox of our own proves our reading of the documents, not the carrier. */
export type ProvenAgainst = 'own-sandbox' | 'carrier-test-system' | 'carrier';

/** What the carrier would charge for an order, by one of its services. Whole đồng. */
export interface QuotedService {
  /** The carrier's own code. */
  readonly serviceCode: string;
  readonly serviceName: string;
  /** Null: the carrier tells only the sum. */
  readonly postageVnd: number | null;
  readonly surchargesVnd: number | null;
  readonly totalVnd: number;
}

/** A postal carrier. Adapters neither wait nor retry, and keep no state but an access token: pace and memory belong to the engine. */
export interface PostalCarrier {
  /** Name of the connector, such as `post-vnpost-hcc`. */
  readonly carrier: string;
  /** The account at the carrier; cursors are kept per account. */
  readonly account: string;
  readonly lookup: CarrierLookup;
  readonly provenAgainst: ProvenAgainst;
  /** Who numbers parcels: the carrier when it takes an order, or we, from numbers that it gave out beforehand. */
  readonly numbering: 'carrier' | 'pool';
  /** Everything known beforehand to be wrong with the order for this carrier; pointers into the request for a postal order. Sends nothing. */
  checkOrder(order: PostalOrder): readonly InputFault[];
  /**
   * Places of its addresses that the settings give no code of this carrier's for: the order waits until they do. Pointers as above; they
   * are no part of `checkOrder`, since the caller can mend nothing. Sends nothing.
   */
  unmappedPlaces(order: PostalOrder): readonly InputFault[];
  /**
   * Places the order under `order.orderNumber`; where `numbering` is `pool`, its `trackingNumber` is set and becomes the parcel's.
   * @throws REQUEST_INVALID with the faults of `checkOrder` and `unmappedPlaces`; CARRIER_UNAVAILABLE when it is certain that the order did not reach the
   * carrier (safe to call again); CARRIER_REFUSED likewise, when settings have to be mended first (keys, address); CANCELLED when
   * `signal` aborts before anything was sent. Whatever is thrown, nothing was ordered.
   */
  placeOrder(order: PostalOrder, signal?: AbortSignal): Promise<CarrierOutcome>;
  /** Asks to cancel the order. Accepted means that the carrier agreed, not that no courier is on the way. @throws as `placeOrder` */
  cancelOrder(order: PostalOrder, signal?: AbortSignal): Promise<CarrierOutcome>;
  /**
   * Asks to take over the order as it is given now, an address changed, under the number it was placed with; null: this carrier cannot be asked.
   * Accepted means that the carrier agreed, not that no courier is on the old way. Asking twice is as asking once. @throws as `placeOrder`
   */
  readonly correctOrder: ((order: PostalOrder, signal?: AbortSignal) => Promise<CarrierOutcome>) | null;
  /**
   * What the order would cost; null: this carrier cannot be asked. Changes nothing, and names nobody.
   * @throws REQUEST_INVALID; CARRIER_UNAVAILABLE, CARRIER_REFUSED, CARRIER_ANSWER_INVALID, CANCELLED
   */
  readonly quoteOrder: ((order: PostalOrder, signal?: AbortSignal) => Promise<readonly QuotedService[]>) | null;
  /**
   * The next page of the account's feed; `cursor` null: from its start. Reading changes nothing and can be repeated.
   * @throws CARRIER_UNAVAILABLE, CARRIER_ANSWER_INVALID, CANCELLED
   */
  trackingPage(cursor: string | null, signal?: AbortSignal): Promise<TrackingPage>;
  /** Asks whether the carrier has this order, where `lookup` is `by-number`; null otherwise. @throws CARRIER_UNAVAILABLE, CARRIER_ANSWER_INVALID */
  readonly findOrder: ((orderNumber: string, signal?: AbortSignal) => Promise<{ readonly found: boolean; readonly trackingNumber: string | null; readonly raw: string }>) | null;
  /** Everything the carrier tells about one order, where it can be asked; null otherwise. @throws CARRIER_UNAVAILABLE, CARRIER_ANSWER_INVALID, CANCELLED */
  readonly trackOrder: ((orderNumber: string, signal?: AbortSignal) => Promise<readonly CarrierEvent[]>) | null;
  /**
   * Everything the carrier has on record of a Vietnamese day (ISO date), as events of its orders; null: it cannot be asked by day.
   * @throws CARRIER_UNAVAILABLE, CARRIER_REFUSED, CARRIER_ANSWER_INVALID, CANCELLED
   */
  readonly listDay: ((day: string, signal?: AbortSignal) => Promise<readonly CarrierEvent[]>) | null;
  /**
   * Our numbers of the orders that an incoming call of the carrier is about; null: this carrier does not call. A hint: nothing of it is
   * believed before it was read again with `trackOrder`. @throws UNAUTHENTICATED, REQUEST_MALFORMED
   */
  readonly readHint: ((body: Uint8Array) => readonly string[]) | null;
}
