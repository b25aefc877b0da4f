import type { DeliveryId } from '../../domain/ids.ts';
import type { Delivery, Message, Receipt } from '../../domain/message.ts';
import type { MessageEnvelope, MessageView } from './messages.ts';

/** A message with how it stands, as its sender or a recipient may see it; which deliveries and receipts those are is the caller's choice. */
export function messageViewOf(message: Message, deliveries: readonly Delivery[], receipts: readonly Receipt[]): MessageView {
  return {
    messageId: message.id,
    type: message.type,
    schemaVersion: message.schemaVersion,
    dossierCode: message.dossierCode,
    from: senderOf(message),
    to: [...message.toAgencyCodes],
    createdAt: message.createdAt.toISOString(),
    manifestSha256: message.manifestSha256,
    parts: message.parts.map((part) => ({ ...part })),
    deliveries: deliveries.map(deliveryViewOf),
    receipts: receipts.map(receiptViewOf),
  };
}

/** A message as its recipient gets it, pushed or pulled. */
export function messageEnvelopeOf(message: Message, deliveryId: DeliveryId): MessageEnvelope {
  return {
    messageId: message.id,
    deliveryId,
    type: message.type,
    schemaVersion: message.schemaVersion,
    dossierCode: message.dossierCode,
    from: senderOf(message),
    to: [...message.toAgencyCodes],
    createdAt: message.createdAt.toISOString(),
    body: message.body as MessageEnvelope['body'], // was JSON when it was recorded
    parts: message.parts.map((part) => ({ ...part })),
    manifestSha256: message.manifestSha256,
  };
}

export function receiptViewOf({ messageId, partnerId, manifestSha256, receivedAt, reference }: Receipt): MessageView['receipts'][number] {
  return { messageId, partnerId, manifestSha256, receivedAt: receivedAt.toISOString(), reference };
}

function deliveryViewOf({ id, partnerId, state, attempts, nextAttemptAt, parkedReason, lastError, finishedAt }: Delivery): MessageView['deliveries'][number] {
  return {
    deliveryId: id,
    partnerId,
    state,
    attempts,
    nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
    parkedReason,
    lastError,
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

/** The gateway's own messages come from `gateway`. */
function senderOf({ fromPartnerId, fromAgencyCode }: Message): MessageView['from'] {
  return { partnerId: fromPartnerId ?? 'gateway', agencyCode: fromAgencyCode };
}
