import type { DossierCode } from '../domain/dossier.ts';
import { GatewayError } from '../domain/errors.ts';
import type { DeliveryId, PartnerId, PostalOrderId } from '../domain/ids.ts';
import { orderNumberOf, type PostalDetail, type PostalLeg, type PostalOrder } from '../domain/postal-order.ts';
import { isOver } from '../domain/postal-state.ts';
import type { Chance } from '../ports/chance.ts';
import type { Wake } from '../ports/outbox.ts';
import type { PostalCarrier } from '../ports/postal-carrier.ts';
import type { RecordSet } from '../ports/records.ts';
import { ANSWERS_KEPT_MS } from './answer-once.ts';

export interface PostalAccount {
  readonly carrier: PostalCarrier;
  /** See `orderNumberOf`. */
  readonly orderNumberTemplate: string;
  /** Of the list that maps official codes of places to the carrier's: told when a place is missing from it. */
  readonly placeCodesVersion?: string | undefined;
}

export interface OrderPostRequest {
  readonly dossierCode: DossierCode;
  readonly leg: PostalLeg;
  readonly revision: number;
  readonly carrier: string;
  readonly requestedBy: PartnerId;
  readonly detail: PostalDetail;
  readonly at: Date;
}

/**
 * Records an order for one leg of a dossier with its number, before anything is sent, and one delivery to the carrier. A second
 * revision is taken only when the carrier cannot act on the first any more.
 * @throws DOSSIER_NOT_FOUND, CARRIER_UNKNOWN, REQUEST_INVALID with what the carrier cannot take, POSTAL_ORDER_EXISTS, STATE_CONFLICT
 * @see Decision 45/2016/QĐ-TTg Art. 6
 */
export async function orderPost(records: RecordSet, accounts: readonly PostalAccount[], chance: Chance, request: OrderPostRequest): Promise<{ readonly order: PostalOrder; readonly wakes: readonly Wake[] }> {
  const { dossierCode } = request;
  await checkParty(records, request);
  const account = accountOf(accounts, request.carrier);
  const order = await perhapsPlaced(records, buildOrder(account, chance, request));
  // First of all: it locks the dossier's row, so that of two orders for a leg the second sees the first, whatever their revisions.
  await addTimelineEvent(records, order);
  const orders = await records.postal.ofDossier(dossierCode);
  checkRevision(orders, request);
  checkRoundTrip(orders, request);
  const faults = account.carrier.checkOrder(order);
  if (faults.length > 0) throw new GatewayError('REQUEST_INVALID', `${order.carrier} cannot take this order`, { faults });
  await records.postal.add(order);
  const numbered = await numberFromPool(records, account, order, request.at);
  const { id, carrier, createdAt } = order;
  await records.outbox.add({ id: deliveryOf(order), kind: 'postal', laneId: laneOf(order), target: carrier, messageId: null, postalOrderId: id, createdAt });
  return { order: numbered, wakes: [{ id: deliveryOf(order), target: carrier, wake: 0 }] };
}

/**
 * The order with its parcel's number, where numbers come from a pool: taken when the order is, so that its label can be printed at once. Without
 * one when none is left; it is asked for again before the order is sent.
 */
export async function numberFromPool(records: RecordSet, { carrier }: PostalAccount, order: PostalOrder, at: Date): Promise<PostalOrder> {
  if (carrier.numbering !== 'pool' || order.trackingNumber !== null) return order;
  const trackingNumber = await records.postalNumbers.take(carrier.carrier, order.id, at);
  if (trackingNumber !== null) await records.postal.setState(order.id, order.state, order.stateReason, order.stateAt, order.carrierText, trackingNumber);
  return { ...order, trackingNumber };
}

/** @throws DOSSIER_NOT_FOUND */
export async function checkParty({ dossiers }: RecordSet, { dossierCode, requestedBy }: OrderPostRequest): Promise<void> {
  if (!(await dossiers.isParty(dossierCode, requestedBy))) throw new GatewayError('DOSSIER_NOT_FOUND', `There is no dossier ${dossierCode}, or you are not a party of it`);
}

/** An order as it will be recorded; nothing is. */
export function buildOrder({ carrier, orderNumberTemplate }: PostalAccount, chance: Chance, request: OrderPostRequest): PostalOrder {
  const { dossierCode, leg, revision, requestedBy, detail, at } = request;
  return {
    id: chance.uuid() as PostalOrderId,
    dossierCode,
    leg,
    revision,
    carrier: carrier.carrier,
    orderNumber: orderNumberOf(orderNumberTemplate, { dossierCode, leg, revision }),
    requestedBy,
    detail,
    state: 'QUEUED',
    stateReason: null,
    stateAt: at,
    carrierText: null,
    trackingNumber: null,
    createdAt: at,
  };
}

/**
 * What is ordered for a dossier from before a restoration may be what was ordered, and placed, between the backup and the loss: it begins as
 * an order of unknown outcome, which is asked for before it is placed, or waits for a person. For as long as callers may repeat themselves.
 */
async function perhapsPlaced({ standing, dossiers }: RecordSet, order: PostalOrder): Promise<PostalOrder> {
  const { restored } = await standing.read();
  if (restored === null || order.createdAt.getTime() > restored.at.getTime() + ANSWERS_KEPT_MS) return order;
  const dossier = await dossiers.find(order.dossierCode);
  if (dossier !== null && dossier.createdAt > restored.at) return order;
  return { ...order, state: 'UNKNOWN', stateReason: 'the records were restored from a backup: it may have been placed before' };
}

async function addTimelineEvent(records: RecordSet, { dossierCode, id, carrier, leg, revision, orderNumber, requestedBy, createdAt }: PostalOrder): Promise<void> {
  await records.dossiers.addEvent(dossierCode, {
    kind: 'postal.ordered',
    at: createdAt,
    actor: requestedBy,
    messageId: null,
    deliveryId: null,
    postalOrderId: id,
    data: { carrier, leg, revision, orderNumber },
  });
}

/** An order is delivered to its carrier once, so the delivery bears the order's own id. */
export function deliveryOf(order: Pick<PostalOrder, 'id'>): DeliveryId {
  return order.id as string as DeliveryId;
}

/** The legs of a dossier go to the post one after the other, whichever carriers they go to. The slash keeps it apart from every partner's lane. */
function laneOf({ dossierCode }: Pick<PostalOrder, 'dossierCode'>): string {
  return `${dossierCode}|post/legs`;
}

/** After a delivery of the lane ended: whoever waited behind it. */
export async function nextOfLane(records: RecordSet, order: Pick<PostalOrder, 'dossierCode'>, at: Date): Promise<readonly Wake[]> {
  const next = await records.outbox.nextInLane(laneOf(order), at);
  return next === null ? [] : [next];
}

/** @throws CARRIER_UNKNOWN */
export function accountOf(accounts: readonly PostalAccount[], carrier: string): PostalAccount {
  const account = accounts.find((candidate) => candidate.carrier.carrier === carrier);
  if (account !== undefined) return account;
  const known = accounts.map((candidate) => candidate.carrier.carrier).join(', ');
  throw new GatewayError('CARRIER_UNKNOWN', `No account with the carrier ${carrier} is configured here (${known === '' ? 'there is none at all' : `there is ${known}`})`);
}

function checkRevision(orders: readonly PostalOrder[], { leg, revision }: OrderPostRequest): void {
  const ofLeg = orders.filter((order) => order.leg === leg);
  const same = ofLeg.find((order) => order.revision === revision);
  if (same !== undefined) throw new GatewayError('POSTAL_ORDER_EXISTS', `There is an order already for this leg and revision: ${same.id} (${same.state})`);
  const open = ofLeg.find((order) => !isOver(order.state));
  if (open !== undefined) throw new GatewayError('STATE_CONFLICT', `Order ${open.id} for this leg is still ${open.state}: cancel it, or wait until it is over, before ordering again`);
}

function checkRoundTrip(orders: readonly PostalOrder[], { detail: { roundTripOf }, dossierCode }: OrderPostRequest): void {
  if (roundTripOf === null || orders.some(({ id }) => id === roundTripOf)) return;
  const faults = [{ pointer: '/roundTripOf', detail: `is no order of dossier ${dossierCode}` }];
  throw new GatewayError('REQUEST_INVALID', 'A way back belongs to an order of the same dossier', { faults });
}
