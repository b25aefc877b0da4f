import type { Caller } from '../domain/partner.ts';
import { messageEnvelopeOf } from '../formats/api/message-views.ts';
import type { InboxPage } from '../formats/api/messages.ts';
import type { AuditEntry } from '../ports/audit-records.ts';
import type { Clock } from '../ports/clock.ts';
import type { InboxSignals } from '../ports/inbox-signals.ts';
import type { Records } from '../ports/records.ts';

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

async function readPage({ records, clock }: ReadInboxPorts, caller: Caller, { after, limit }: InboxRequest): Promise<InboxPage> {
  const at = clock.now();
  const entries = await records.messages.inbox(caller.partnerId, after, limit, at);
  await records.audit.add(
    ...entries.map(({ message }): AuditEntry => ({ at, actor: `partner:${caller.partnerId}`, action: 'read-message', subject: `dossier:${message.dossierCode}`, detail: { apiKey: caller.keyId, messageId: message.id } })),
  );
  return {
    entries: entries.map(({ position, deliveryId, message }) => ({ position, message: messageEnvelopeOf(message, deliveryId) })),
    nextAfter: entries.at(-1)?.position ?? after,
  };
}
