import type { PostalOrderId } from '../domain/ids.ts';
import type { EventSource, PostalOrder, TrackingEvent } from '../domain/postal-order.ts';
import { isPlacing, standingAfter } from '../domain/postal-state.ts';
import type { Chance } from '../ports/chance.ts';
import type { Wake } from '../ports/outbox.ts';
import type { CarrierEvent } from '../ports/postal-carrier.ts';
import type { RecordSet } from '../ports/records.ts';
import { announcePost } from './announce-post.ts';
import { deliveryOf, nextOfLane } from './order-post.ts';

export interface ToldEvents {
  readonly carrier: string;
  readonly source: EventSource;
  readonly events: readonly CarrierEvent[];
  readonly at: Date;
}

export interface RecordedEvents {
  /** To be handed to the queue after the commit. */
  readonly wakes: readonly Wake[];
  /** Events that were not on record before. */
  readonly news: readonly TrackingEvent[];
  /** Of those, the ones that contradict the log of their order. */
  readonly contradicting: readonly TrackingEvent[];
}

/**
 * Records what a carrier tells, each event once however often it is told, and brings every order it is about to where all its events say
 * it is; the parties are told once. Events under a number that is not ours are kept too. Meant to run in one transaction, which
 * also moves the cursor where there is one.
 */
export async function recordPostalEvents(tx: RecordSet, chance: Chance, told: ToldEvents): Promise<RecordedEvents> {
  const touched = new Map<PostalOrderId, TrackingEvent[]>();
  const trackingNumbers = new Map<PostalOrderId, string>();
  const news: TrackingEvent[] = [];
  for (const event of told.events) {
    const { trackingNumber, ...facts } = event;
    const order = await tx.postal.findByNumber(told.carrier, event.orderNumber);
    const recorded: TrackingEvent = { ...facts, id: chance.uuid(), carrier: told.carrier, postalOrderId: order?.id ?? null, source: told.source, receivedAt: told.at };
    if (!(await tx.postal.addEvent(recorded))) continue;
    news.push(recorded);
    if (order === null) continue;
    touched.set(order.id, [...(touched.get(order.id) ?? []), recorded]);
    if (trackingNumber !== null) trackingNumbers.set(order.id, trackingNumber);
  }
  const wakes: Wake[] = [];
  const contradicting: TrackingEvent[] = [];
  // Always in the same sequence, so that two transactions about the same orders wait for each other instead of both dying.
  for (const [id, ofOrder] of [...touched].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const settled = await settleOrder(tx, chance, id, ofOrder, trackingNumbers.get(id) ?? null, told.at);
    wakes.push(...settled.wakes);
    contradicting.push(...settled.contradicting);
  }
  return { wakes, news, contradicting };
}

/** Where the order stands now by all its events, an unknown outcome resolved where the carrier knows the number, and the parties told. */
async function settleOrder(tx: RecordSet, chance: Chance, id: PostalOrderId, news: readonly TrackingEvent[], trackingNumber: string | null, at: Date): Promise<Omit<RecordedEvents, 'news'>> {
  const order = await tx.postal.lock(id);
  if (order === null) return { wakes: [], contradicting: [] };
  const { standing, reason, contradicting } = standingAfter(order, await tx.postal.events(id), at);
  const now: PostalOrder = { ...order, state: standing.state, stateReason: reason, stateAt: standing.at, carrierText: standing.carrierText, trackingNumber: order.trackingNumber ?? trackingNumber };
  await tx.postal.setState(id, now.state, now.stateReason, now.stateAt, now.carrierText, now.trackingNumber);
  const freed = isPlacing(order.state) && !isPlacing(now.state) ? await endDelivery(tx, order, at) : [];
  const wakes = await announcePost(tx, chance, now, news.at(-1) ?? null, at);
  for (const event of news) await addTimelineEvent(tx, now, event);
  return { wakes: [...freed, ...wakes], contradicting: contradicting.filter((event) => news.some(({ id: newId }) => newId === event.id)) };
}

/** A worker that is at it right now finds the order settled when it writes down its result, and ends the delivery itself. */
async function endDelivery(tx: RecordSet, order: PostalOrder, at: Date): Promise<readonly Wake[]> {
  return (await tx.outbox.finish(deliveryOf(order), 'delivered', at)) ? nextOfLane(tx, order, at) : [];
}

async function addTimelineEvent(tx: RecordSet, order: PostalOrder, event: TrackingEvent): Promise<void> {
  await tx.dossiers.addEvent(order.dossierCode, {
    kind: event.status === 'DELIVERED' ? 'postal.delivered' : 'postal.event',
    at: event.occurredAt,
    actor: null,
    messageId: null,
    deliveryId: null,
    postalOrderId: order.id,
    data: { carrier: order.carrier, status: event.status, carrierCode: event.carrierCode, carrierText: event.carrierText, state: order.state, orderNumber: order.orderNumber, source: event.source },
  });
}
