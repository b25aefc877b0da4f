import type { PostalOrderId } from './ids.ts';
import type { PostalOrder } from './postal-order.ts';
import { isPlacing } from './postal-state.ts';

/** What a comparison of a carrier's records with ours leaves for a person. */
export const DIFFERENCES = ['order-not-ours', 'order-not-theirs', 'two-parcels', 'tracking-number', 'contradiction'] as const;
export type DifferenceKind = (typeof DIFFERENCES)[number];

export interface PostalDifference {
  readonly kind: DifferenceKind;
  readonly orderNumber: string;
  readonly postalOrderId: PostalOrderId | null;
  /** Says what differs, in numbers and codes: the same difference has the same words, however often it is found. */
  readonly fact: string;
}

/** What the carrier has under one number. */
export interface ListedOrder {
  readonly orderNumber: string;
  readonly trackingNumbers: readonly string[];
}

/** What differs between an order of ours (null: the number is not ours) and what the carrier has under its number. */
export function differencesOf(order: PostalOrder | null, { orderNumber, trackingNumbers }: ListedOrder): PostalDifference[] {
  const of = (kind: DifferenceKind, fact: string): PostalDifference => ({ kind, orderNumber, postalOrderId: order?.id ?? null, fact });
  if (order === null) return [of('order-not-ours', trackingNumbers.join(' '))];
  const found: PostalDifference[] = [];
  if (trackingNumbers.length > 1) found.push(of('two-parcels', [...trackingNumbers].sort().join(' ')));
  if (order.trackingNumber !== null && trackingNumbers.length > 0 && !trackingNumbers.includes(order.trackingNumber)) found.push(of('tracking-number', `${order.trackingNumber} / ${trackingNumbers.join(' ')}`));
  return found;
}

/** An order that the carrier took, by its own answer, and of which it tells nothing. */
export function missingAtCarrier({ id, orderNumber, state }: PostalOrder): PostalDifference | null {
  return isPlacing(state) || state === 'REJECTED' || state === 'CANCELLED' ? null : { kind: 'order-not-theirs', orderNumber, postalOrderId: id, fact: state };
}
