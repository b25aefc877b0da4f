import type { EventSource, PostalOrder, TrackingEvent, TrackingFacts } from '../domain/postal-order.ts';
import { isPlacing, standingAfter } from '../domain/postal-state.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { Wake } from '../ports/outbox.ts';
import type { CarrierEvent } from '../ports/postal-carrier.ts';
import type { RecordSet } from '../ports/records.ts';
import { announcePosts } from './announce-post.ts';
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
  readonly contradicting: readonly TrackingFacts[];
}

/** Events that one round of statements takes. */
const AT_ONCE = 500;

/**
 * Records what a carrier tells, each event once however often it is told, and brings every order it is about to where all its events say
 * it is; the parties are told once. Events under a number that is not ours are kept too. Meant to run in one transaction, which
 * also moves the cursor where there is one. Costs some ten statements for five hundred events, not ten for each.
 */
export async function recordPostalEvents(tx: RecordSet, ports: AttestPorts, told: ToldEvents): Promise<RecordedEvents> {
  let recorded: RecordedEvents = { wakes: [], news: [], contradicting: [] };
  for (const events of roundsOf(told.events)) {
    const { wakes, news, contradicting } = await recordRound(tx, ports, { ...told, events });
    recorded = { wakes: [...recorded.wakes, ...wakes], news: [...recorded.news, ...news], contradicting: [...recorded.contradicting, ...contradicting] };
  }
  return recorded;
}

/** All events of an order in one round, and the orders by number: so are they locked. */
function roundsOf(events: readonly CarrierEvent[]): readonly (readonly CarrierEvent[])[] {
  const sorted = [...events].sort((a, b) => (a.orderNumber < b.orderNumber ? -1 : a.orderNumber > b.orderNumber ? 1 : 0));
  const rounds: CarrierEvent[][] = [];
  for (const event of sorted) {
    const round = rounds.at(-1);
    if (round === undefined || (round.length >= AT_ONCE && round.at(-1)?.orderNumber !== event.orderNumber)) rounds.push([event]);
    else round.push(event);
  }
  return rounds;
}

interface Touched {
  readonly order: PostalOrder;
  readonly news: TrackingEvent[];
  trackingNumber: string | null;
}

async function recordRound(tx: RecordSet, ports: AttestPorts, { carrier, source, events, at }: ToldEvents): Promise<RecordedEvents> {
  const orders = new Map((await tx.postal.lockByNumbers(carrier, [...new Set(events.map(({ orderNumber }) => orderNumber))])).map((order) => [order.orderNumber, order]));
  const told = events.map(({ trackingNumber, ...facts }) => {
    const event: TrackingEvent = { ...facts, id: ports.chance.uuid(), carrier, postalOrderId: orders.get(facts.orderNumber)?.id ?? null, source, receivedAt: at };
    return { event, trackingNumber };
  });
  const added = await tx.postal.addEvents(told.map(({ event }) => event));
  const fresh = told.filter(({ event }) => added.has(event.id));
  const touched = new Map<string, Touched>();
  for (const { event, trackingNumber } of fresh) {
    const order = orders.get(event.orderNumber);
    if (order === undefined) continue;
    const known = touched.get(event.orderNumber) ?? { order, news: [], trackingNumber: null };
    known.news.push(event);
    known.trackingNumber = trackingNumber ?? known.trackingNumber;
    touched.set(event.orderNumber, known);
  }
  return { ...(await settleOrders(tx, ports, [...touched.values()], at)), news: fresh.map(({ event }) => event) };
}

/** Where the orders stand now by all their events, unknown outcomes resolved where the carrier knows the number, and the parties told. */
async function settleOrders(tx: RecordSet, ports: AttestPorts, touched: readonly Touched[], at: Date): Promise<Omit<RecordedEvents, 'news'>> {
  const histories = await tx.postal.histories(touched.map(({ order }) => order.id));
  const settled = touched.map(({ order, news, trackingNumber }) => {
    const { standing, reason, contradicting } = standingAfter(order, histories.get(order.id) ?? [], at);
    const now: PostalOrder = { ...order, state: standing.state, stateReason: reason, stateAt: standing.at, carrierText: standing.carrierText, trackingNumber: order.trackingNumber ?? trackingNumber };
    const isNew = new Set(news.map(({ id }) => id));
    return { order, now, news, contradicting: contradicting.filter(({ id }) => isNew.has(id)) };
  });
  await tx.postal.setStates(settled.map(({ now }) => now));
  const wakes: Wake[] = [];
  for (const { order, now } of settled) if (isPlacing(order.state) && !isPlacing(now.state)) wakes.push(...(await endDelivery(tx, order, at)));
  wakes.push(...(await announcePosts(tx, ports, settled.map(({ now, news }) => ({ order: now, event: news.at(-1) ?? null })), at)));
  await tx.dossiers.addEvents(settled.flatMap(({ now, news }) => news.map((event) => timelineEventOf(now, event))));
  return { wakes, contradicting: settled.flatMap(({ contradicting }) => contradicting) };
}

/** A worker that is at it right now finds the order settled when it writes down its result, and ends the delivery itself. */
async function endDelivery(tx: RecordSet, order: PostalOrder, at: Date): Promise<readonly Wake[]> {
  return (await tx.outbox.finish(deliveryOf(order), 'delivered', at)) ? nextOfLane(tx, order, at) : [];
}

function timelineEventOf(order: PostalOrder, event: TrackingEvent): Parameters<RecordSet['dossiers']['addEvents']>[0][number] {
  return {
    dossierCode: order.dossierCode,
    kind: event.status === 'DELIVERED' ? 'postal.delivered' : 'postal.event',
    at: event.occurredAt,
    actor: null,
    messageId: null,
    deliveryId: null,
    postalOrderId: order.id,
    data: { carrier: order.carrier, status: event.status, carrierCode: event.carrierCode, carrierText: event.carrierText, state: order.state, orderNumber: order.orderNumber, source: event.source },
  };
}
