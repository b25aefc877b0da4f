import type { DossierCode } from '../domain/dossier.ts';
import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { Caller } from '../domain/partner.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { PostalRules } from '../domain/postal-rules.ts';
import { matchesTag, postalOrderTag, postalOrderViewOf } from '../formats/api/postal-views.ts';
import type { PostalOrderView } from '../formats/api/postal.ts';
import type { AuditEntry } from '../ports/audit-records.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordSet } from '../ports/records.ts';
import { noSuchDossier } from './read-dossier.ts';

export interface ReadPostalPorts {
  readonly records: RecordSet;
  readonly rules: PostalRules;
}

export interface ReadPostalOrderPorts extends ReadPostalPorts {
  readonly clock: Clock;
}

/**
 * An order and its events, for the parties of its dossier; to others it does not exist. Each reading is audited: names, addresses and
 * telephone numbers stand in it.
 * @throws POSTAL_ORDER_NOT_FOUND
 */
export async function readPostalOrder(ports: ReadPostalOrderPorts, caller: Caller, id: PostalOrderId): Promise<PostalOrderView> {
  const view = await viewPostalOrder(ports, caller, id);
  await ports.records.audit.add(readingOf(ports, caller, id));
  return view;
}

/** The orders of a dossier, oldest first; audited as if each was read. @throws DOSSIER_NOT_FOUND */
export async function listPostalOrders(ports: ReadPostalOrderPorts, caller: Caller, code: DossierCode): Promise<{ readonly orders: PostalOrderView[] }> {
  const { records, rules } = ports;
  if (!(await records.dossiers.isParty(code, caller.partnerId))) throw noSuchDossier(code);
  const orders = await records.postal.ofDossier(code);
  await records.audit.add(...orders.map(({ id }) => readingOf(ports, caller, id)));
  return { orders: await Promise.all(orders.map((order) => viewOf({ records, rules }, order))) };
}

function readingOf({ clock }: ReadPostalOrderPorts, caller: Caller, id: PostalOrderId): AuditEntry {
  return { at: clock.now(), actor: `partner:${caller.partnerId}`, action: 'read-postal-order', subject: `postal-order:${id}`, detail: { apiKey: caller.keyId } };
}

/** An order as it stands now, for who has just changed it. @throws POSTAL_ORDER_NOT_FOUND */
export async function viewPostalOrder({ records, rules }: ReadPostalPorts, caller: Caller, id: PostalOrderId): Promise<PostalOrderView> {
  const order = await findVisibleOrder(records, caller, id);
  return viewOf({ records, rules }, order);
}

/** With everything that is on record about it. */
export async function viewOf({ records, rules }: ReadPostalPorts, order: PostalOrder): Promise<PostalOrderView> {
  const [events, addressChanges] = [await records.postal.events(order.id), await records.postalAddressChanges.of(order.id)];
  return postalOrderViewOf(order, { events, addressChanges }, rules);
}

/** Refuses to change an order that is no longer as its caller read it. @param ifMatch null: whatever it is now @throws PRECONDITION_FAILED */
export async function checkUnchanged({ records, rules }: ReadPostalPorts, order: PostalOrder, ifMatch: string | null): Promise<void> {
  if (ifMatch === null || matchesTag(ifMatch, postalOrderTag(await viewOf({ records, rules }, order)))) return;
  throw new GatewayError('PRECONDITION_FAILED', `Postal order ${order.id} is not as you read it any more: read it again`);
}

/** @throws POSTAL_ORDER_NOT_FOUND */
export async function findVisibleOrder(records: RecordSet, caller: Caller, id: PostalOrderId): Promise<PostalOrder> {
  const order = await records.postal.find(id);
  if (order === null || !(await records.dossiers.isParty(order.dossierCode, caller.partnerId))) {
    throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${id}, or its dossier is not yours`);
  }
  return order;
}
