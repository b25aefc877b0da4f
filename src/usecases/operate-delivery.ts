import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { DossierEventKind } from '../domain/dossier.ts';
import type { DeliveryId } from '../domain/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { OutboxEntry, Wake } from '../ports/outbox.ts';
import type { Records, RecordSet } from '../ports/records.ts';

export interface OperatePorts {
  readonly records: Records;
  readonly queue: JobQueue;
  readonly clock: Clock;
}

/** Who decided, and why; both stand in the audit for ever. */
export interface Decision {
  /** As in `AuditEntry`. */
  readonly actor: string;
  /** No personal data. */
  readonly note: string;
}

/**
 * Sends a parked delivery again: the same id, a new attempt, its schedule from the start.
 * @throws MESSAGE_NOT_FOUND; STATE_CONFLICT when it is not parked, or is a postal order that the carrier may have
 */
export function replayDelivery(ports: OperatePorts, id: DeliveryId, decision: Decision): Promise<void> {
  return decide(ports, id, 'replay-delivery', 'message.replayed', decision, async (records, entry, at) => {
    if (entry.kind === 'postal' && entry.outcomeUnknown) throw conflict('The carrier may have this order: resolve the postal order instead (adopt, resend or cancel)');
    if (!(await records.outbox.replay(id, at))) throw conflict(`Only a parked delivery can be replayed; this one is ${entry.state}`);
    return records.outbox.nextInLane(entry.laneId, at);
  });
}

/**
 * Passes over a delivery that holds up its lane; it will never be sent.
 * @throws MESSAGE_NOT_FOUND, STATE_CONFLICT when it is finished, or being sent right now
 */
export function skipDelivery(ports: OperatePorts, id: DeliveryId, decision: Decision): Promise<void> {
  return finishDelivery(ports, id, 'skipped', decision);
}

/**
 * Replaces a delivery by a later one of the same lane, which takes its place before all that wait between them; the first will never be
 * sent. For a message that its sender sent again, put right.
 * @throws as `skipDelivery`; STATE_CONFLICT also when `replacement` does not stand behind it in its lane, or is not waiting
 */
export function supersedeDelivery(ports: OperatePorts, id: DeliveryId, replacement: DeliveryId, decision: Decision): Promise<void> {
  return decide(ports, id, 'supersede-delivery', 'message.superseded', { ...decision, replacement }, async (records, entry, at) => {
    if (entry.kind === 'postal') throw conflict(POSTAL_DECIDED_ELSEWHERE);
    if (!(await records.outbox.finish(id, 'skipped', at))) throw conflict(`This delivery is ${entry.state}: it can no longer be replaced, or only when its attempt is over`);
    if (!(await records.outbox.exchangePlaces(id, replacement))) throw conflict('The replacement has to wait behind it, for the same dossier and recipient, and not be under way');
    return records.outbox.nextInLane(entry.laneId, at);
  });
}

/** Takes a delivery back before it was delivered. @throws as `skipDelivery` */
export function cancelDelivery(ports: OperatePorts, id: DeliveryId, decision: Decision): Promise<void> {
  return finishDelivery(ports, id, 'cancelled', decision);
}

/**
 * Records on a person's word that the recipient has it, where no receipt tells so; the lane goes on.
 * @throws as `skipDelivery`
 */
export function adoptDelivery(ports: OperatePorts, id: DeliveryId, decision: Decision): Promise<void> {
  return decide(ports, id, 'adopt-delivery', 'message.delivered', decision, async (records, entry, at) => {
    if (entry.kind === 'postal') throw conflict(POSTAL_DECIDED_ELSEWHERE);
    if (entry.state !== 'parked') throw conflict(`Only a parked delivery can be taken as delivered; this one is ${entry.state}`);
    if (!(await records.outbox.finish(id, 'delivered', at))) throw conflict('Somebody else decided meanwhile');
    return records.outbox.nextInLane(entry.laneId, at);
  });
}

const POSTAL_DECIDED_ELSEWHERE = 'This is an order to the post, and its state has to tell what became of it: resolve the postal order instead';

function finishDelivery(ports: OperatePorts, id: DeliveryId, state: 'skipped' | 'cancelled', decision: Decision): Promise<void> {
  const action = state === 'skipped' ? 'skip-delivery' : 'cancel-delivery';
  return decide(ports, id, action, `message.${state}`, decision, async (records, entry, at) => {
    if (entry.kind === 'postal') throw conflict(POSTAL_DECIDED_ELSEWHERE);
    if (!(await records.outbox.finish(id, state, at))) throw conflict(`This delivery is ${entry.state}: it can no longer be ${state}, or only when its attempt is over`);
    return records.outbox.nextInLane(entry.laneId, at);
  });
}

/**
 * Replays every delivery to `target` that was parked at or after `since`, oldest first, at most `limit`.
 * @returns the ids replayed
 */
export async function replaySince(ports: OperatePorts, target: string, since: Date, limit: number, decision: Decision): Promise<readonly DeliveryId[]> {
  const replayed: DeliveryId[] = [];
  for (const { id } of await ports.records.outbox.parked(target, limit, since)) {
    const done = await replayDelivery(ports, id, decision).then(
      () => true,
      (error: unknown) => {
        if (isGatewayError(error, 'STATE_CONFLICT')) return false; // somebody else decided meanwhile
        throw error;
      },
    );
    if (done) replayed.push(id);
  }
  return replayed;
}

type Change = (records: RecordSet, entry: OutboxEntry, at: Date) => Promise<Wake | null>;

/** Of two deliveries: which one came in place of the one decided about. */
type Decided = Decision & { readonly replacement?: DeliveryId };

async function decide(ports: OperatePorts, id: DeliveryId, action: string, kind: DossierEventKind, decision: Decided, change: Change): Promise<void> {
  const at = ports.clock.now();
  const wake = await ports.records.transaction(async (records) => {
    const entry = await records.outbox.find(id);
    if (entry === null) throw new GatewayError('MESSAGE_NOT_FOUND', `There is no delivery ${id}`);
    const next = await change(records, entry, at);
    await recordDecision(records, entry, action, kind, decision, at);
    return next;
  });
  if (wake !== null) ports.queue.wake([wake]);
}

async function recordDecision(records: RecordSet, entry: OutboxEntry, action: string, kind: DossierEventKind, { actor, note, replacement }: Decided, at: Date): Promise<void> {
  await records.audit.add({ at, actor, action, subject: `delivery:${entry.id}`, detail: { target: entry.target, from: entry.state, note, ...(replacement !== undefined && { replacement }) } });
  const message = entry.messageId === null ? null : await records.messages.find(entry.messageId);
  if (message === null) return;
  await records.dossiers.addEvent(message.dossierCode, {
    kind,
    at,
    actor: null,
    messageId: message.id,
    deliveryId: entry.id,
    postalOrderId: null,
    data: { recipient: entry.target, from: entry.state, ...(replacement !== undefined && { replacement }) },
  });
}

function conflict(message: string): GatewayError {
  return new GatewayError('STATE_CONFLICT', message);
}
