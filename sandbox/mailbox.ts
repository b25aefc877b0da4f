import { canonicalSha256 } from '../src/formats/canonical-json.ts';
import type { MessageEnvelope, ReceiptInput } from '../src/formats/api/messages.ts';
import { sha256Hex, type GatewayClient } from './gateway-client.ts';

export interface ReceivedMessage {
  readonly envelope: MessageEnvelope;
  /** By document id, each checked against its digest. */
  readonly parts: ReadonlyMap<string, Uint8Array>;
  readonly receipt: ReceiptInput;
  readonly receivedAt: string;
  /** How often it came; more than once means that an answer of ours was lost. */
  times: number;
}

/** What a receiving system keeps: each message once, whatever was repeated on the way. In memory: this is a sandbox. */
export interface Mailbox {
  /** Fetches and checks the parts, keeps the message, and gives the receipt; the same receipt for the same delivery, for ever. */
  take(envelope: MessageEnvelope): Promise<ReceiptInput>;
  receiptOf(deliveryId: string): ReceiptInput | null;
  /** Oldest first. */
  messages(): readonly ReceivedMessage[];
}

export interface MailboxOptions {
  readonly gateway: Pick<GatewayClient, 'readDocument'>;
  readonly now: () => Date;
  /** Own number under which the message is entered. */
  readonly reference: (envelope: MessageEnvelope) => string;
}

/** Deliveries that came with another content than the first time, or whose parts do not match. */
export class MessageDamaged extends Error {
  override readonly name = 'MessageDamaged';
}

export function openMailbox(options: MailboxOptions): Mailbox {
  const kept = new Map<string, ReceivedMessage>();
  const underWay = new Map<string, Promise<ReceivedMessage>>();
  const takeOnce = async (envelope: MessageEnvelope): Promise<ReceivedMessage> => {
    const message = await receive(options, envelope);
    kept.set(envelope.deliveryId, message);
    return message;
  };
  return {
    messages: () => [...kept.values()],
    receiptOf: (deliveryId) => kept.get(deliveryId)?.receipt ?? null,
    take: async (envelope) => {
      const { deliveryId, manifestSha256 } = envelope;
      const running = kept.get(deliveryId) ?? underWay.get(deliveryId);
      if (running === undefined) {
        const taking = takeOnce(envelope).finally(() => underWay.delete(deliveryId));
        underWay.set(deliveryId, taking);
        return (await taking).receipt;
      }
      const message = await running;
      if (message.envelope.manifestSha256 !== manifestSha256) throw new MessageDamaged('The same delivery came with another content');
      message.times += 1;
      return message.receipt;
    },
  };
}

async function receive({ gateway, now, reference }: MailboxOptions, envelope: MessageEnvelope): Promise<ReceivedMessage> {
  checkManifest(envelope);
  const parts = new Map<string, Uint8Array>();
  for (const { documentId, sha256, sizeBytes, name } of envelope.parts) {
    const bytes = await gateway.readDocument(documentId);
    if (bytes.length !== sizeBytes || sha256Hex(bytes) !== sha256) throw new MessageDamaged(`The paper ${name} is not the one that the message names`);
    parts.set(documentId, bytes);
  }
  const receipt = { messageId: envelope.messageId, manifestSha256: envelope.manifestSha256, reference: reference(envelope) };
  return { envelope, parts, receipt, receivedAt: now().toISOString(), times: 1 };
}

/** The digest binds everything that the message says: it is made again from what arrived. */
function checkManifest({ messageId, type, schemaVersion, dossierCode, from, to, createdAt, body, parts, manifestSha256 }: MessageEnvelope): void {
  const named = parts.map(({ sha256, sizeBytes, mediaType, name, role }) => ({ sha256, sizeBytes, mediaType, name, role }));
  const manifest = { version: 1, messageId, type, ...(schemaVersion !== 1 && { schemaVersion }), dossierCode, from, to, createdAt, bodySha256: canonicalSha256(body), parts: named };
  if (canonicalSha256(manifest) !== manifestSha256) throw new MessageDamaged('The message does not match its manifest digest');
}
