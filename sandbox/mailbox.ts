import { buffer } from 'node:stream/consumers';
import { matchesManifest, receiptFor, type GatewayClient, type MessageEnvelope, type Schemas } from '../client/index.ts';

export interface ReceivedMessage {
  readonly envelope: MessageEnvelope;
  /** By document id, each checked against its digest. */
  readonly parts: ReadonlyMap<string, Uint8Array>;
  readonly receipt: Schemas['ReceiptInput'];
  readonly receivedAt: string;
  /** How often it came; more than once means that an answer of ours was lost. */
  times: number;
}

/** What a receiving system keeps: each message once, whatever was repeated on the way. In memory: this is a sandbox. */
export interface Mailbox {
  /** Fetches and checks the parts, keeps the message, and gives the receipt; the same receipt for the same delivery, for ever. */
  take(envelope: MessageEnvelope): Promise<Schemas['ReceiptInput']>;
  receiptOf(deliveryId: string): Schemas['ReceiptInput'] | null;
  /** Oldest first. */
  messages(): readonly ReceivedMessage[];
}

export interface MailboxOptions {
  readonly gateway: Pick<GatewayClient, 'downloadDocument'>;
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
  if (!matchesManifest(envelope)) throw new MessageDamaged('The message does not match its manifest digest');
  const parts = new Map<string, Uint8Array>();
  for (const { documentId, sha256, sizeBytes, name } of envelope.parts) {
    const download = await gateway.downloadDocument(documentId);
    if (download.sha256 !== sha256 || download.sizeBytes !== sizeBytes) throw new MessageDamaged(`The paper ${name} is not the one that the message names`);
    parts.set(documentId, await buffer(download.stream));
  }
  const receipt = receiptFor(envelope, reference(envelope));
  return { envelope, parts, receipt, receivedAt: now().toISOString(), times: 1 };
}
