import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { Caller } from '../domain/partner.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { PostalRules } from '../domain/postal-rules.ts';
import { isOver } from '../domain/postal-state.ts';
import { NO_HISTORY, postalOrderViewOf } from '../formats/api/postal-views.ts';
import { paperOrderOf, type PaperOrder } from '../formats/postal-papers/paper-order.ts';
import type { PostalPaper, PrintJob } from '../formats/postal-papers/print.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { PostalAccount } from './order-post.ts';

export interface PrintPostPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly rules: PostalRules;
  readonly accounts: readonly PostalAccount[];
  /** Sets and draws where it keeps nobody waiting. @throws OVERLOADED, BUDGET_EXCEEDED, CANCELLED */
  readonly print: (job: PrintJob, signal: AbortSignal) => Promise<Uint8Array>;
}

/**
 * Labels, slips or minutes of orders, for the system that placed them: they name people, so no other party of the dossier gets them. Each
 * order printed is audited.
 * @throws POSTAL_ORDER_NOT_FOUND; STATE_CONFLICT for labels of orders that are over; OVERLOADED, BUDGET_EXCEEDED, CANCELLED
 */
export async function printPost(ports: PrintPostPorts, caller: Caller, ids: readonly PostalOrderId[], paper: PostalPaper, signal: AbortSignal): Promise<Uint8Array> {
  const orders = await Promise.all(
    ids.map(async (id) => {
      const order = await ports.records.postal.find(id);
      if (order === null || order.requestedBy !== caller.partnerId) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${id} that you placed`);
      return order;
    }),
  );
  return printOrders(ports, { orders, paper, actor: `partner:${caller.partnerId}` }, signal);
}

/** The same at the post desk, by the numbers a clerk scanned. @throws as `printPost` */
export async function printAtDesk(ports: PrintPostPorts, { keyId }: Caller, numbers: readonly string[], paper: PostalPaper, signal: AbortSignal): Promise<Uint8Array> {
  const orders = await Promise.all(
    numbers.map(async (number) => {
      const order = await findByScan(ports, number);
      if (order === null) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `No order has the number ${number}`);
      return order;
    }),
  );
  return printOrders(ports, { orders, paper, actor: `operator:key-${keyId}` }, signal);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By what stands on a label: the QR code's order id, our number, or the carrier's number of the parcel. */
export async function findByScan({ records, accounts }: Pick<PrintPostPorts, 'records' | 'accounts'>, number: string): Promise<PostalOrder | null> {
  const scanned = number.trim();
  if (UUID.test(scanned)) return records.postal.find(scanned.toLowerCase() as PostalOrderId);
  const byNumber = await Promise.all(accounts.map(({ carrier }) => records.postal.findByNumber(carrier.carrier, scanned)));
  return byNumber.find((found) => found !== null) ?? (await records.postal.findByTrackingNumber(scanned))[0] ?? null;
}

export interface Printing {
  readonly orders: readonly PostalOrder[];
  readonly paper: PostalPaper;
  readonly actor: string;
}

/** The papers of these orders, each printing audited under the actor's name. @throws as `printPost` */
export async function printOrders(ports: PrintPostPorts, { orders, paper, actor }: Printing, signal: AbortSignal): Promise<Uint8Array> {
  const createdAt = ports.clock.now();
  if (paper.kind === 'label') orders.forEach(checkLabelled);
  const shown = await Promise.all(orders.map((order) => paperOf(ports, order)));
  for (const { id } of orders) await ports.records.audit.add({ at: createdAt, actor, action: 'print-postal-paper', subject: `postal-order:${id}`, detail: { paper: paper.kind } });
  return ports.print({ orders: shown, paper, createdAt }, signal);
}

/** A label of such an order would send out a parcel that nobody tracks. */
function checkLabelled({ orderNumber, state }: PostalOrder): void {
  if (isOver(state)) throw new GatewayError('STATE_CONFLICT', `Order ${orderNumber} is ${state}: it gets no label any more`);
}

async function paperOf({ records, rules }: PrintPostPorts, order: PostalOrder): Promise<PaperOrder> {
  const [dossier, events] = await Promise.all([records.dossiers.find(order.dossierCode), records.postal.events(order.id)]);
  const { deadline } = postalOrderViewOf(order, { ...NO_HISTORY, events }, rules);
  return paperOrderOf(order, {
    procedure: dossier === null ? '' : `${dossier.procedure.name} (${dossier.procedure.code})`,
    places: rules.places,
    acceptedAt: events.find(({ status }) => status === 'PICKED_UP')?.occurredAt ?? null,
    deliverBy: deadline === null ? null : new Date(deadline.deliverBy),
    legalBasis: deadline?.legalBasis ?? null,
  });
}
