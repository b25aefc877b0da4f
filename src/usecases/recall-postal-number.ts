import { GatewayError } from '../domain/errors.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { deliveryOf } from './order-post.ts';

export interface NumberPorts {
  readonly records: Records;
  readonly clock: Clock;
  /** As in `AuditEntry`. */
  readonly actor: string;
}

const FORM = /^[A-Z0-9]{5,30}$/;

/** Adds numbers that the carrier gave out, as its list has them. Numbers known already stay as they are. Audited. @throws REQUEST_INVALID */
export async function addPostalNumbers({ records, clock, actor }: NumberPorts, carrier: string, numbers: readonly string[]): Promise<{ readonly added: number; readonly free: number }> {
  const wrong = numbers.find((number) => !FORM.test(number));
  if (wrong !== undefined) throw new GatewayError('REQUEST_INVALID', `“${wrong.slice(0, 40)}” is no number of a parcel: 5 to 30 capital letters and digits`);
  const at = clock.now();
  return records.transaction(async (tx) => {
    const added = await tx.postalNumbers.add(carrier, numbers, at);
    await tx.audit.add({ at, actor, action: 'add-postal-numbers', subject: `carrier:${carrier}`, detail: { added } });
    return { added, free: (await tx.postalNumbers.counts(carrier)).free };
  });
}

export interface Recall {
  readonly carrier: string;
  readonly number: string;
  readonly to: 'free' | 'withdrawn';
  /** Why; kept in the audit trail. */
  readonly note: string;
}

/**
 * Takes a number back (thu hồi), by a person's decision: to be given out again, or never again. Given out again is only what no parcel
 * can bear: its order is known never to have reached the carrier, and no label was printed for it.
 * @throws REQUEST_INVALID when there is no such number; STATE_CONFLICT when a parcel may bear it
 */
export async function recallPostalNumber({ records, clock, actor }: NumberPorts, { carrier, number, to, note }: Recall): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    const found = await tx.postalNumbers.lock(carrier, number);
    if (found === null) throw new GatewayError('REQUEST_INVALID', `${carrier} has no number ${number} here`);
    const order = found.order === null ? null : await tx.postal.lock(found.order);
    if (order !== null) await checkUnused(tx, order, to);
    await tx.postalNumbers.release(carrier, number, to, at);
    if (order !== null) await tx.postal.setState(order.id, order.state, order.stateReason, order.stateAt, order.carrierText, null);
    await tx.audit.add({ at, actor, action: 'recall-postal-number', subject: `carrier:${carrier}`, detail: { number, to, note, from: found.state, postalOrderId: found.order } });
  });
}

/** More of one order's history than any order has. */
const WHOLE_HISTORY = 100_000;

async function checkUnused(tx: RecordSet, order: PostalOrder, to: Recall['to']): Promise<void> {
  const { id, orderNumber, state } = order;
  const mayBeThere = (await tx.outbox.find(deliveryOf(order)))?.outcomeUnknown !== false;
  const wasPlaced = mayBeThere || (await tx.postal.events(id)).length > 0;
  const isOverUnsent = (state === 'REJECTED' || state === 'CANCELLED') && !wasPlaced;
  if (!isOverUnsent) throw new GatewayError('STATE_CONFLICT', `The number is that of order ${orderNumber}, which is ${state}: a parcel may bear it`);
  const wasPrinted = (await tx.audit.of(`postal-order:${id}`, WHOLE_HISTORY)).some(({ action }) => action === 'print-postal-paper');
  if (to === 'free' && wasPrinted) throw new GatewayError('STATE_CONFLICT', `A label of order ${orderNumber} was printed: its number can only be withdrawn`);
}
