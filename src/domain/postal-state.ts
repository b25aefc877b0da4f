import type { PostalOrder, TrackingFacts } from './postal-order.ts';

/** States the gateway gives an order from what it did itself. UNKNOWN: sent, and no understandable answer came. */
const PLACING_STATES = ['DRAFT', 'QUEUED', 'SUBMITTED', 'REJECTED', 'UNKNOWN'] as const;

/** States that follow from what the carrier tells. */
export const TRACKED_STATES = [
  'ACCEPTED',
  'PICKUP_SCHEDULED',
  'PICKUP_FAILED',
  'PICKED_UP',
  'IN_TRANSIT',
  'AT_DELIVERY_OFFICE',
  'OUT_FOR_DELIVERY',
  'DELIVERY_FAILED',
  'HELD_FOR_COLLECTION',
  'ON_HOLD',
  'DAMAGED',
  'LOST',
  'EXPIRED',
  'CANCELLED',
  'RETURNING',
  'RETURNED',
  'DELIVERED',
] as const;
export type TrackedState = (typeof TRACKED_STATES)[number];

/**
 * What a carrier's code says of the parcel. NOTED: documented, and it says nothing about where the parcel is, or leaves open what became of it (money,
 * a part of it). UNKNOWN: nobody told us what it means, and somebody should. Neither moves a state.
 */
export const EVENT_STATUSES = [...TRACKED_STATES, 'NOTED', 'UNKNOWN'] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

export function isTracked(status: EventStatus): status is TrackedState {
  return status !== 'NOTED' && status !== 'UNKNOWN';
}

export const POSTAL_STATES = [...PLACING_STATES, ...TRACKED_STATES] as const;
export type PostalState = (typeof POSTAL_STATES)[number];

/** After these nothing more is expected of the carrier. What is lost may still be found. */
export const OVER_STATES = ['REJECTED', 'EXPIRED', 'CANCELLED', 'RETURNED', 'DELIVERED'] as const satisfies readonly PostalState[];

export function isOver(state: PostalState): boolean {
  const over: readonly PostalState[] = OVER_STATES;
  return over.includes(state);
}

/** The gateway is still at placing the order: no word of the carrier, and no decision, has said what became of it. */
export const SENDING_STATES = ['QUEUED', 'SUBMITTED', 'UNKNOWN'] as const satisfies readonly PostalState[];

export function isPlacing(state: PostalState): boolean {
  const sending: readonly PostalState[] = SENDING_STATES;
  return sending.includes(state);
}

/** Whether the carrier has the order, and nobody has collected the parcel yet, as far as is known. */
export function isAwaitingCollection(state: PostalState): boolean {
  return state === 'ACCEPTED' || state === 'PICKUP_SCHEDULED' || state === 'PICKUP_FAILED';
}

const IN_CARE = [
  'IN_TRANSIT',
  'AT_DELIVERY_OFFICE',
  'OUT_FOR_DELIVERY',
  'DELIVERY_FAILED',
  'HELD_FOR_COLLECTION',
  'ON_HOLD',
  'DAMAGED',
  'LOST',
  'CANCELLED',
  'RETURNING',
  'RETURNED',
  'DELIVERED',
] as const satisfies readonly TrackedState[];
const BEFORE_CARE = ['PICKUP_SCHEDULED', 'PICKUP_FAILED', 'PICKED_UP', 'EXPIRED', ...IN_CARE] as const satisfies readonly TrackedState[];

/**
 * What may follow what, by time of occurrence. A parcel may be attempted, held, forwarded any number of times; it is not collected
 * twice. Delivered and returned are ends. A parcel on its way back is never "delivered": carriers use that word for its sender too.
 * A cancellation gives way to facts: what was collected all the same is where the carrier says it is.
 */
const FOLLOWERS = {
  ACCEPTED: BEFORE_CARE,
  PICKUP_SCHEDULED: BEFORE_CARE,
  PICKUP_FAILED: BEFORE_CARE,
  PICKED_UP: IN_CARE,
  IN_TRANSIT: IN_CARE,
  AT_DELIVERY_OFFICE: IN_CARE,
  OUT_FOR_DELIVERY: IN_CARE,
  DELIVERY_FAILED: IN_CARE,
  HELD_FOR_COLLECTION: IN_CARE,
  ON_HOLD: BEFORE_CARE,
  DAMAGED: IN_CARE,
  LOST: IN_CARE,
  EXPIRED: BEFORE_CARE,
  CANCELLED: ['PICKED_UP', ...IN_CARE],
  RETURNING: ['RETURNED', 'DAMAGED', 'LOST'],
  RETURNED: [],
  DELIVERED: [],
} as const satisfies Record<TrackedState, readonly TrackedState[]>;

/** Whether an order that stands at `from` may be told to stand at `to`. */
export function mayFollow(from: TrackedState, to: TrackedState): boolean {
  const followers: readonly TrackedState[] = FOLLOWERS[from];
  return from === to || followers.includes(to);
}

export interface PostalStanding {
  readonly state: PostalState;
  /** When what the state tells happened. */
  readonly at: Date;
  readonly carrierText: string | null;
}

export interface AppliedEvents {
  readonly standing: PostalStanding;
  /** Events that contradict the log before them, or claim to be from the future: kept and shown, without effect on the state. */
  readonly contradicting: readonly TrackingFacts[];
}

/** A carrier's clock may be ahead of ours by this much. */
const MAX_AHEAD_MS = 10 * 60_000;

/**
 * Where an order stands by *all* its events; in which order they arrived or are given makes no difference. Call it with every event
 * recorded, each time one is added. An event that says nothing of the parcel, or nobody knows what, never changes the state; its text is shown. When no event says
 * anything about the state, the state given stays.
 */
export function applyEvents(given: PostalStanding, events: readonly TrackingFacts[]): AppliedEvents {
  const ordered = [...events].sort(byOccurrence);
  const contradicting: TrackingFacts[] = [];
  let tracked: TrackedState | null = null;
  let at = given.at;
  for (const event of ordered) {
    if (!isTracked(event.status)) continue;
    if (isFromFuture(event) || (tracked !== null && !mayFollow(tracked, event.status))) {
      contradicting.push(event);
      continue;
    }
    if (tracked !== event.status) at = event.occurredAt;
    tracked = event.status;
  }
  return { standing: { state: tracked ?? given.state, at, carrierText: ordered.at(-1)?.carrierText ?? given.carrierText }, contradicting };
}

/**
 * Whether what the carrier tells, of whatever code, shows that it has an order that we do not count as placed: its answer was lost, or it was
 * cancelled here without asking the carrier, which acted late. It is adopted then, and never placed again.
 */
export function isAdopted(state: PostalState, events: readonly TrackingFacts[]): boolean {
  const ofCarrier = events.some(({ source }) => source !== 'manual');
  const cancelledHere = state === 'CANCELLED' && !events.some(({ status }) => status === 'CANCELLED');
  return ofCarrier && (isPlacing(state) || cancelledHere);
}

/**
 * Where an order stands after something was told of it: by all its events, and adopted first where the carrier knows one that we do not count
 * as placed. Which of them came first makes no difference to the state.
 * @param events every event on record, in any order
 */
export function standingAfter(order: Pick<PostalOrder, 'state' | 'stateAt' | 'stateReason' | 'carrierText'>, events: readonly TrackingFacts[], at: Date): AppliedEvents & { readonly reason: string | null } {
  const { state, carrierText, stateAt, stateReason } = order;
  const adopted = isAdopted(state, events);
  const applied = applyEvents(adopted ? { state: 'ACCEPTED', at, carrierText } : { state, at: stateAt, carrierText }, events);
  if (!adopted) return { ...applied, reason: applied.standing.state === state ? stateReason : null };
  return { ...applied, reason: state === 'CANCELLED' ? 'cancelled here, and yet the carrier has it: cancel it there, or let it come' : 'the carrier knows the order number' };
}

function isFromFuture(event: TrackingFacts): boolean {
  return event.occurredAt.getTime() > event.receivedAt.getTime() + MAX_AHEAD_MS;
}

/** Carriers give whole seconds: of two events in one, the one further along comes last; the id decides the rest, the same way always. */
function byOccurrence(a: TrackingFacts, b: TrackingFacts): number {
  return a.occurredAt.getTime() - b.occurredAt.getTime() || progressOf(a) - progressOf(b) || (a.carrierEventId < b.carrierEventId ? -1 : a.carrierEventId > b.carrierEventId ? 1 : 0);
}

function progressOf({ status }: TrackingFacts): number {
  return isTracked(status) ? TRACKED_STATES.indexOf(status) : -1;
}
