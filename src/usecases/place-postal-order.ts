import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import { isPlacing, type PostalState } from '../domain/postal-state.ts';
import type { RetrySchedule } from '../domain/retry-schedule.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { DeliveryError, Lease, Wake } from '../ports/outbox.ts';
import type { CarrierOutcome, PostalCarrier } from '../ports/postal-carrier.ts';
import type { PlacingChange } from '../ports/postal-records.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { announcePosts } from './announce-post.ts';
import { parked, postponed, retried } from './deliver.ts';
import type { DeliveryHandler, Handled, HeldLease } from './delivery-handler.ts';
import { LEASE_MS } from './hold-lease.ts';
import { accountOf, numberFromPool, type PostalAccount } from './order-post.ts';

export interface PlacePostalPorts extends AttestPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly accounts: readonly PostalAccount[];
  readonly schedule: RetrySchedule;
  /** How long after an unknown outcome a carrier's "no such order" is not believed yet: an order may take effect late. */
  readonly quarantineMs: number;
}

/**
 * Places orders with carriers, each at most once. The order is marked SUBMITTED, fenced by the lease, before a byte leaves; once it
 * is, nothing sends it again but the carrier's own word that it does not have it, or a person's decision.
 */
export function postalHandler(ports: PlacePostalPorts): DeliveryHandler {
  return {
    attempt: (held) => place(ports, held),
    onParked: async (tx, lease, { error }, at) => {
      const order = lease.postalOrderId === null ? null : await tx.postal.lock(lease.postalOrderId);
      if (order === null) return [];
      // The feed knew the order before the answer to it was lost: there is nothing left to decide, and nothing for the lane to wait for.
      if (!isPlacing(order.state)) {
        await tx.outbox.finish(lease.id, 'delivered', at);
        return [];
      }
      const state = order.state === 'QUEUED' ? 'QUEUED' : 'UNKNOWN';
      return move(tx, ports, order.id, { ...silently(state, error.detail), event: state === 'UNKNOWN' ? 'postal.unknown' : null }, at);
    },
  };
}

const SETTLED: Handled = { settlement: { state: 'delivered', proof: null }, attempt: { outcome: 'delivered', code: null, detail: null } };

async function place(ports: PlacePostalPorts, held: HeldLease): Promise<Handled> {
  const { signal } = held;
  const order = await orderOf(ports.records, held.lease);
  if (!isPlacing(order.state)) return SETTLED; // the feed or a person was faster
  const account = accountOf(ports.accounts, order.carrier);
  const { carrier } = account;
  if (order.state !== 'QUEUED') {
    const answer = await lookUp(ports, carrier, order, held.lease, signal);
    if (answer !== 'not-there') return answer;
  }
  // Nothing is in doubt now, even if a worker was lost on the way here: it had not marked the order.
  const lease: Lease = { ...held.lease, outcomeUnknown: false, unknownSince: null };
  const waits = unmappedOf(account, order);
  if (waits !== null) return handledFailure(ports, carrier, lease, order, waits);
  const marked = await markSubmitted(ports, account, lease, order);
  if (marked === 'no-number') return handledFailure(ports, carrier, lease, order, new GatewayError('CARRIER_REFUSED', `Waits, nothing was sent: no number of a parcel is left for ${order.carrier}: “lienthong postal numbers add”`));
  if (marked === null) return SETTLED;
  try {
    held.beginSending();
    return handled(ports, carrier, lease, marked, await carrier.placeOrder(marked, signal));
  } catch (error) {
    return handledFailure(ports, carrier, lease, marked, error);
  }
}

/** Waits, unsent, until the operator's settings know the place: nothing that the caller or a clerk could mend, and nothing to guess. */
function unmappedOf({ carrier, placeCodesVersion }: PostalAccount, order: PostalOrder): GatewayError | null {
  const faults = carrier.unmappedPlaces(order);
  if (faults.length === 0) return null;
  const list = placeCodesVersion === undefined ? '' : ` (list of codes ${placeCodesVersion})`;
  return new GatewayError('CARRIER_REFUSED', `Waits, nothing was sent: ${faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')}${list}`, { faults });
}

async function orderOf(records: Records, lease: Lease): Promise<PostalOrder> {
  const order = lease.postalOrderId === null ? null : await records.postal.find(lease.postalOrderId);
  if (order === null) throw new GatewayError('INTERNAL', `Delivery ${lease.id} has no postal order`);
  return order;
}

/** An order that may have been placed before: only a carrier that can be asked by number allows more than waiting. */
async function lookUp(ports: PlacePostalPorts, carrier: PostalCarrier, order: PostalOrder, lease: Lease, signal: AbortSignal): Promise<Handled | 'not-there'> {
  if (carrier.findOrder === null) {
    return parkedUnknown(lease, { code: 'CARRIER_ANSWER_INVALID', detail: 'The order may have been placed; its carrier cannot be asked by number: watching the feed' });
  }
  const found = await carrier.findOrder(order.orderNumber, signal);
  if (found.found) return handled(ports, carrier, lease, order, { outcome: 'accepted', carrierText: 'found by its number', raw: found.raw, trackingNumber: found.trackingNumber });
  const believedFrom = new Date(Math.max(order.stateAt.getTime(), lease.unknownSince?.getTime() ?? 0) + ports.quarantineMs);
  if (believedFrom <= ports.clock.now()) return 'not-there';
  return postponed(lease, believedFrom, { code: 'CARRIER_ANSWER_INVALID', detail: 'The carrier does not know the order yet: asking again before placing it anew' });
}

/** The order as it is sent. Null: it is no longer to be placed. @throws CANCELLED when the lease is not ours any more */
async function markSubmitted({ records, clock }: PlacePostalPorts, account: PostalAccount, lease: Lease, order: PostalOrder): Promise<PostalOrder | 'no-number' | null> {
  const now = clock.now();
  const until = new Date(now.getTime() + LEASE_MS);
  const lacksNumber = account.carrier.numbering === 'pool' && order.trackingNumber === null;
  const marked = lacksNumber ? await records.transaction((tx) => markNumbered(tx, account, { lease, until, now })) : await records.postal.markSubmitted(lease, until, now);
  if (marked === 'lease-lost') throw new GatewayError('CANCELLED', 'The lease was lost');
  return marked;
}

interface Marking {
  readonly lease: Lease;
  readonly until: Date;
  readonly now: Date;
}

/** With a number of the pool's, taken and marked together. */
async function markNumbered(tx: RecordSet, account: PostalAccount, { lease, until, now }: Marking): Promise<PostalOrder | 'no-number' | 'lease-lost' | null> {
  const order = lease.postalOrderId === null ? null : await tx.postal.lock(lease.postalOrderId);
  if (order === null || !isPlacing(order.state)) return null;
  const numbered = await numberFromPool(tx, account, order, now);
  return numbered.trackingNumber === null ? 'no-number' : tx.postal.markSubmitted(lease, until, now);
}

function handled(ports: PlacePostalPorts, carrier: PostalCarrier, lease: Lease, order: PostalOrder, { outcome, carrierText, trackingNumber }: CarrierOutcome): Handled {
  if (outcome === 'unknown') return handledUnknown(ports, carrier, lease, order, { code: 'CARRIER_ANSWER_INVALID', detail: carrierText });
  const accepted = outcome === 'accepted';
  const change = accepted ? { state: 'ACCEPTED' as const, reason: null, event: 'postal.accepted' as const } : { state: 'REJECTED' as const, reason: carrierText, event: 'postal.refused' as const };
  return {
    settlement: { state: 'delivered', proof: null },
    attempt: { outcome: accepted ? 'delivered' : 'refused', code: accepted ? null : 'CARRIER_REFUSED', detail: carrierText },
    record: (tx, at) => move(tx, ports, order.id, { ...change, carrierText, trackingNumber }, at),
  };
}

/** Bytes left and nothing came back: asked again by number where that can be done, otherwise the feed or a person decides. */
function handledUnknown(ports: PlacePostalPorts, carrier: PostalCarrier, lease: Lease, order: PostalOrder, error: DeliveryError): Handled {
  if (carrier.findOrder === null) return parkedUnknown(lease, error);
  const again = retried(ports, lease, { outcome: 'unknown', ...error, retryAfterMs: null });
  return { ...again, record: (tx, at) => move(tx, ports, order.id, silently('UNKNOWN', error.detail), at) };
}

/** By the port's contract a typed failure says that nothing reached the carrier: the order is unsent again. What we do not understand says nothing. */
function handledFailure(ports: PlacePostalPorts, carrier: PostalCarrier, lease: Lease, order: PostalOrder, error: unknown): Handled {
  if (!isGatewayError(error, 'CARRIER_UNAVAILABLE', 'CARRIER_REFUSED', 'CANCELLED', 'REQUEST_INVALID')) throw error;
  if (error.code === 'REQUEST_INVALID') return handled(ports, carrier, lease, order, { outcome: 'rejected', carrierText: error.message, raw: null, trackingNumber: null });
  const unsent: DeliveryError = { code: error.code, detail: error.message };
  const again = error.code === 'CANCELLED' ? postponed(lease, ports.clock.now(), unsent) : retried(ports, lease, { outcome: 'retry', ...unsent, retryAfterMs: error.retryAfterMs ?? null });
  return { ...again, record: (tx, at) => move(tx, ports, order.id, silently('QUEUED', error.message), at) };
}

function parkedUnknown(lease: Lease, error: DeliveryError): Handled {
  return { ...parked(lease, 'outcome-unknown', error, true), attempt: { outcome: 'unknown', ...error } };
}

interface Move extends PlacingChange {
  readonly event: 'postal.accepted' | 'postal.refused' | 'postal.unknown' | null;
}

/** Between this gateway and the carrier still: no party is told. */
function silently(state: PostalState, reason: string): Move {
  return { state, reason, carrierText: null, trackingNumber: null, event: null };
}

/** Only while the feed has not told more than the answer does. */
async function move(tx: RecordSet, ports: AttestPorts, id: PostalOrderId, { event, ...change }: Move, at: Date): Promise<readonly Wake[]> {
  const order = await tx.postal.movePlacing(id, change, at);
  if (order === null || event === null) return [];
  const { carrier, orderNumber, state, stateReason } = order;
  const told = { kind: event, at, actor: null, messageId: null, deliveryId: null, postalOrderId: id, data: { carrier, orderNumber, state, detail: stateReason } };
  return announcePosts(tx, ports, [{ order, event: null, told }], at);
}
