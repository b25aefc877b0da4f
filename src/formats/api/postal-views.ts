import type { PostalOrder, TrackingEvent } from '../../domain/postal-order.ts';
import type { PostalOrderView } from './postal.ts';

/** An order and its events, without the addresses of sender and recipient and without the carrier's raw answers. */
export function postalOrderViewOf(order: PostalOrder, events: readonly TrackingEvent[]): PostalOrderView {
  const { id, dossierCode, leg, revision, carrier, orderNumber, trackingNumber, state, stateReason, stateAt, carrierText, createdAt } = order;
  return {
    id,
    dossierCode,
    leg,
    revision,
    carrier,
    orderNumber,
    trackingNumber,
    state,
    stateReason,
    stateAt: stateAt.toISOString(),
    carrierText,
    events: events.map(eventViewOf),
    createdAt: createdAt.toISOString(),
  };
}

function eventViewOf({ occurredAt, receivedAt, source, status, carrierCode, carrierText }: TrackingEvent): PostalOrderView['events'][number] {
  return { occurredAt: occurredAt.toISOString(), receivedAt: receivedAt.toISOString(), source, status, carrierCode, carrierText };
}
