import type { DossierCode } from '../domain/dossier.ts';
import type { DeliveryId, MessageId, PartnerId } from '../domain/ids.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { Delivery, Message, Receipt } from '../domain/message.ts';

export interface InboxEntry {
  /** Grows by one per partner, given after commit: a reader that goes on from the last position it saw never misses one. */
  readonly position: number;
  readonly deliveryId: DeliveryId;
  readonly message: Message;
}

export interface AttestedMessage {
  readonly message: Message;
  /** The canonical JSON whose digest the message carries. */
  readonly manifest: string;
  readonly evidence: Evidence;
}

export interface MessageRecords {
  /** @param evidence that it was handed in, and what else it attests by coming, recorded with it */
  add(message: Message, manifest: string, evidence: readonly Evidence[]): Promise<void>;
  /** Messages without parts, in one statement. */
  addAll(messages: readonly AttestedMessage[]): Promise<void>;
  find(id: MessageId): Promise<Message | null>;
  manifest(id: MessageId): Promise<string | null>;
  traceparent(id: MessageId): Promise<string | null>;
  /** The last message that handed the dossier to this partner to decide upon (submit, transfer, supplement), with its digest; null: none did. */
  lastHandedTo(partnerId: PartnerId, code: DossierCode): Promise<Pick<Message, 'id' | 'manifestSha256' | 'fromPartnerId'> | null>;
  ofDossier(code: DossierCode): Promise<readonly Message[]>;
  deliveries(id: MessageId): Promise<readonly Delivery[]>;

  /** Deliveries offered to a pulling partner after `afterPosition` and not yet acknowledged, positions given now if they lack one. */
  inbox(partnerId: PartnerId, afterPosition: number, limit: number, at: Date): Promise<readonly InboxEntry[]>;
  /** The delivery by which `messageId` reaches `partnerId`. */
  deliveryTo(messageId: MessageId, partnerId: PartnerId): Promise<Delivery | null>;
  addReceipt(receipt: Receipt, recordedAt: Date): Promise<void>;
  receipts(id: MessageId): Promise<readonly Receipt[]>;
}
