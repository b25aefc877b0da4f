import type { Caller } from '../domain/partner.ts';
import { messageEnvelopeOf } from '../formats/api/message-views.ts';
import type { InboxPage } from '../formats/api/messages.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

export interface ReadInboxPorts {
  readonly records: Records;
  readonly clock: Clock;
}

export interface InboxRequest {
  /** Position of the last entry seen; 0 for everything not acknowledged. */
  readonly after: number;
  readonly limit: number;
}

/**
 * What is waiting for a pulling partner and not yet acknowledged. Reading changes nothing: a message goes away with its receipt, and
 * the next of its dossier comes then.
 */
export async function readInbox({ records, clock }: ReadInboxPorts, caller: Caller, { after, limit }: InboxRequest): Promise<InboxPage> {
  const entries = await records.messages.inbox(caller.partnerId, after, limit, clock.now());
  return {
    entries: entries.map(({ position, deliveryId, message }) => ({ position, message: messageEnvelopeOf(message, deliveryId) })),
    nextAfter: entries.at(-1)?.position ?? after,
  };
}
