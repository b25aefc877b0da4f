import type { MessageId } from '../domain/ids.ts';
import type { Delivery, Message } from '../domain/message.ts';
import type { Caller } from '../domain/partner.ts';
import { messageEnvelopeOf } from '../formats/api/message-views.ts';
import type { InboxPage, MessageEnvelope } from '../formats/api/messages.ts';
import type { AuditEntry } from '../ports/audit-records.ts';
import type { Clock } from '../ports/clock.ts';
import type { InboxSignals } from '../ports/inbox-signals.ts';
import type { Records } from '../ports/records.ts';
import { noSuchMessage } from './read-message.ts';

export interface ReadInboxPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly inboxSignals: InboxSignals;
}

export interface InboxRequest {
  /** Position of the last entry seen; 0 for everything not acknowledged. */
  readonly after: number;
  readonly limit: number;
  /** How long to wait while there is nothing; 0: not at all. */
  readonly waitMs: number;
}

/** A signal may get lost with its connection: so long a message is late then. */
const LOOK_AGAIN_MS = 5_000;

/**
 * What is waiting for a pulling partner and not yet acknowledged. Reading changes nothing: a message goes away with its receipt, and
 * the next of its dossier comes then. Each message handed over is audited, since it may hold personal data. While there is nothing, the answer may wait; it holds no connection to the database meanwhile.
 * @throws RATE_LIMITED, OVERLOADED when too many wait; CANCELLED when `signal` aborts
 */
export async function readInbox(ports: ReadInboxPorts, caller: Caller, request: InboxRequest, signal: AbortSignal): Promise<InboxPage> {
  const { clock, inboxSignals } = ports;
  if (request.waitMs === 0) return readPage(ports, caller, request);
  const until = clock.now().getTime() + request.waitMs;
  const subscription = inboxSignals.subscribe(caller.partnerId); // before looking: what comes in between has to ring
  try {
    for (;;) {
      const page = await readPage(ports, caller, request);
      const leftMs = until - clock.now().getTime();
      if (page.entries.length > 0 || leftMs <= 0 || subscription.isClosing()) return page;
      await subscription.next(Math.min(leftMs, LOOK_AGAIN_MS), signal);
    }
  } finally {
    subscription.end();
  }
}

/** Not before its turn in the lane, and not when it was taken back. */
function canBeFetched({ state, attempts }: Delivery): boolean {
  return state !== 'cancelled' && state !== 'skipped' && (state !== 'pending' || attempts > 0);
}

/**
 * One message that was sent to the caller, as a full push or its inbox brings it: a thin push says only where it is. Audited, since it may be
 * read long after it was delivered; changes nothing else.
 * @throws MESSAGE_NOT_FOUND
 */
export async function readEnvelope({ records, clock }: Pick<ReadInboxPorts, 'records' | 'clock'>, caller: Caller, id: MessageId): Promise<MessageEnvelope> {
  const delivery = await records.messages.deliveryTo(id, caller.partnerId);
  const message = delivery !== null && canBeFetched(delivery) ? await records.messages.find(id) : null;
  if (message === null || delivery === null) throw noSuchMessage(id);
  await records.audit.add(readingOf(message, caller, clock.now()));
  return messageEnvelopeOf(message, delivery.id);
}

async function readPage({ records, clock }: ReadInboxPorts, caller: Caller, { after, limit }: InboxRequest): Promise<InboxPage> {
  const at = clock.now();
  const entries = await records.messages.inbox(caller.partnerId, after, limit, at);
  await records.audit.add(...entries.map(({ message }) => readingOf(message, caller, at)));
  return {
    entries: entries.map(({ position, deliveryId, message }) => ({ position, message: messageEnvelopeOf(message, deliveryId) })),
    nextAfter: entries.at(-1)?.position ?? after,
  };
}

function readingOf({ id, dossierCode }: Message, caller: Caller, at: Date): AuditEntry {
  return { at, actor: `partner:${caller.partnerId}`, action: 'read-message', subject: `dossier:${dossierCode}`, detail: { apiKey: caller.keyId, messageId: id } };
}
