import { GatewayError } from '../domain/errors.ts';
import type { Caller } from '../domain/partner.ts';
import type { DossierEvent } from '../domain/dossier.ts';
import { MANUAL_ENTRIES, stateAfterEntry, type CollectedFee, type DeliveryProof } from '../domain/postal-handover.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import { isAwaitingCollection, isOver, isPlacing } from '../domain/postal-state.ts';
import type { PostDeskDifference, PostDeskForm, PostDeskOrder, PostDeskTask } from '../formats/api/post-desk.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { RecordSet } from '../ports/records.ts';
import { authenticate } from './authenticate.ts';
import { changeAddress } from './change-postal-address.ts';
import { enterPostalEvent, type EnterPostalPorts } from './enter-postal-event.ts';
import { deliveryOf, type PostalAccount } from './order-post.ts';
import { findByScan } from './print-post.ts';
import { viewOf } from './read-postal-order.ts';
import { closePostalTask } from './reconcile-post.ts';
import { resolvePostalOrder } from './resolve-postal-order.ts';

export interface PostDeskPorts extends EnterPostalPorts {
  readonly sealing: Sealing;
  readonly accounts: readonly PostalAccount[];
}

/** A clerk's session is short, and its key is looked at again each time: a revoked one ends it at once. */
export const DESK_SESSION_MS = 15 * 60_000;
const SESSION = 'post-desk-session';

/**
 * Opens a session at the post desk with an API key of scope `admin`. Nothing is stored: the key travels sealed in what is returned.
 * @returns the session, base64url
 * @throws UNAUTHENTICATED, SCOPE_MISSING
 */
export async function openPostDesk(ports: PostDeskPorts, apiKey: string): Promise<string> {
  checkAdmin(await authenticate(ports, `Bearer ${apiKey}`));
  const session = JSON.stringify({ apiKey, until: ports.clock.now().getTime() + DESK_SESSION_MS });
  return Buffer.from(ports.sealing.seal(Buffer.from(session, 'utf8'), SESSION)).toString('base64url');
}

/** Whose session it is; null when there is none any more. @throws SCOPE_MISSING */
export async function readDeskSession(ports: PostDeskPorts, session: string): Promise<Caller | null> {
  const opened = unsealed(ports.sealing, session);
  if (opened === null || opened.until <= ports.clock.now().getTime()) return null;
  const caller = await authenticate(ports, `Bearer ${opened.apiKey}`).catch((error: unknown) => {
    if (error instanceof GatewayError && error.code === 'UNAUTHENTICATED') return null;
    throw error;
  });
  if (caller !== null) checkAdmin(caller);
  return caller;
}

function unsealed(sealing: Sealing, session: string): { readonly apiKey: string; readonly until: number } | null {
  try {
    return JSON.parse(Buffer.from(sealing.open(Buffer.from(session, 'base64url'), SESSION)).toString('utf8')) as { apiKey: string; until: number };
  } catch {
    return null; // forged, cut short or sealed under a key that is gone: the clerk signs in again
  }
}

function checkAdmin({ scopes }: Caller): void {
  if (!scopes.has('admin')) throw new GatewayError('SCOPE_MISSING', 'The console needs an API key with the scope "admin"');
}

/** The order a clerk scanned, by the carrier's number of the parcel or by ours; null: there is none. Reading it is audited. */
export async function findAtDesk({ records, accounts, rules, clock }: PostDeskPorts, { keyId }: Caller, number: string): Promise<PostDeskOrder | null> {
  const order = await findByScan({ records, accounts }, number);
  if (order === null) return null;
  await records.audit.add({ at: clock.now(), actor: `operator:key-${keyId}`, action: 'read-postal-order', subject: `postal-order:${order.id}`, detail: {} });
  const isParked = (await records.outbox.find(deliveryOf(order)))?.state === 'parked';
  return {
    ...(await viewOf({ records, rules }, order)),
    contents: order.detail.contents.map(({ title, kind, copies }) => ({ title, kind, copies })),
    handOvers: isPlacing(order.state) && order.state !== 'UNKNOWN' ? [] : MANUAL_ENTRIES.filter((entry) => entry !== 'ATTEMPT_FAILED' && stateAfterEntry(entry, order.leg) !== null),
    decisions: decisionsOn(order, isParked),
    movable: movableEnds(order),
    fees: [...order.detail.fees],
    ...(await receiptsOf(records, order)),
  };
}

function decisionsOn({ state }: PostalOrder, isParked: boolean): PostDeskOrder['decisions'] {
  if (!isParked) return [];
  return state === 'UNKNOWN' ? ['adopt', 'resend', 'cancel'] : state === 'QUEUED' ? ['resend', 'cancel'] : [];
}

/** While it is on its way, and not just being sent. Whether the carrier takes a change shows when it is asked. */
function movableEnds({ state }: PostalOrder): PostDeskOrder['movable'] {
  if (isOver(state) || state === 'SUBMITTED' || state === 'UNKNOWN') return [];
  return state === 'QUEUED' || isAwaitingCollection(state) ? ['recipient', 'sender'] : ['recipient'];
}

/** More of a dossier's timeline than any dossier has. */
const WHOLE_TIMELINE = 100_000;

/** Money and proofs that were entered, from the timeline: without names. */
async function receiptsOf({ dossiers }: RecordSet, { id, dossierCode }: PostalOrder): Promise<Pick<PostDeskOrder, 'collected' | 'proofs'>> {
  const own = (await dossiers.events(dossierCode, 0, WHOLE_TIMELINE)).filter(({ postalOrderId }) => postalOrderId === id);
  const of = (kind: DossierEvent['kind']): DossierEvent[] => own.filter((event) => event.kind === kind);
  return {
    collected: of('postal.fees-collected').map(({ at, data }) => ({ at: at.toISOString(), purpose: String(data['purpose'] ?? ''), amountVnd: Number(data['amountVnd']), collectedBy: String(data['collectedBy'] ?? ''), receiptNumber: String(data['receiptNumber']) })),
    proofs: of('postal.proof').map(({ at, data }) => ({ at: at.toISOString(), receivedBy: String(data['receivedBy']), documents: String(data['documents']).split(' ').filter((each) => each !== '').length })),
  };
}

const MOST_TASKS = 100;

/** Orders that wait for a person, longest first. */
export async function listDeskTasks({ records }: PostDeskPorts): Promise<readonly PostDeskTask[]> {
  const tasks: PostDeskTask[] = [];
  for (const { kind, postalOrderId, since } of await records.outbox.parked(null, 1_000)) {
    const order = kind === 'postal' && postalOrderId !== null && tasks.length < MOST_TASKS ? await records.postal.find(postalOrderId) : null;
    if (order !== null) tasks.push({ orderNumber: order.orderNumber, carrier: order.carrier, state: order.state, stateReason: order.stateReason, since: since.toISOString() });
  }
  return tasks;
}

/** Differences with the carriers' records, longest first. */
export async function listDeskDifferences({ records }: PostDeskPorts): Promise<readonly PostDeskDifference[]> {
  return (await records.postalTasks.listOpen(MOST_TASKS)).map(({ id, kind, orderNumber, carrier, day, fact }) => ({ id, kind, orderNumber, carrier, day, fact }));
}

export type DeskDone = 'entered' | 'entered-before' | 'decided' | 'closed' | 'moved';

/** What a clerk sent: a hand-over, an attempt, a new address, or a decision. @throws as `enterPostalEvent`, `changeAddress` and `resolvePostalOrder` */
export async function workPostDesk(ports: PostDeskPorts, { keyId }: Caller, form: Exclude<PostDeskForm, { action: 'login' | 'logout' | 'print' }>, signal: AbortSignal): Promise<DeskDone> {
  const actor = `operator:key-${keyId}`;
  if (form.action === 'decide') {
    const { id, decision, note } = form;
    const { wakes } = await resolvePostalOrder(ports.records, ports, { id, decision, note, actor, at: ports.clock.now() });
    ports.queue.wake(wakes);
    return 'decided';
  }
  if (form.action === 'close-task') {
    await closePostalTask({ ...ports, actor }, { id: form.task, note: form.note });
    return 'closed';
  }
  if (form.action === 'address') {
    const { id, end, line, provinceCode, communeCode, phone, verifiedBy } = form;
    const address = { line, provinceCode, districtCode: null, communeCode: communeCode === '' ? null : communeCode };
    await changeAddress(ports, { id, end, address, phone: phone === '' ? null : phone, verifiedBy, actor, ifMatch: null }, signal);
    return 'moved';
  }
  const { id, occurredAt } = form;
  const { isNew } =
    form.action === 'attempt'
      ? await enterPostalEvent(ports, { id, entry: 'ATTEMPT_FAILED', occurredAt, minutes: null, attempt: { reason: form.reason, action: form.measure }, actor })
      : await enterPostalEvent(ports, { id, entry: form.entry, occurredAt, minutes: { minutesNumber: form.minutesNumber, counted: form.counted, complete: form.complete, discrepancy: form.discrepancy || null }, attempt: null, collected: collectedOf(form), proof: proofOf(form), actor });
  return isNew ? 'entered' : 'entered-before';
}

type HandOverForm = Extract<PostDeskForm, { action: 'hand-over' }>;

/** Money without the number of its receipt is not recorded. @throws REQUEST_INVALID */
function collectedOf({ amount1, purpose1, collector1, receipt1, amount2, purpose2, collector2, receipt2 }: HandOverForm): readonly CollectedFee[] {
  const rows = [
    { amountVnd: amount1, purpose: purpose1, collectedBy: collector1, receiptNumber: receipt1 },
    { amountVnd: amount2, purpose: purpose2, collectedBy: collector2, receiptNumber: receipt2 },
  ].filter(({ amountVnd }) => amountVnd > 0);
  const bare = rows.findIndex(({ receiptNumber }) => receiptNumber === '');
  if (bare !== -1) throw invalid(`/receipt${bare + 1}`, 'is missing: money is taken against a receipt');
  return rows;
}

/** @throws REQUEST_INVALID */
function proofOf({ receivedBy, recipient, relation, paper, paperEnding }: HandOverForm): DeliveryProof | null {
  if (receivedBy === '') {
    if (recipient !== '') throw invalid('/receivedBy', 'is missing: in which role did this person receive it');
    return null;
  }
  if (recipient === '') throw invalid('/recipient', 'is missing: who received it');
  if ((paper === '') !== (paperEnding === '')) throw invalid('/paperEnding', 'goes with the kind of the paper');
  return { documents: [], receivedBy, recipient: { name: recipient, relation: relation === '' ? null : relation, paper: paper === '' ? null : { kind: paper, ending: paperEnding } } };
}

function invalid(pointer: string, detail: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', 'This hand-over cannot be recorded', { faults: [{ pointer, detail }] });
}
