import { GatewayError } from '../domain/errors.ts';
import { differencesOf, missingAtCarrier, type ListedOrder, type PostalDifference } from '../domain/postal-difference.ts';
import { isoDayInVietnam } from '../domain/postal-limits.ts';
import type { PostalOrder, TrackingFacts } from '../domain/postal-order.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { CarrierEvent, PostalCarrier } from '../ports/postal-carrier.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { recordPostalEvents } from './record-postal-events.ts';

export interface ReconcilePorts extends AttestPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly queue: JobQueue;
  /** As in `AuditEntry`. */
  readonly actor: string;
}

export interface ReconciledDay {
  readonly carrier: string;
  readonly day: string;
  /** Orders that the carrier tells of. */
  readonly listed: number;
  /** Events that were not on record here, and are now. */
  readonly repaired: number;
  readonly differences: readonly PostalDifference[];
  /** How many of them are new tasks. */
  readonly opened: number;
}

/** An order counts as missing at the carrier only after this: it may not have been collected yet. */
const GRACE_MS = 2 * 86_400_000;

/**
 * Compares one Vietnamese day of a carrier's records with ours. Events that are missing here are recorded, which brings their orders to
 * where they stand; what nobody but a person can settle becomes a task, once, however often the day is compared. Changes nothing at the
 * carrier.
 * @param day ISO date
 * @throws CARRIER_REFUSED when the carrier cannot be asked by day; what `listDay` throws
 */
export async function reconcileDay(ports: ReconcilePorts, carrier: PostalCarrier, day: string, signal?: AbortSignal): Promise<ReconciledDay> {
  if (carrier.listDay === null) throw new GatewayError('CARRIER_REFUSED', `${carrier.carrier} cannot be asked for its records of a day`);
  const events = await carrier.listDay(day, signal);
  const { records, queue } = ports;
  const { day: reconciled, wakes } = await records.transaction(async (tx) => {
    const at = ports.clock.now();
    const recorded = await recordPostalEvents(tx, ports, { carrier: carrier.carrier, source: 'poll', events, at });
    const listed = listedOrders(events);
    const differences = [...(await compareListed(tx, carrier, listed)), ...contradictionsOf(recorded.contradicting), ...(await missing(tx, carrier, day, at))];
    let opened = 0;
    for (const difference of differences) if (await tx.postalTasks.open({ ...difference, id: ports.chance.uuid(), carrier: carrier.carrier, day, openedAt: at })) opened += 1;
    await tx.audit.add({ at, actor: ports.actor, action: 'reconcile-post', subject: `carrier:${carrier.carrier}`, detail: { day, listed: listed.length, repaired: recorded.news.length, differences: differences.length, opened } });
    return { day: { carrier: carrier.carrier, day, listed: listed.length, repaired: recorded.news.length, differences, opened }, wakes: recorded.wakes };
  });
  queue.wake(wakes);
  return reconciled;
}

function listedOrders(events: readonly CarrierEvent[]): ListedOrder[] {
  const numbers = new Map<string, Set<string>>();
  for (const { orderNumber, trackingNumber } of events) {
    const under = numbers.get(orderNumber) ?? new Set();
    if (trackingNumber !== null) under.add(trackingNumber);
    numbers.set(orderNumber, under);
  }
  return [...numbers].map(([orderNumber, trackingNumbers]) => ({ orderNumber, trackingNumbers: [...trackingNumbers] }));
}

async function compareListed(tx: RecordSet, carrier: PostalCarrier, listed: readonly ListedOrder[]): Promise<PostalDifference[]> {
  const found: PostalDifference[] = [];
  for (const one of listed) found.push(...differencesOf(await tx.postal.findByNumber(carrier.carrier, one.orderNumber), one));
  return found;
}

/** An event that does not fit what its order went through before: one of the two records is wrong. */
function contradictionsOf(events: readonly TrackingFacts[]): PostalDifference[] {
  return events.map(({ orderNumber, postalOrderId, carrierCode, occurredAt }) => ({ kind: 'contradiction', orderNumber, postalOrderId, fact: `${carrierCode} ${occurredAt.toISOString()}` }));
}

/** Orders of that day that the carrier took, and of which it has told nothing to this day. */
async function missing(tx: RecordSet, carrier: PostalCarrier, day: string, at: Date): Promise<PostalDifference[]> {
  const orders = await tx.postal.placedOn(carrier.carrier, day);
  const due = orders.filter(({ createdAt }) => at.getTime() - createdAt.getTime() > GRACE_MS && isoDayInVietnam(createdAt) === day);
  const silent: PostalOrder[] = [];
  for (const order of due) if (!(await tx.postal.events(order.id)).some(({ source }) => source !== 'manual')) silent.push(order);
  return silent.flatMap((order) => missingAtCarrier(order) ?? []);
}

export interface CloseTask {
  readonly id: string;
  /** What was found out; kept in the audit trail. */
  readonly note: string;
}

/** A person has dealt with a difference. The same difference is no task again. Audited. @throws STATE_CONFLICT when there is no such open task */
export async function closePostalTask({ records, clock, actor }: Pick<ReconcilePorts, 'records' | 'clock' | 'actor'>, { id, note }: CloseTask): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    if (!(await tx.postalTasks.close(id, at))) throw new GatewayError('STATE_CONFLICT', `There is no open task ${id}: it may have been closed already`);
    await tx.audit.add({ at, actor, action: 'close-postal-task', subject: `postal-task:${id}`, detail: { note } });
  });
}
