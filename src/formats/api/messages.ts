import { z } from 'zod';
import { DELIVERY_STATES, MESSAGE_TYPES } from '../../domain/message.ts';
import { cataloguedMeta, checkCatalogued } from './message-catalogue.ts';
import { agencyCode, documentId, dossierCode, fileName, instant, mediaType, messageId, partnerId, sha256Hex, text } from './primitives.ts';

const schemaVersion = z.int().min(1).max(1_000);
const body = z.record(z.string().max(100), z.json()).meta({ description: 'What the message says, as its type and version have it, up to 256 KB of JSON; papers travel as documents. It is passed on exactly as sent. Further members at its top are yours to use and are passed on, too; the objects below take no others.' });

/** `POST /v1/dossiers/{code}/messages` */
export const newMessage = z
  .strictObject({
    type: z.enum(MESSAGE_TYPES),
    schemaVersion: schemaVersion.default(1).describe('Version of the body, as the catalogue has it; every recipient has to take it.'),
    from: agencyCode.optional().describe('The agency the sender speaks for; must be served by the sender.'),
    to: z.array(agencyCode).min(1).max(100),
    body: body.default({}),
    documents: z.array(z.strictObject({ documentId, name: fileName.optional(), role: text(60) })).max(200).default([]),
  })
  .superRefine((message, context) => {
    for (const { path, message: wrong } of checkCatalogued(message)) context.addIssue({ code: 'custom', path: [...path], message: wrong });
  })
  .meta({ id: 'NewMessage', ...cataloguedMeta });
export type NewMessageInput = z.output<typeof newMessage>;

export const messagePart = z
  .strictObject({ documentId, sha256: sha256Hex, sizeBytes: z.int().nonnegative(), mediaType, name: z.string(), role: z.string() })
  .meta({ id: 'MessagePart' });

/**
 * A message as its recipient gets it: pushed as the `data` of a webhook, or pulled from the inbox. Papers are fetched by id. The body is as
 * it was accepted, and is not judged again on its way out.
 */
export const messageEnvelope = z
  .strictObject({
    messageId,
    deliveryId: z.uuid(),
    type: z.enum(MESSAGE_TYPES),
    schemaVersion,
    dossierCode,
    from: z.strictObject({ partnerId: z.string(), agencyCode: z.string().nullable() }),
    to: z.array(z.string()),
    createdAt: instant,
    body,
    parts: z.array(messagePart),
    manifestSha256: sha256Hex,
  })
  .meta({ id: 'MessageEnvelope', ...cataloguedMeta });
export type MessageEnvelope = z.output<typeof messageEnvelope>;

/** Standard Webhooks 1.0.0 payload. */
export const webhookPayload = z.strictObject({ type: z.enum(MESSAGE_TYPES), timestamp: instant, data: messageEnvelope }).meta({ id: 'WebhookPayload' });

/** The thin payload of the same specification: that there is a message, and where the recipient fetches it with its own key. */
export const thinWebhookPayload = z
  .strictObject({
    type: z.enum(MESSAGE_TYPES),
    timestamp: instant,
    data: z.strictObject({
      messageId,
      deliveryId: z.uuid(),
      links: z.strictObject({ message: z.string(), documents: z.array(z.string()) }).describe('Paths at the gateway you know: never whole addresses, so that no push can send your key elsewhere'),
    }),
  })
  .meta({ id: 'ThinWebhookPayload' });

/** What a recipient answers (200 to a push) or posts (`POST /v1/inbox/{messageId}/receipt`): it says *delivered*, not *taken in*. */
export const receiptInput = z
  .object({ messageId, manifestSha256: sha256Hex, reference: text(200).nullish() })
  .meta({ id: 'ReceiptInput', description: 'manifestSha256 repeats the digest received, after the recipient checked the parts against it.' });
export type ReceiptInput = z.output<typeof receiptInput>;

export const receiptView = z
  .strictObject({ messageId, partnerId, manifestSha256: sha256Hex, receivedAt: instant, reference: z.string().nullable() })
  .meta({ id: 'Receipt' });

export const deliveryView = z
  .strictObject({
    deliveryId: z.uuid(),
    partnerId,
    state: z.enum(DELIVERY_STATES),
    attempts: z.int().nonnegative(),
    nextAttemptAt: instant.nullable(),
    parkedReason: z.string().nullable(),
    lastError: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'Delivery' });

/** `GET /v1/messages/{id}`, and the 202 of sending. */
export const messageView = z
  .strictObject({
    messageId,
    type: z.enum(MESSAGE_TYPES),
    schemaVersion: schemaVersion.default(1),
    dossierCode,
    from: z.strictObject({ partnerId: z.string(), agencyCode: z.string().nullable() }),
    to: z.array(z.string()),
    createdAt: instant,
    manifestSha256: sha256Hex,
    parts: z.array(messagePart),
    deliveries: z.array(deliveryView),
    receipts: z.array(receiptView),
  })
  .meta({ id: 'Message' });
export type MessageView = z.output<typeof messageView>;

/** `GET /v1/inbox?after=<position>&limit=<n>` */
export const inboxPage = z
  .strictObject({ entries: z.array(z.strictObject({ position: z.int().positive(), message: messageEnvelope })), nextAfter: z.int().nonnegative() })
  .meta({ id: 'InboxPage' });
export type InboxPage = z.output<typeof inboxPage>;
