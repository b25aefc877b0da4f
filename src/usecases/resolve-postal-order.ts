import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { Wake } from '../ports/outbox.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { announcePost } from './announce-post.ts';
import { deliveryOf, nextOfLane } from './order-post.ts';

export type PostalDecision = 'adopt' | 'resend' | 'cancel';

export interface ResolveRequest {
  readonly id: PostalOrderId;
  readonly decision: PostalDecision;
  /** Why, in the clerk's words; kept in the audit trail. */
  readonly note: string;
  /** `operator:<login>` or `partner:<id>`. */
  readonly actor: string;
  readonly at: Date;
  /** How long after an unknown outcome nothing is sent again. Default 60,000. */
  readonly quarantineMs?: number;
}

const AFTER = { adopt: 'ACCEPTED', resend: 'QUEUED', cancel: 'CANCELLED' } as const satisfies Record<PostalDecision, PostalOrder['state']>;

/** What was sent may take effect late: for this long a carrier's "we do not have it" is not the last word. */
const RESEND_QUARANTINE_MS = 60_000;

/**
 * Settles an order by a person's decision, who has asked the carrier: it has the order (`adopt`), it does not and should (`resend`), it
 * does not and should not (`cancel`). For orders whose outcome is unknown, and for unsent ones that nobody tries any more, which
 * cannot be adopted. Audited.
 * @throws POSTAL_ORDER_NOT_FOUND; STATE_CONFLICT when the outcome is known, a worker is at it right now, or it is too early to send again
 */
export function resolvePostalOrder(records: Records, ports: AttestPorts, request: ResolveRequest): Promise<{ readonly order: PostalOrder; readonly wakes: readonly Wake[] }> {
  const { id, decision, at } = request;
  return records.transaction(async (tx) => {
    const order = await tx.postal.lock(id);
    if (order === null) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${id}`);
    checkDecision(order, (await tx.outbox.find(deliveryOf(order)))?.state === 'parked', request);
    const moved = decision === 'resend' ? await tx.outbox.replay(deliveryOf(order), at) : await tx.outbox.finish(deliveryOf(order), decision === 'adopt' ? 'delivered' : 'cancelled', at);
    if (!moved) throw conflict('A worker is at this order right now: try again in a few seconds');
    const resolved: PostalOrder = { ...order, state: AFTER[decision], stateReason: `${decision} decided by a person`, stateAt: at };
    await tx.postal.setState(id, resolved.state, resolved.stateReason, at, order.carrierText, order.trackingNumber);
    const next = await nextOfLane(tx, order, at);
    const wakes = await announcePost(tx, ports, resolved, null, at);
    await recordDecision(tx, resolved, request);
    return { order: resolved, wakes: [...next, ...wakes] };
  });
}

function checkDecision({ state, stateAt }: PostalOrder, isParked: boolean, { decision, at, quarantineMs = RESEND_QUARANTINE_MS }: ResolveRequest): void {
  const isStuck = state === 'QUEUED' && isParked && decision !== 'adopt';
  if (state !== 'UNKNOWN' && !isStuck) throw conflict(`The order is ${state}: only an order whose outcome is unknown, or that nobody tries any more, is decided by a person`);
  const sendableFrom = new Date(stateAt.getTime() + quarantineMs);
  if (decision === 'resend' && state === 'UNKNOWN' && at < sendableFrom) throw conflict(`What was sent may still take effect: ask the carrier again, and send it again not before ${sendableFrom.toISOString()}`);
}

async function recordDecision(tx: RecordSet, { id, orderNumber, dossierCode, state }: PostalOrder, { decision, note, actor, at }: ResolveRequest): Promise<void> {
  await tx.audit.add({ at, actor, action: `postal-${decision}`, subject: `postal-order:${id}`, detail: { note, orderNumber } });
  await tx.dossiers.addEvent(dossierCode, { kind: 'postal.resolved', at, actor: null, messageId: null, deliveryId: null, postalOrderId: id, data: { decision, orderNumber, state } });
}

function conflict(message: string): GatewayError {
  return new GatewayError('STATE_CONFLICT', message);
}
