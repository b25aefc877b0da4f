import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { PostalState } from '../domain/postal-state.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lease } from '../ports/outbox.ts';
import type { CarrierOutcome, PostalCarrier } from '../ports/postal-carrier.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import type { RetrySchedule } from '../domain/retry-schedule.ts';
import { announcePost } from './announce-post.ts';
import { parked, postponed, retried } from './deliver.ts';
import type { DeliveryHandler, Handled, HeldLease } from './delivery-handler.ts';
import { LEASE_MS } from './hold-lease.ts';
import { accountOf, type PostalAccount } from './order-post.ts';

export interface PlacePostalPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly chance: Chance;
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
    onParked: async (tx, lease, { outcomeUnknown, error }, at) => {
      const order = lease.postalOrderId === null ? null : await tx.postal.lock(lease.postalOrderId);
      if (order === null || !isPlacing(order.state)) return;
      const state = outcomeUnknown && order.state !== 'QUEUED' ? 'UNKNOWN' : order.state;
      await move(tx, ports.chance, order, { state, reason: error.detail, carrierText: null, trackingNumber: null, event: state === 'UNKNOWN' ? 'postal.unknown' : null }, at);
    },
  };
}

/** States in which the delivery engine is still in charge of the order. */
function isPlacing(state: PostalState): boolean {
  return state === 'QUEUED' || state === 'SUBMITTED' || state === 'UNKNOWN';
}

const SETTLED: Handled = { settlement: { state: 'delivered' }, attempt: { outcome: 'delivered', code: null, detail: null } };

async function place(ports: PlacePostalPorts, held: HeldLease): Promise<Handled> {
  const { lease, signal } = held;
  const order = await orderOf(ports.records, lease);
  if (!isPlacing(order.state)) return SETTLED; // the feed or a person was faster
  const { carrier } = accountOf(ports.accounts, order.carrier);
  if (order.state !== 'QUEUED') {
    const answer = await lookUp(ports, carrier, order, lease, signal);
    if (answer !== 'not-there') return answer;
  }
  if (!(await markSubmitted(ports, lease, order.id))) return SETTLED;
  held.beginSending();
  try {
    return handled(ports, lease, order, await carrier.placeOrder(order, signal));
  } catch (error) {
    // By the port's contract these say that nothing reached the carrier.
    if (!isGatewayError(error, 'CARRIER_UNAVAILABLE', 'CANCELLED', 'REQUEST_INVALID')) throw error;
    if (error.code === 'REQUEST_INVALID') return handled(ports, lease, order, { outcome: 'rejected', carrierText: error.message, raw: null, trackingNumber: null });
    const again = retried(ports, lease, { outcome: 'retry', code: error.code, detail: error.message, retryAfterMs: error.retryAfterMs ?? null });
    return { ...again, record: (tx, at) => tx.postal.setState(order.id, 'QUEUED', error.message, at, null, null) };
  }
}

async function orderOf(records: Records, lease: Lease): Promise<PostalOrder> {
  const order = lease.postalOrderId === null ? null : await records.postal.find(lease.postalOrderId);
  if (order === null) throw new GatewayError('INTERNAL', `Delivery ${lease.id} has no postal order`);
  return order;
}

/** An order that may have been placed before: only a carrier that can be asked by number allows more than waiting. */
async function lookUp(ports: PlacePostalPorts, carrier: PostalCarrier, order: PostalOrder, lease: Lease, signal: AbortSignal): Promise<Handled | 'not-there'> {
  if (carrier.findOrder === null) {
    return parked(lease, 'outcome-unknown', { code: 'CARRIER_ANSWER_INVALID', detail: 'The order may have been placed; its carrier cannot be asked by number: watching the feed' }, true);
  }
  const found = await carrier.findOrder(order.orderNumber, signal);
  const believedFrom = new Date(order.stateAt.getTime() + ports.quarantineMs);
  if (!found.found && believedFrom > ports.clock.now()) return postponed(lease, believedFrom, { code: 'CARRIER_ANSWER_INVALID', detail: 'The carrier does not know the order yet: asking again before placing it anew' });
  if (!found.found) return 'not-there';
  return handled(ports, lease, order, { outcome: 'accepted', carrierText: 'found by its number', raw: found.raw, trackingNumber: found.trackingNumber });
}

/** False: the order is no longer to be placed. @throws CANCELLED when the lease is not ours any more */
function markSubmitted({ records, clock }: PlacePostalPorts, lease: Lease, id: PostalOrderId): Promise<boolean> {
  const now = clock.now();
  return records.transaction(async (tx) => {
    const order = await tx.postal.lock(id);
    if (order === null || !isPlacing(order.state)) return false;
    if (!(await tx.outbox.renew(lease, new Date(now.getTime() + LEASE_MS)))) throw new GatewayError('CANCELLED', 'The lease was lost');
    await tx.postal.setState(id, 'SUBMITTED', null, now, null, null);
    return true;
  });
}

function handled({ chance }: PlacePostalPorts, lease: Lease, order: PostalOrder, { outcome, carrierText, trackingNumber }: CarrierOutcome): Handled {
  if (outcome === 'unknown') return parked(lease, 'outcome-unknown', { code: 'CARRIER_ANSWER_INVALID', detail: carrierText }, true);
  const accepted = outcome === 'accepted';
  return {
    settlement: { state: 'delivered' },
    attempt: { outcome: accepted ? 'delivered' : 'refused', code: accepted ? null : 'CARRIER_REFUSED', detail: carrierText },
    record: async (tx, at) => {
      const now = await tx.postal.lock(order.id);
      if (now === null || !isPlacing(now.state)) return; // the feed was faster
      const change = accepted
        ? { state: 'ACCEPTED' as const, reason: null, event: 'postal.accepted' as const }
        : { state: 'REJECTED' as const, reason: carrierText, event: 'postal.refused' as const };
      await move(tx, chance, now, { ...change, carrierText, trackingNumber }, at);
    },
  };
}

interface Move {
  readonly state: PostalState;
  readonly reason: string | null;
  readonly carrierText: string | null;
  readonly trackingNumber: string | null;
  readonly event: 'postal.accepted' | 'postal.refused' | 'postal.unknown' | null;
}

async function move(tx: RecordSet, chance: Chance, order: PostalOrder, { state, reason, carrierText, trackingNumber, event }: Move, at: Date): Promise<void> {
  const moved: PostalOrder = { ...order, state, stateReason: reason, stateAt: at, carrierText: carrierText ?? order.carrierText, trackingNumber: trackingNumber ?? order.trackingNumber };
  await tx.postal.setState(order.id, state, reason, at, moved.carrierText, moved.trackingNumber);
  if (event === null) return;
  await tx.dossiers.addEvent(order.dossierCode, {
    kind: event,
    at,
    actor: null,
    messageId: null,
    deliveryId: null,
    postalOrderId: order.id,
    data: { carrier: order.carrier, orderNumber: order.orderNumber, state, detail: reason },
  });
  await announcePost(tx, chance, moved, null, at);
}
