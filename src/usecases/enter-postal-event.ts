import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import { isArrival, isSubmission, stateAfterEntry, takesFees, type AttemptFacts, type CollectedFee, type DeliveryProof, type HandoverMinutes, type ManualEntry } from '../domain/postal-handover.ts';
import { collectedByPostVnd, type PostalOrder } from '../domain/postal-order.ts';
import type { PostalRules } from '../domain/postal-rules.ts';
import { isPlacing } from '../domain/postal-state.ts';
import type { PostalEntryInput, PostalOrderView } from '../formats/api/postal.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { CarrierEvent } from '../ports/postal-carrier.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import type { Caller } from '../domain/partner.ts';
import type { Call } from './call.ts';
import { checkUnchanged, findVisibleOrder, viewPostalOrder } from './read-postal-order.ts';
import { recordPostalEvents } from './record-postal-events.ts';

export interface EnterPostalPorts extends AttestPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly queue: JobQueue;
  readonly rules: PostalRules;
}

export interface PostalEntry {
  readonly id: PostalOrderId;
  readonly entry: ManualEntry;
  /** When it happened; for minutes, when both sides had signed. */
  readonly occurredAt: Date;
  readonly minutes: HandoverMinutes | null;
  readonly attempt: AttemptFacts | null;
  readonly collected?: readonly CollectedFee[];
  readonly proof?: DeliveryProof | null;
  /** As in `AuditEntry`. */
  readonly actor: string;
  /** As in `checkUnchanged`. */
  readonly ifMatch?: string | null;
}

/**
 * Records what a person saw at the counter or at a door: a hand-over with its minutes, or an attempt that failed with reason and action. The
 * same minutes entered twice count once. Minutes of papers complete in the office's hands make the dossier submitted, at the time of
 * their signing.
 * @throws POSTAL_ORDER_NOT_FOUND, PRECONDITION_FAILED, REQUEST_INVALID, STATE_CONFLICT when the order was never placed
 * @see Decision 45/2016/QĐ-TTg Art. 7.3, 7.4; Circular 17/2017/TT-BTTTT Art. 5.2h
 */
export async function enterPostalEvent(ports: EnterPostalPorts, given: PostalEntry): Promise<{ readonly isNew: boolean }> {
  const { records, clock } = ports;
  const at = clock.now();
  const recorded = await records.transaction(async (tx) => {
    const order = await tx.postal.lock(given.id);
    if (order === null) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${given.id}`);
    await checkUnchanged({ records: tx, rules: ports.rules }, order, given.ifMatch ?? null);
    const event = eventOf(order, given, at);
    const { wakes, news } = await recordPostalEvents(tx, ports, { carrier: order.carrier, source: 'manual', events: [event], at });
    if (news.length > 0) await recordFacts(tx, order, given, at);
    return { wakes, isNew: news.length > 0 };
  });
  ports.queue.wake(recorded.wakes);
  return { isNew: recorded.isNew };
}

/** The same for the system that placed the order: its own counter hands over and takes in. @throws POSTAL_ORDER_NOT_FOUND also for orders of others; as above */
export async function reportPostalEvent(ports: EnterPostalPorts, { caller }: Call, id: PostalOrderId, input: PostalEntryInput, ifMatch: string | null): Promise<PostalOrderView> {
  const order = await findVisibleOrder(ports.records, caller, id);
  if (order.requestedBy !== caller.partnerId) throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `Only the system that placed the order ${id} enters what happened to it`);
  await checkProof(ports.records, caller, input);
  await enterPostalEvent(ports, { id, ...entryOf(input), actor: `partner:${caller.partnerId}`, ifMatch });
  return viewPostalOrder(ports, caller, id);
}

/** Papers of others prove nothing. @throws REQUEST_INVALID */
async function checkProof({ documents }: RecordSet, { partnerId }: Caller, { proof }: PostalEntryInput): Promise<void> {
  for (const [index, id] of (proof?.documents ?? []).entries()) {
    if (!(await documents.isVisibleTo(id, partnerId))) throw invalid(`/proof/documents/${index}`, 'is no document of yours');
  }
}

function entryOf({ entry, occurredAt, minutes, attempt, collected, proof }: PostalEntryInput): Pick<PostalEntry, 'entry' | 'occurredAt' | 'minutes' | 'attempt' | 'collected' | 'proof'> {
  const counted = minutes === undefined ? null : { ...minutes, discrepancy: minutes.discrepancy ?? null };
  return { entry, occurredAt: new Date(occurredAt), minutes: counted, attempt: attempt ?? null, collected: collected ?? [], proof: proof === undefined ? null : proofOf(proof) };
}

function proofOf({ documents, receivedBy, recipient }: NonNullable<PostalEntryInput['proof']>): DeliveryProof {
  const { name, relation, paper } = recipient ?? {};
  return { documents, receivedBy, recipient: name === undefined ? null : { name, relation: relation ?? null, paper: paper ?? null } };
}

function eventOf(order: PostalOrder, { entry, occurredAt, minutes, attempt, collected = [], proof = null }: PostalEntry, at: Date): CarrierEvent {
  if (isPlacing(order.state) && order.state !== 'UNKNOWN') throw new GatewayError('STATE_CONFLICT', `The order is ${order.state}: the carrier does not have it yet`);
  const status = stateAfterEntry(entry, order.leg);
  if (status === null) throw invalid('/entry', `does not happen on the leg ${order.leg}`);
  if ((entry === 'ATTEMPT_FAILED') !== (attempt !== null)) throw invalid('/attempt', 'goes with ATTEMPT_FAILED, and with nothing else');
  if (collected.length > 0 && !takesFees(entry)) throw invalid('/collected', 'goes with a hand-over by or to a citizen');
  if (proof !== null && !isArrival(entry)) throw invalid('/proof', 'goes with an arrival');
  // People write minutes, not milliseconds.
  const orderedIn = Math.floor(order.createdAt.getTime() / 60_000) * 60_000;
  if (occurredAt > at || occurredAt.getTime() < orderedIn) throw invalid('/occurredAt', 'lies between the order and now');
  const listed = order.detail.contents.reduce((sum, { copies }) => sum + copies, 0);
  if (minutes?.complete === true && minutes.counted < listed) throw invalid('/minutes/counted', `is less than the ${listed} papers of the list: such minutes are not complete`);
  const what = minutes?.minutesNumber ?? occurredAt.toISOString();
  return {
    carrierEventId: `manual:${order.id}:${entry}:${what}`,
    orderNumber: order.orderNumber,
    trackingNumber: null,
    carrierCode: attempt === null ? entry : `${entry}/${attempt.reason}/${attempt.action}`,
    carrierText: minutes === null ? '' : `Biên bản giao nhận ${minutes.minutesNumber}: ${minutes.counted} giấy tờ, ${minutes.complete ? 'đủ' : 'thiếu'}`,
    status,
    occurredAt,
    raw: JSON.stringify({ entry, occurredAt, minutes, attempt, collected, proof }),
  };
}

async function recordFacts(tx: RecordSet, order: PostalOrder, { entry, occurredAt, minutes, collected = [], proof = null, actor }: PostalEntry, at: Date): Promise<void> {
  const { id, dossierCode, orderNumber, leg } = order;
  await tx.audit.add({ at, actor, action: 'enter-postal-event', subject: `postal-order:${id}`, detail: { entry, orderNumber } });
  const common = { at: occurredAt, actor: null, messageId: null, deliveryId: null, postalOrderId: id };
  if (minutes !== null) {
    const { minutesNumber, counted, complete } = minutes;
    await tx.dossiers.addEvent(dossierCode, { ...common, kind: 'postal.handed-over', data: { entry, leg, orderNumber, minutesNumber, counted, complete } });
  }
  for (const fee of collected) await tx.dossiers.addEvent(dossierCode, { ...common, kind: 'postal.fees-collected', data: { orderNumber, ...fee, ...comparison(order, collected) } });
  if (proof !== null) await tx.dossiers.addEvent(dossierCode, { ...common, kind: 'postal.proof', data: { orderNumber, receivedBy: proof.receivedBy, documents: proof.documents.join(' ') } });
  if (isSubmission(entry, leg, minutes)) await tx.dossiers.addEvent(dossierCode, { ...common, kind: 'dossier.submitted-by-post', data: { submittedAt: occurredAt.toISOString(), orderNumber, leg } });
}

/** Of what the postal worker was to collect with what was collected. */
function comparison({ detail }: PostalOrder, collected: readonly CollectedFee[]): { readonly totalVnd: number; readonly expectedVnd: number; readonly differs: boolean } {
  const totalVnd = collected.reduce((sum, { collectedBy, amountVnd }) => (collectedBy === 'POST' ? sum + amountVnd : sum), 0);
  const expectedVnd = collectedByPostVnd(detail.fees);
  return { totalVnd, expectedVnd, differs: totalVnd !== expectedVnd };
}

function invalid(pointer: string, detail: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', 'This entry cannot be made', { faults: [{ pointer, detail }] });
}
