import { createHash } from 'node:crypto';
import { countAttempts, endOfWorkingDay, limitsAt } from '../../domain/postal-limits.ts';
import type { AddressChange } from '../../domain/postal-address-change.ts';
import type { PostalOrder, TrackingEvent } from '../../domain/postal-order.ts';
import type { PostalRules } from '../../domain/postal-rules.ts';
import { readS10 } from '../../domain/s10.ts';
import type { PostalOrderView } from './postal.ts';

/** What happened to an order, as far as it is on record. */
export interface PostalHistory {
  readonly events: readonly TrackingEvent[];
  readonly addressChanges: readonly AddressChange[];
}

export const NO_HISTORY: PostalHistory = { events: [], addressChanges: [] };

/** An order and its history, without the addresses of sender and recipient and without the carrier's raw answers. */
export function postalOrderViewOf(order: PostalOrder, { events, addressChanges }: PostalHistory, rules: PostalRules): PostalOrderView {
  const { id, dossierCode, leg, revision, carrier, orderNumber, trackingNumber, state, stateReason, stateAt, carrierText, createdAt } = order;
  return {
    id,
    dossierCode,
    leg,
    revision,
    carrier,
    orderNumber,
    trackingNumber,
    trackingNumberWarning: trackingNumber === null ? null : warningOf(trackingNumber),
    state,
    stateReason,
    stateAt: stateAt.toISOString(),
    carrierText,
    roundTripOf: order.detail.roundTripOf,
    deadline: deadlineOf(order, events, rules),
    events: events.map(eventViewOf),
    addressChanges: addressChanges.map(({ end, verifiedBy, askedAt, outcome, carrierText }) => ({ end, verifiedBy, askedAt: askedAt.toISOString(), outcome: outcome ?? 'asked', carrierText })),
    createdAt: createdAt.toISOString(),
  };
}

/** Strong: another tag, another order. @see RFC 9110 §8.8.3 */
export function postalOrderTag(view: PostalOrderView): string {
  return `"${createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 32)}"`;
}

/** Whether an `If-Match` names this tag; one that is weak matches nothing. Null: the caller asked for nothing. @see RFC 9110 §13.1.1 */
export function matchesTag(ifMatch: string | null, tag: string): boolean {
  return ifMatch === null || ifMatch.trim() === '*' || ifMatch.split(',').some((one) => one.trim() === tag);
}

/** What is told about the carrier's number, which is kept as it is. */
function warningOf(trackingNumber: string): PostalOrderView['trackingNumberWarning'] {
  const s10 = readS10(trackingNumber);
  if (s10 === null) return 'not-s10';
  return !s10.isCheckDigitRight ? 's10-check-digit' : s10.isReserved ? 's10-reserved' : null;
}

/** Counted from the day the post took the papers (J), by the limits in force on that day. */
function deadlineOf({ state }: PostalOrder, events: readonly TrackingEvent[], { limits: table, holidays }: PostalRules): PostalOrderView['deadline'] {
  const accepted = events.find(({ status }) => status === 'PICKED_UP')?.occurredAt;
  const limits = accepted === undefined ? null : limitsAt(accepted, table);
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
