import type { Evidence, OwnSignature, ReceiptSource } from '../domain/evidence.ts';
import type { DeliveryId } from '../domain/ids.ts';
import type { Message, Receipt } from '../domain/message.ts';
import type { Partner } from '../domain/partner.ts';
import { circuitOf, DEFAULT_BREAKER, type BreakerSettings, type EvidencePolicy, type PartnerStanding } from '../domain/partner-limits.ts';
import type { RetrySchedule } from '../domain/retry-schedule.ts';
import type { Clock } from '../ports/clock.ts';
import type { NewDossierEvent } from '../ports/dossier-records.ts';
import type { DossierPartner, DossierPartners, SendOutcome } from '../ports/dossier-partner.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { Lease } from '../ports/outbox.ts';
import type { Recipient } from '../ports/partner-records.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { attestReceipt } from './attest.ts';
import { parked, postponed, retried } from './deliver.ts';
import type { DeliveryHandler, Handled, HeldLease } from './delivery-handler.ts';

export interface MessagePorts extends AttestPorts {
  readonly records: Records;
  readonly partners: DossierPartners;
  readonly clock: Clock;
  readonly schedule: RetrySchedule;
  /**
   * How long after an attempt with unknown outcome its effect may still show: a look-up that finds nothing earlier proves nothing.
   * Longer than the connector's time-out.
   */
  readonly quarantineMs: number;
  /** Whether no time-stamp could be had for too long, and what that means for partners that have no policy of their own. Missing: nobody waits for evidence. */
  readonly evidence?: { readonly isSilent: () => boolean; readonly policy: EvidencePolicy };
  /** Default: `DEFAULT_BREAKER`. */
  readonly breaker?: BreakerSettings;
}

const SUSPENDED_FOR_MS = 60_000;
/** Longer than any attempt: a worker that dies while it probes does not keep the circuit half open for ever. */
const PROBE_MS = 60_000;
const PROBE_RETRY_MS = 2_000;

/** Messages to partners: pushed through their connector, or offered in the inbox. */
export function messageHandler(ports: MessagePorts): DeliveryHandler {
  return { attempt: (held) => attempt(ports, held), onParked: recordParked };
}

async function attempt(usual: MessagePorts, held: HeldLease): Promise<Handled> {
  const { lease } = held;
  const [recipient, message] = await Promise.all([
    usual.records.partners.recipient(lease.target as Partner['id'], usual.clock.now()),
    lease.messageId === null ? null : usual.records.messages.find(lease.messageId),
  ]);
  if (recipient === null || message === null) return parked(lease, 'undeliverable', { code: 'PARTNER_NOT_FOUND', detail: 'Its recipient or message is not recorded' });
  const { partner } = recipient;
  const ports = paced(usual, recipient.standing);
  if (partner.status === 'suspended') return suspended(ports, lease);
  const silent = withoutEvidence(ports, lease, recipient);
  if (silent !== null) return silent;
  if (partner.mode === 'pull') return { settlement: { state: 'offered' }, attempt: { outcome: 'offered', code: null, detail: null } };
  const connector = await ports.partners.of(recipient);
  return probing(ports, recipient, lease, async () => {
    const hold = await holdBack(ports, lease, recipient);
    if (hold !== null) return hold;
    const doubt = lease.outcomeUnknown ? await resolveDoubt(ports, held, recipient, message, connector) : null;
    return doubt ?? send(ports, held, message, connector, recipient);
  });
}

/**
 * Of a half-open circuit one attempt at a time finds out whether the partner is back. One that ends without news, because it could not
 * begin to send, was told to wait or was refused, lets the next one try.
 */
async function probing({ records, clock }: MessagePorts, { partner, standing }: Recipient, lease: Lease, work: () => Promise<Handled>): Promise<Handled> {
  const now = clock.now();
  if (standing.disabledAt !== null || circuitOf(standing, now) !== 'half-open') return work();
  const until = new Date(now.getTime() + PROBE_MS);
  if (!(await records.partnerStates.takeProbe(partner.id, now, until))) return unavailable(lease, new Date(now.getTime() + PROBE_RETRY_MS), 'Another attempt is finding out whether the partner is back');
  let hasNews = false;
  try {
    const handled = await work();
    hasNews = handled.record !== undefined;
    return handled;
  } finally {
    if (!hasNews) await records.partnerStates.returnProbe(partner.id, until).catch(() => {}); // it also ends by time
  }
}

function unavailable(lease: Lease, until: Date, detail: string): Handled {
  return postponed(lease, until, { code: 'PARTNER_UNAVAILABLE', detail });
}

/** What the partner has of its own in place of what is usual. */
function paced(ports: MessagePorts, { pace }: PartnerStanding): MessagePorts {
  if (pace === undefined) return ports;
  const { delaysMs, longestRetryAfterMs, jitter } = ports.schedule;
  const schedule: RetrySchedule = { delaysMs: pace.retryDelaysMs ?? delaysMs, longestRetryAfterMs: pace.longestRetryAfterMs ?? longestRetryAfterMs, jitter };
  return { ...ports, schedule, ...(pace.breaker !== undefined && { breaker: pace.breaker }) };
}

function suspended(ports: MessagePorts, lease: Lease): Handled {
  const nextAt = new Date(ports.clock.now().getTime() + SUSPENDED_FOR_MS);
  return postponed(lease, nextAt, { code: 'PARTNER_UNAVAILABLE', detail: 'The partner is suspended here' });
}

/** No evidence, no delivery, for a partner that asks for it: what is sent could not be proven later. */
function withoutEvidence({ evidence, clock }: MessagePorts, lease: Lease, { standing }: Recipient): Handled | null {
  if (evidence === undefined || (standing.evidence ?? evidence.policy) === 'degraded' || !evidence.isSilent()) return null;
  const nextAt = new Date(clock.now().getTime() + SUSPENDED_FOR_MS);
  return postponed(lease, nextAt, { code: 'EVIDENCE_UNAVAILABLE', detail: 'No time-stamp could be had for the evidence log for too long: see the alarms; “lienthong partners evidence” lets a partner go without' });
}

/** The partner's circuit and rate: null when the message may go now. An open circuit is mostly seen before, when nothing is leased for it. */
async function holdBack({ records, clock }: MessagePorts, lease: Lease, { partner, standing }: Recipient): Promise<Handled | null> {
  const now = clock.now();
  const wait = (until: Date, detail: string): Handled => unavailable(lease, until, detail);
  if (standing.disabledAt !== null) return wait(new Date(now.getTime() + SUSPENDED_FOR_MS), 'The partner’s address said that it is gone: give it a new one, or let it in again');
  if (circuitOf(standing, now) === 'open') return wait(standing.openUntil ?? now, `The partner failed ${standing.failures} times in a row, or asked to wait`);
  const nextToken = await records.partnerStates.takeToken(partner.id, standing.limits, now);
  return nextToken === null ? null : wait(nextToken, `The partner takes ${standing.limits.ratePerSecond} messages a second`);
}

/**
 * An earlier attempt may have taken effect, or may still. What may follow is what the partner declared; null: send again.
 * `upsert` is sent again only when nothing of the earlier attempt can show any more: else its late effect could put this older state
 * over a newer one that went out in between.
 */
async function resolveDoubt(ports: MessagePorts, held: HeldLease, recipient: Recipient, message: Message, connector: DossierPartner): Promise<Handled | null> {
  const { lease } = held;
  const { partner } = recipient;
  if (partner.repeat === 'unsafe') return isDecidedByPerson(lease) ? null : unknownParked(lease);
  if (partner.repeat === 'key') return null;
  if (connector.lookup !== null) {
    const found = await connector.lookup(lease.id, held.signal);
    if (found.found) return delivered(ports, lease, message, recipient, { manifestSha256: found.manifestSha256 ?? message.manifestSha256, reference: found.reference }, 'lookup');
  }
  const quarantineEnd = new Date((lease.unknownSince ?? lease.createdAt).getTime() + ports.quarantineMs);
  if (quarantineEnd <= ports.clock.now()) return null;
  return postponed(lease, quarantineEnd, { code: 'PARTNER_ANSWER_INVALID', detail: 'An attempt may still take effect at the partner: waiting before it is sent again' });
}

/** The first attempt after a replay: a person looked, and chose to send again. */
function isDecidedByPerson(lease: Lease): boolean {
  return lease.triesSpent === 0;
}

function unknownParked(lease: Lease): Handled {
  return parked(lease, 'outcome-unknown', { code: 'PARTNER_UNAVAILABLE', detail: 'An attempt may have taken effect, and the partner tolerates no repetition' });
}

async function send(ports: MessagePorts, held: HeldLease, message: Message, connector: DossierPartner, recipient: Recipient): Promise<Handled> {
  const { lease, traceparent } = held;
  const { partner } = recipient;
  held.beginSending();
  const traced = traceparent === null ? message : { ...message, traceparent };
  const result = await connector.send(lease.id, traced, message.manifestSha256, held.signal);
  if (result.outcome === 'delivered') return delivered(ports, lease, message, recipient, result, 'answer');
  if (result.outcome === 'refused') return refused(lease, result, partner);
  if (held.signal.aborted) return cutShort(ports, lease, partner, result);
  return { ...failed(ports, lease, partner, result), record: recordFailing(ports, partner, result) };
}

type Failure = Extract<SendOutcome, { outcome: 'retry' | 'unknown' }>;

/** Ended by us, not by the partner: it says nothing about how the partner is doing. */
function cutShort(ports: MessagePorts, lease: Lease, partner: Partner, result: Failure): Handled {
  return result.outcome === 'retry' ? postponed(lease, ports.clock.now(), result) : failed(ports, lease, partner, result);
}

function failed(ports: MessagePorts, lease: Lease, partner: Partner, result: Failure): Handled {
  const { outcome, code, detail } = result;
  if (outcome === 'unknown' && partner.repeat === 'unsafe') return { ...parked(lease, 'outcome-unknown', { code, detail }, true), attempt: { outcome, code, detail } };
  return retried(ports, lease, { outcome, code, detail, retryAfterMs: outcome === 'retry' ? result.retryAfterMs : null });
}

/** A partner that asks to wait is held as a whole, not message by message. */
function recordFailing({ breaker = DEFAULT_BREAKER, schedule }: MessagePorts, { id }: Partner, result: Failure): NonNullable<Handled['record']> {
  const retryAfterMs = result.outcome === 'retry' ? result.retryAfterMs : null;
  return async (records, at) => {
    if (retryAfterMs === null) await records.partnerStates.recordFailure(id, breaker, at);
    else await records.partnerStates.holdUntil(id, new Date(at.getTime() + Math.min(retryAfterMs, schedule.longestRetryAfterMs)), at);
  };
}

/** A recipient that confirms another digest than was sent has something else: that is for a person, not for a retry. */
async function delivered(ports: MessagePorts, lease: Lease, message: Message, { standing }: Recipient, answer: Pick<Receipt, 'reference'> & { readonly manifestSha256: string }, source: ReceiptSource): Promise<Handled> {
  if (answer.manifestSha256 !== message.manifestSha256) {
    return parked(lease, 'receipt-invalid', { code: 'RECEIPT_INVALID', detail: 'The recipient confirmed another manifest than was sent' }, true);
  }
  const receipt: Receipt = {
    deliveryId: lease.id,
    messageId: message.id,
    partnerId: lease.target as Receipt['partnerId'],
    manifestSha256: message.manifestSha256,
    receivedAt: ports.clock.now(),
    reference: answer.reference,
  };
  const evidence = await attestDelivery(ports, message, receipt, source);
  return {
    settlement: { state: 'delivered', proof: { receipt, evidence, dossierCode: message.dossierCode, event: arrivalOf(message, receipt) } },
    attempt: { outcome: 'delivered', code: null, detail: null },
    record: isTroubled(standing) ? (records, at) => records.partnerStates.recordSuccess(receipt.partnerId, at) : undefined,
  };
}

/** A success ends the failures before its attempt. Those that came while it was under way may be the news: they are for the next one to end. */
function isTroubled({ failures, openUntil }: PartnerStanding): boolean {
  return failures > 0 || openUntil !== null;
}

/**
 * Shared with the inbox: receipt, evidence and event of a delivery that has arrived. The caller has finished the delivery in the same transaction.
 * @param own what the recipient signed itself; null: nothing
 * @throws as `attestMessage`
 */
export async function recordReceipt(records: RecordSet, ports: AttestPorts, { message, receipt, source, own }: ReceiptToRecord, at: Date): Promise<void> {
  await records.messages.addReceipt(receipt, at);
  await records.evidence.add([await attestDelivery(ports, message, receipt, source, own)]);
  await records.dossiers.addEvent(message.dossierCode, arrivalOf(message, receipt));
}

export interface ReceiptToRecord {
  readonly message: Message;
  readonly receipt: Receipt;
  readonly source: ReceiptSource;
  readonly own: OwnSignature | null;
}

function attestDelivery(ports: AttestPorts, { dossierCode, fromPartnerId: sender }: Message, receipt: Receipt, source: ReceiptSource, own: OwnSignature | null = null): Promise<Evidence> {
  const { deliveryId, messageId, partnerId: recipient, manifestSha256, reference, receivedAt } = receipt;
  return attestReceipt(ports, { version: 1, kind: 'delivered', messageId, manifestSha256, dossierCode, recipient, deliveryId, source, reference, signedBy: own === null ? 'gateway' : 'recipient', at: receivedAt.toISOString() }, { sender, own, at: receivedAt });
}

function arrivalOf({ id, type }: Message, { receivedAt, partnerId, deliveryId, manifestSha256 }: Receipt): NewDossierEvent {
  return { kind: 'message.delivered', at: receivedAt, actor: partnerId, messageId: id, deliveryId, postalOrderId: null, data: { type, manifestSha256 } };
}

/** An address that is gone stays so: nothing more is sent to it, and what is for it waits in its order (Standard Webhooks 1.0.0). */
function refused(lease: Lease, result: Extract<SendOutcome, { outcome: 'refused' }>, { id }: Partner): Handled {
  const reason = result.code === 'PARTNER_GONE' ? 'gone' : result.code === 'RECEIPT_INVALID' ? 'receipt-invalid' : 'refused';
  const record: Handled['record'] = reason === 'gone' ? (records, at) => records.partnerStates.disable(id, at) : undefined;
  return { ...parked(lease, reason, { code: result.code, detail: result.detail }), attempt: result, record };
}

const recordParked: DeliveryHandler['onParked'] = async (records, lease, settlement, at) => {
  const message = lease.messageId === null ? null : await records.messages.find(lease.messageId);
  if (message === null) return;
  await records.dossiers.addEvent(message.dossierCode, {
    kind: 'message.parked',
    at,
    actor: null,
    messageId: message.id,
    deliveryId: lease.id satisfies DeliveryId,
    postalOrderId: null,
    data: { recipient: lease.target, reason: settlement.reason, code: settlement.error.code, attempts: lease.attempt },
  });
};
