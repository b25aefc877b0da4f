import type { AgencyCode } from './agency-code.ts';
import type { DossierCode, DossierState } from './dossier.ts';
import type { DeliveryId, DocumentId, MessageId, PartnerId, Sha256Hex } from './ids.ts';

/** The catalogue of messages about a dossier. A receipt says *delivered*; only accept and refuse say *taken in*. */
export const MESSAGE_TYPES = [
  'dossier.submit',
  'dossier.accept',
  'dossier.refuse',
  'dossier.supplement.request',
  'dossier.supplement',
  'dossier.progress',
  'dossier.fee',
  'dossier.transfer',
  'dossier.result',
  'dossier.withdraw',
  'dossier.recall',
  'dossier.reschedule',
] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** The state a message of each type leaves the dossier in; null: unchanged. */
export const STATE_AFTER = {
  'dossier.submit': 'submitted',
  'dossier.accept': 'accepted',
  'dossier.refuse': 'refused',
  'dossier.supplement.request': 'supplementing',
  'dossier.supplement': 'submitted',
  'dossier.progress': null,
  'dossier.fee': null,
  'dossier.transfer': 'in-progress',
  'dossier.result': 'result-sent',
  'dossier.withdraw': 'withdrawn',
  'dossier.recall': 'recalled',
  'dossier.reschedule': null,
} as const satisfies Record<MessageType, DossierState | null>;

/** A document carried by a message; the bytes are fetched by id and must match the digest. */
export interface MessagePart {
  readonly documentId: DocumentId;
  readonly sha256: Sha256Hex;
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** File name for people; no path. */
  readonly name: string;
  /** What the paper is for: `application`, `result`, `annex` … free text of the sender. */
  readonly role: string;
}

/** What is bound by digest: exactly the fields of the manifest, RFC 8785 canonical JSON, SHA-256. */
export interface MessageManifest {
  readonly version: 1;
  readonly messageId: MessageId;
  readonly type: MessageType;
  /** Only where it is not 1: manifests of the first version never named one. */
  readonly schemaVersion?: number;
  readonly dossierCode: DossierCode;
  readonly from: { readonly partnerId: PartnerId | 'gateway'; readonly agencyCode: AgencyCode | null };
  readonly to: readonly AgencyCode[];
  readonly createdAt: string;
  /** SHA-256 of the canonical JSON of the body. */
  readonly bodySha256: Sha256Hex;
  readonly parts: readonly { readonly sha256: Sha256Hex; readonly sizeBytes: number; readonly mediaType: string; readonly name: string; readonly role: string }[];
}

export interface Message {
  readonly id: MessageId;
  readonly type: MessageType;
  /** Version of the body in the catalogue. */
  readonly schemaVersion: number;
  readonly dossierCode: DossierCode;
  /** null: the gateway itself (postal events). */
  readonly fromPartnerId: PartnerId | null;
  readonly fromAgencyCode: AgencyCode | null;
  readonly toAgencyCodes: readonly AgencyCode[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly parts: readonly MessagePart[];
  readonly manifestSha256: Sha256Hex;
  readonly createdAt: Date;
  /** W3C Trace Context of the call that sent it: it travels on with the message. Null: the gateway itself sent it. */
  readonly traceparent: string | null;
}

/** How one delivery stands. Only the store decides it. */
export const DELIVERY_STATES = ['pending', 'leased', 'offered', 'delivered', 'parked', 'cancelled', 'skipped'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** States after which the lane goes on to the next delivery. */
export const FINISHED_STATES = ['delivered', 'cancelled', 'skipped'] as const satisfies readonly DeliveryState[];

/** A message on its way to one recipient. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly messageId: MessageId;
  readonly partnerId: PartnerId;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly parkedReason: string | null;
  readonly lastError: { readonly code: string; readonly detail: string } | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** Proof that a recipient's system has a message: it names the manifest it received. */
export interface Receipt {
  readonly deliveryId: DeliveryId;
  readonly messageId: MessageId;
  readonly partnerId: PartnerId;
  readonly manifestSha256: Sha256Hex;
  readonly receivedAt: Date;
  /** The recipient's own reference, when it gave one. */
  readonly reference: string | null;
}
