import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { PostalOrder, TrackingEvent } from '../domain/postal-order.ts';
import type { PostalRules } from '../domain/postal-rules.ts';
import { applyEvents, isOver } from '../domain/postal-state.ts';
import type { PostalOrderView } from '../formats/api/postal.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { CarrierOutcome } from '../ports/postal-carrier.ts';
import type { Wake } from '../ports/outbox.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { announcePost } from './announce-post.ts';
import type { Call } from './call.ts';
import { accountOf, deliveryOf, nextOfLane, type PostalAccount } from './order-post.ts';
import { checkReleased } from './hold-store.ts';
import { checkUnchanged, findVisibleOrder, viewPostalOrder } from './read-postal-order.ts';

export interface CancelPostalPorts extends AttestPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly queue: JobQueue;
  readonly rules: PostalRules;
  readonly accounts: readonly PostalAccount[];
}

/**
 * Cancels an order for the partner that placed it: at once when nothing was sent yet, otherwise by asking the carrier. Cancelling
 * again is answered like the first time. What the carrier agreed to gives way to facts: a parcel collected all the same is tracked on.
 * @param ifMatch as in `checkUnchanged`; what changes while the carrier is asked is settled by the state machine
 * @throws POSTAL_ORDER_NOT_FOUND; PRECONDITION_FAILED; STATE_CONFLICT when it is over, being sent, or of unknown outcome; CARRIER_REFUSED;
 * CARRIER_ANSWER_INVALID when the carrier's answer leaves it open; CARRIER_UNAVAILABLE
 */
export async function cancelPostalOrder(ports: CancelPostalPorts, { caller }: Call, id: PostalOrderId, ifMatch: string | null, signal?: AbortSignal): Promise<PostalOrderView> {
  const order = await findVisibleOrder(ports.records, caller, id);
  if (order.requestedBy !== caller.partnerId) throw conflict('Only the system that placed the order can cancel it');
  await checkUnchanged(ports, order, ifMatch);
  if (order.state !== 'CANCELLED') ports.queue.wake(await cancel(ports, order, signal));
  return viewPostalOrder(ports, caller, id);
}

/** The same for whoever administers the gateway; what was asked for, and why, is audited before anything is done. @throws as `cancelPostalOrder` */
export async function cancelAsOperator(ports: CancelPostalPorts, { id, note, actor }: { readonly id: PostalOrderId; readonly note: string; readonly actor: string }, signal?: AbortSignal): Promise<void> {
  const order = await ports.records.postal.find(id);
  if (order === null) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${id}`);
  await ports.records.audit.add({ at: ports.clock.now(), actor, action: 'postal-cancel', subject: `postal-order:${id}`, detail: { note, orderNumber: order.orderNumber } });
  if (order.state !== 'CANCELLED') ports.queue.wake(await cancel(ports, order, signal));
}

async function cancel(ports: CancelPostalPorts, order: PostalOrder, signal: AbortSignal | undefined): Promise<readonly Wake[]> {
  if (order.state === 'QUEUED') return cancelUnsent(ports, order.id);
  if (isOver(order.state)) throw conflict(`The order is ${order.state}: there is nothing left to cancel`);
  if (order.state === 'SUBMITTED') throw conflict('The order is being sent right now: try again in a few seconds');
  if (order.state === 'UNKNOWN') throw conflict('Whether the carrier has the order is unknown: a person has to settle that first');
  await checkReleased(ports.records);
  const outcome = await accountOf(ports.accounts, order.carrier).carrier.cancelOrder(order, signal);
  checkAgreed(order, outcome);
  return ports.records.transaction((tx) => recordCancellation(ports, tx, order.id, outcome));
}

/** The delivery is finished under its row lock: a worker that holds it keeps us out, and one that comes later finds it finished. */
function cancelUnsent(ports: CancelPostalPorts, id: PostalOrderId): Promise<readonly Wake[]> {
  const at = ports.clock.now();
  return ports.records.transaction(async (tx) => {
    const order = await tx.postal.lock(id);
    if (order?.state !== 'QUEUED' || !(await tx.outbox.finish(deliveryOf(order), 'cancelled', at))) throw conflict('The order is being sent right now: try again in a few seconds');
    const next = await nextOfLane(tx, order, at);
    return [...next, ...(await settle(tx, ports, { ...order, state: 'CANCELLED', stateReason: 'cancelled before it was sent', stateAt: at }, null, at))];
  });
}

function checkAgreed(order: PostalOrder, { outcome, carrierText }: CarrierOutcome): void {
  if (outcome === 'rejected') throw new GatewayError('CARRIER_REFUSED', `${order.carrier} did not cancel the order: ${carrierText}`);
  if (outcome === 'unknown') {
    throw new GatewayError('CARRIER_ANSWER_INVALID', `Whether ${order.carrier} cancelled the order is unknown (${carrierText}): its tracking will tell, or ask again`);
  }
}

async function recordCancellation(ports: CancelPostalPorts, tx: RecordSet, id: PostalOrderId, { carrierText, raw }: CarrierOutcome): Promise<readonly Wake[]> {
  const at = ports.clock.now();
  const order = await tx.postal.lock(id);
  if (order === null) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${id}`);
  const event: TrackingEvent = {
    id: ports.chance.uuid(),
    carrier: order.carrier,
    orderNumber: order.orderNumber,
    postalOrderId: id,
    source: 'manual',
    carrierEventId: `cancelled:${id}`,
    carrierCode: 'CANCELLED',
    carrierText,
    status: 'CANCELLED',
    occurredAt: at,
    receivedAt: at,
    raw: raw ?? '',
  };
  if (!(await tx.postal.addEvent(event))) return []; // the same request came twice at once
  const { standing } = applyEvents({ state: order.state, at: order.stateAt, carrierText: order.carrierText }, await tx.postal.events(id));
  return settle(tx, ports, { ...order, state: standing.state, stateReason: 'cancelled on request', stateAt: standing.at, carrierText: standing.carrierText }, event, at);
}

async function settle(tx: RecordSet, ports: AttestPorts, order: PostalOrder, event: TrackingEvent | null, at: Date): Promise<readonly Wake[]> {
  await tx.postal.setState(order.id, order.state, order.stateReason, order.stateAt, order.carrierText, order.trackingNumber);
  const data = { state: order.state, orderNumber: order.orderNumber, carrier: order.carrier };
  const wakes = await announcePost(tx, ports, order, event, at);
  await tx.dossiers.addEvent(order.dossierCode, { kind: 'postal.cancelled', at, actor: order.requestedBy, messageId: null, deliveryId: null, postalOrderId: order.id, data });
  return wakes;
}

function conflict(message: string): GatewayError {
  return new GatewayError('STATE_CONFLICT', message);
}
