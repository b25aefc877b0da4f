import { countAttempts, endOfWorkingDay, limitsAt, type Holidays } from '../../domain/postal-limits.ts';
import type { PostalOrder, TrackingEvent } from '../../domain/postal-order.ts';
import type { PostalOrderView } from './postal.ts';

/** An order and its events, without the addresses of sender and recipient and without the carrier's raw answers. */
export function postalOrderViewOf(order: PostalOrder, events: readonly TrackingEvent[], holidays: Holidays = NO_HOLIDAYS): PostalOrderView {
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
    roundTripOf: order.detail.roundTripOf,
    deadline: deadlineOf(order, events, holidays),
    events: events.map(eventViewOf),
    createdAt: createdAt.toISOString(),
  };
}

const NO_HOLIDAYS: Holidays = new Set();

/** Counted from the day the post took the papers (J), by the limits in force on that day. */
function deadlineOf({ state }: PostalOrder, events: readonly TrackingEvent[], holidays: Holidays): PostalOrderView['deadline'] {
  const accepted = events.find(({ status }) => status === 'PICKED_UP')?.occurredAt;
  const limits = accepted === undefined ? null : limitsAt(accepted);
  if (accepted === undefined || limits === null) return null;
  const failedAt = events.filter(({ status }) => status === 'DELIVERY_FAILED').map(({ occurredAt }) => occurredAt);
  const { failed, nextFrom, returnDue } = countAttempts(state, failedAt, limits, holidays);
  return {
    deliverBy: endOfWorkingDay(accepted, limits.deliverWithinDays, holidays).toISOString(),
    withAppointmentBy: endOfWorkingDay(accepted, limits.deliverWithAppointmentDays, holidays).toISOString(),
    legalBasis: limits.legalBasis,
    failedAttempts: failed.length,
    nextAttemptFrom: nextFrom?.toISOString() ?? null,
    returnDue,
  };
}

function eventViewOf({ occurredAt, receivedAt, source, status, carrierCode, carrierText }: TrackingEvent): PostalOrderView['events'][number] {
  return { occurredAt: occurredAt.toISOString(), receivedAt: receivedAt.toISOString(), source, status, carrierCode, carrierText };
}
