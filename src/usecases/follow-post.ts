import type { PostalOrderId } from '../domain/ids.ts';
import type { PostalOrder, TrackingEvent } from '../domain/postal-order.ts';
import { applyEvents, isKnownToCarrier } from '../domain/postal-state.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Wake } from '../ports/outbox.ts';
import type { CarrierEvent, PostalCarrier } from '../ports/postal-carrier.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';
import { announcePost } from './announce-post.ts';
import { deliveryOf } from './order-post.ts';

export interface FollowPostPorts {
  readonly records: Records;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/**
 * Reads one page of a carrier's feed and records it: events, cursor, states and what the parties are told, in one transaction, so
 * that no event is lost or told twice whatever crashes when. Asking costs what is new, not what there is.
 * @returns whether asking again at once is useful
 * @throws CARRIER_UNAVAILABLE, CARRIER_ANSWER_INVALID, DATABASE_UNAVAILABLE
 */
export async function followPost(ports: FollowPostPorts, carrier: PostalCarrier, signal?: AbortSignal): Promise<{ readonly events: number; readonly more: boolean }> {
  const { records, clock, log } = ports;
  const cursor = await records.postal.cursor(carrier.account);
  const page = await carrier.trackingPage(cursor, signal);
  if (page.unreadable.length > 0) log.warn('post.unreadable-events', { carrier: carrier.carrier, count: page.unreadable.length });
  if (page.events.length === 0 && page.nextCursor === cursor) return { events: 0, more: false };
  const at = clock.now();
  const wakes = await records.transaction(async (tx) => {
    // Two replicas that read the same page: the second waits here, sees the cursor moved, and leaves it.
    if ((await tx.postal.lockCursor(carrier.account)) !== cursor) return [];
    const touched = await recordEvents(tx, ports.chance, carrier, page.events, at);
    await tx.postal.moveCursor(carrier.account, page.nextCursor, at);
    const told: Wake[] = [];
    for (const [id, events] of touched) told.push(...(await settleOrder(tx, ports.chance, id, events, at)));
    return told;
  });
  ports.queue.wake(wakes);
  return { events: page.events.length, more: page.more };
}

async function recordEvents(tx: RecordSet, chance: Chance, carrier: PostalCarrier, events: readonly CarrierEvent[], at: Date): Promise<Map<PostalOrderId, TrackingEvent[]>> {
  const touched = new Map<PostalOrderId, TrackingEvent[]>();
  for (const event of events) {
    const order = await tx.postal.findByNumber(carrier.carrier, event.orderNumber);
    const recorded: TrackingEvent = { ...event, id: chance.uuid(), carrier: carrier.carrier, postalOrderId: order?.id ?? null, source: 'poll', receivedAt: at };
    const isNew = await tx.postal.addEvent(recorded);
    if (!isNew || order === null) continue;
    touched.set(order.id, [...(touched.get(order.id) ?? []), recorded]);
    if (event.trackingNumber !== null && order.trackingNumber === null) await tx.postal.setState(order.id, order.state, order.stateReason, order.stateAt, order.carrierText, event.trackingNumber);
  }
  return touched;
}

/** Where the order stands now by all its events, an unknown outcome resolved where the feed knows the number, and the parties told. */
async function settleOrder(tx: RecordSet, chance: Chance, id: PostalOrderId, news: readonly TrackingEvent[], at: Date): Promise<readonly Wake[]> {
  const order = await tx.postal.lock(id);
  if (order === null) return [];
  const events = await tx.postal.events(id);
  const adopted = (order.state === 'UNKNOWN' || order.state === 'SUBMITTED') && isKnownToCarrier(events);
  const given = adopted ? { state: 'ACCEPTED' as const, at, carrierText: order.carrierText } : { state: order.state, at: order.stateAt, carrierText: order.carrierText };
  const { standing } = applyEvents(given, events);
  const reason = adopted ? 'the carrier’s feed knows the order number' : standing.state === order.state ? order.stateReason : null;
  await tx.postal.setState(id, standing.state, reason, standing.at, standing.carrierText, order.trackingNumber);
  if (adopted) await tx.outbox.finish(deliveryOf(order), 'delivered', at);
  const now: PostalOrder = { ...order, state: standing.state, stateReason: reason, stateAt: standing.at, carrierText: standing.carrierText };
  for (const event of news) await addTimelineEvent(tx, now, event);
  return announcePost(tx, chance, now, news.at(-1) ?? null, at);
}

async function addTimelineEvent(tx: RecordSet, order: PostalOrder, event: TrackingEvent): Promise<void> {
  await tx.dossiers.addEvent(order.dossierCode, {
    kind: event.status === 'DELIVERED' ? 'postal.delivered' : 'postal.event',
    at: event.occurredAt,
    actor: null,
    messageId: null,
    deliveryId: null,
    postalOrderId: order.id,
    data: { carrier: order.carrier, status: event.status, carrierCode: event.carrierCode, carrierText: event.carrierText, state: order.state, orderNumber: order.orderNumber },
  });
}
