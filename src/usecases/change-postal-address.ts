import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import { placeFaults } from '../domain/places.ts';
import { withAddress, type AddressChange, type NewAddress, type PartyEnd } from '../domain/postal-address-change.ts';
import { isoDayInVietnam } from '../domain/postal-limits.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { PostalRules } from '../domain/postal-rules.ts';
import { isAwaitingCollection, isOver } from '../domain/postal-state.ts';
import type { PostalAddressChangeInput, PostalOrderView } from '../formats/api/postal.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { CarrierOutcome } from '../ports/postal-carrier.ts';
import type { Wake } from '../ports/outbox.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { announcePost } from './announce-post.ts';
import type { Call } from './call.ts';
import { checkReleased } from './hold-store.ts';
import { accountOf, type PostalAccount } from './order-post.ts';
import { checkUnchanged, findVisibleOrder, viewPostalOrder } from './read-postal-order.ts';

export interface ChangeAddressPorts extends AttestPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly queue: JobQueue;
  readonly rules: PostalRules;
  readonly accounts: readonly PostalAccount[];
}

export interface ChangeOfAddress extends NewAddress {
  readonly id: PostalOrderId;
  readonly end: PartyEnd;
  readonly verifiedBy: AddressChange['verifiedBy'];
  /** As in `AuditEntry`. */
  readonly actor: string;
  /** As in `checkUnchanged`. */
  readonly ifMatch: string | null;
}

/** The same as `changeAddress`, for the system that placed the order. @throws POSTAL_ORDER_NOT_FOUND also for orders of others */
export async function changePostalAddress(ports: ChangeAddressPorts, { caller }: Call, id: PostalOrderId, input: PostalAddressChangeInput, ifMatch: string | null, signal?: AbortSignal): Promise<PostalOrderView> {
  const order = await findVisibleOrder(ports.records, caller, id);
  if (order.requestedBy !== caller.partnerId) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `Only the system that placed the order ${id} changes its addresses`);
  await changeAddress(ports, { ...changeOf(input), id, actor: `partner:${caller.partnerId}`, ifMatch }, signal);
  return viewPostalOrder(ports, caller, id);
}

export function changeOf({ end, address, phone, verifiedBy }: PostalAddressChangeInput): Omit<ChangeOfAddress, 'id' | 'actor' | 'ifMatch'> {
  const { line, provinceCode, districtCode, communeCode } = address;
  return { end, verifiedBy, phone: phone ?? null, address: { line, provinceCode, districtCode: districtCode ?? null, communeCode: communeCode ?? null } };
}

/**
 * Changes the address of one end of an order: at once when nothing was sent yet, otherwise by asking the carrier, and then only when it agrees.
 * Every change that was asked for stays on record with who asked, how that was verified and what came of it, from before the carrier
 * hears of it. One at a time: of two that crossed, nobody could say which the carrier keeps.
 * @throws POSTAL_ORDER_NOT_FOUND, PRECONDITION_FAILED, REQUEST_INVALID; STATE_CONFLICT when it is over, being sent, of unknown outcome, collected from
 * there already, or another change is under way; CARRIER_NOT_OFFERED; CARRIER_REFUSED; CARRIER_ANSWER_INVALID when the answer leaves it open; CARRIER_UNAVAILABLE
 */
export async function changeAddress(ports: ChangeAddressPorts, change: ChangeOfAddress, signal?: AbortSignal): Promise<void> {
  const { records, clock } = ports;
  const order = await records.postal.find(change.id);
  if (order === null) throw notThere(change.id);
  await checkUnchanged(ports, order, change.ifMatch);
  checkChangeable(order, change.end);
  const { carrier } = accountOf(ports.accounts, order.carrier);
  const changed = withAddress(order, change.end, change);
  checkAddress(change, carrier.checkOrder(changed), ports.rules, clock.now());
  if (order.state === 'QUEUED') return changeUnsent(ports, change);
  if (carrier.correctOrder === null) throw new GatewayError('CARRIER_NOT_OFFERED', `${order.carrier} takes no change of an address from another system: telephone; or cancel the order while nothing is collected, and place the next revision`);
  await checkReleased(ports.records);
  const unmapped = carrier.unmappedPlaces(changed);
  if (unmapped.length > 0) throw new GatewayError('CARRIER_REFUSED', `Nothing was asked: ${unmapped.map(({ detail }) => detail).join('; ')}`);
  const asked = await begin(ports, order, change);
  const outcome = await ask(ports, asked, () => carrier.correctOrder?.(changed, signal));
  ports.queue.wake(await ports.records.transaction((tx) => settle(ports, tx, asked, outcome)));
  if (outcome.outcome === 'rejected') throw new GatewayError('CARRIER_REFUSED', `${order.carrier} did not change the address: ${outcome.carrierText}`);
  if (outcome.outcome === 'unknown') throw new GatewayError('CARRIER_ANSWER_INVALID', `Whether ${order.carrier} changed the address is unknown (${outcome.carrierText}): ask the carrier, or ask for the same change again`);
}

function checkChangeable({ id, state, carrier }: PostalOrder, end: PartyEnd): void {
  if (isOver(state)) throw conflict(`The order ${id} is ${state}: there is nothing left to change`);
  if (state === 'SUBMITTED') throw conflict('The order is being sent right now: try again in a few seconds');
  if (state === 'UNKNOWN') throw conflict(`Whether ${carrier} has the order is unknown: a person has to settle that first`);
  if (end === 'sender' && state !== 'QUEUED' && !isAwaitingCollection(state)) throw conflict(`The order is ${state}: it was collected from there already`);
}

/** Faults bear the names of this request. @throws REQUEST_INVALID */
function checkAddress({ end, address }: ChangeOfAddress, faults: ReturnType<PostalAccount['carrier']['checkOrder']>, { places }: PostalRules, at: Date): void {
  const own = faults.filter(({ pointer }) => pointer.startsWith(`/${end}/`)).map(({ pointer, detail }) => ({ pointer: pointer.slice(end.length + 1), detail }));
  const listed = placeFaults(address, places, isoDayInVietnam(at)).map(({ field, detail }) => ({ pointer: `/address/${field}`, detail }));
  if (own.length + listed.length > 0) throw new GatewayError('REQUEST_INVALID', 'The carrier cannot take this address', { faults: [...own, ...listed] });
}

/** A worker that marks the order comes before us, and we see it, or after us, and sends the new address. */
async function changeUnsent(ports: ChangeAddressPorts, change: ChangeOfAddress): Promise<void> {
  const wakes = await ports.records.transaction(async (tx) => {
    const order = await tx.postal.lock(change.id);
    if (order?.state !== 'QUEUED') throw conflict('The order is being sent right now: try again in a few seconds');
    const asked = await add(ports, tx, order, change);
    return settle(ports, tx, asked, { outcome: 'accepted', carrierText: 'changed before it was sent', raw: null, trackingNumber: null });
  });
  ports.queue.wake(wakes);
}

function begin(ports: ChangeAddressPorts, order: PostalOrder, change: ChangeOfAddress): Promise<AddressChange> {
  return ports.records.transaction((tx) => add(ports, tx, order, change));
}

/** Longer than any call to a carrier takes. */
const ABANDONED_AFTER_MS = 5 * 60_000;

async function add({ clock, chance }: ChangeAddressPorts, tx: RecordSet, { id, detail, orderNumber }: PostalOrder, { end, address, phone, verifiedBy, actor }: ChangeOfAddress): Promise<AddressChange> {
  const at = clock.now();
  const { address: was, phone: wasPhone } = detail[end];
  const before = { address: was, phone: phone === null ? null : wasPhone };
  const asked: AddressChange = { id: chance.uuid(), postalOrderId: id, end, before, after: { address, phone }, verifiedBy, requestedBy: actor, askedAt: at, outcome: null, carrierText: null };
  if (!(await tx.postalAddressChanges.begin(asked, new Date(at.getTime() - ABANDONED_AFTER_MS)))) throw conflict('Another change of an address of this order is under way: try again when the carrier has answered');
  await tx.audit.add({ at, actor, action: 'change-postal-address', subject: `postal-order:${id}`, detail: { change: asked.id, orderNumber, end, verifiedBy } });
  return asked;
}

/** What is thrown says that the carrier heard nothing: the change is over, refused. */
async function ask({ records, clock }: ChangeAddressPorts, { id }: AddressChange, call: () => Promise<CarrierOutcome> | undefined): Promise<CarrierOutcome> {
  try {
    return (await call()) ?? { outcome: 'rejected', carrierText: '', raw: null, trackingNumber: null };
  } catch (error) {
    await records.postalAddressChanges.settle(id, error instanceof GatewayError ? 'rejected' : 'unknown', error instanceof GatewayError ? error.code : null, clock.now());
    throw error;
  }
}

async function settle(ports: ChangeAddressPorts, tx: RecordSet, { id, postalOrderId, end, after, verifiedBy, requestedBy }: AddressChange, { outcome, carrierText }: CarrierOutcome): Promise<readonly Wake[]> {
  const at = ports.clock.now();
  const order = await tx.postal.lock(postalOrderId);
  if (order === null) throw notThere(postalOrderId);
  const isKept = await tx.postalAddressChanges.settle(id, outcome, carrierText, at);
  await tx.audit.add({ at, actor: requestedBy, action: 'settle-postal-address', subject: `postal-order:${postalOrderId}`, detail: { change: id, outcome, carrierText } });
  if (outcome !== 'accepted' || !isKept) return [];
  const changed = withAddress(order, end, after);
  await tx.postal.setDetail(postalOrderId, changed.detail);
  await tx.dossiers.addEvent(order.dossierCode, { kind: 'postal.address-changed', at, actor: null, messageId: null, deliveryId: null, postalOrderId, data: { orderNumber: order.orderNumber, end, verifiedBy } });
  return announcePost(tx, ports, changed, null, at);
}

function conflict(message: string): GatewayError {
  return new GatewayError('STATE_CONFLICT', message);
}

function notThere(id: PostalOrderId): GatewayError {
  return new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${id}`);
}
