import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { Chance } from '../ports/chance.ts';
import type { Wake } from '../ports/outbox.ts';
import type { Records } from '../ports/records.ts';
import { announcePost } from './announce-post.ts';
import { deliveryOf } from './order-post.ts';

export type PostalDecision = 'adopt' | 'resend' | 'cancel';

export interface ResolveRequest {
  readonly id: PostalOrderId;
  readonly decision: PostalDecision;
  /** Why, in the clerk's words; kept in the audit trail. */
  readonly note: string;
  /** `operator:<login>` or `partner:<id>`. */
  readonly actor: string;
  readonly at: Date;
}

const AFTER = { adopt: 'ACCEPTED', resend: 'QUEUED', cancel: 'CANCELLED' } as const satisfies Record<PostalDecision, PostalOrder['state']>;

/**
 * Settles an order whose outcome is unknown by a person's decision, who has asked the carrier: it has the order (`adopt`), it does
 * not and should (`resend`), it does not and should not (`cancel`). Audited.
 * @throws POSTAL_ORDER_NOT_FOUND; STATE_CONFLICT when the outcome is known, or a worker is at it right now
 */
export function resolvePostalOrder(records: Records, chance: Chance, request: ResolveRequest): Promise<{ readonly order: PostalOrder; readonly wakes: readonly Wake[] }> {
  const { id, decision, note, actor, at } = request;
  return records.transaction(async (tx) => {
    const order = await tx.postal.lock(id);
    if (order === null) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${id}`);
    if (order.state !== 'UNKNOWN') throw new GatewayError('STATE_CONFLICT', `The order is ${order.state}: only an order whose outcome is unknown is decided by a person`);
    const moved = decision === 'resend' ? await tx.outbox.replay(deliveryOf(order), at) : await tx.outbox.finish(deliveryOf(order), decision === 'adopt' ? 'delivered' : 'cancelled', at);
    if (!moved) throw new GatewayError('STATE_CONFLICT', 'A worker is at this order right now: try again in a few seconds');
    const resolved: PostalOrder = { ...order, state: AFTER[decision], stateReason: `${decision} decided by a person`, stateAt: at };
    await tx.postal.setState(id, resolved.state, resolved.stateReason, at, order.carrierText, order.trackingNumber);
    await tx.audit.add({ at, actor, action: `postal-${decision}`, subject: `postal-order:${id}`, detail: { note, orderNumber: order.orderNumber } });
    await tx.dossiers.addEvent(order.dossierCode, { kind: 'postal.resolved', at, actor: null, messageId: null, deliveryId: null, postalOrderId: id, data: { decision, orderNumber: order.orderNumber, state: resolved.state } });
    const wakes = await announcePost(tx, chance, resolved, null, at);
    return { order: resolved, wakes: decision === 'resend' ? [...wakes, { id: deliveryOf(order), wake: 0 }] : wakes };
  });
}
