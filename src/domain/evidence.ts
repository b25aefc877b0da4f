import type { DossierCode } from './dossier.ts';
import type { DeliveryId, MessageId, PartnerId, Sha256Hex } from './ids.ts';

/** The release that begins to keep evidence of messages: what came before has none. */
export const EVIDENCE_SINCE = '0.1.0';

/**
 * What is attested of a message: that it was handed in, that the recipient's system has it, that a clerk of the recipient took it in or
 * refused it, that its content was erased.
 */
const EVIDENCE_KINDS = ['message', 'delivered', 'taken-in', 'refused', 'erased'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** Signed when it happened, and never made again. */
export interface Evidence {
  readonly messageId: MessageId;
  readonly kind: EvidenceKind;
  /** Unique among what is attested of one message; lower-case letters, digits, hyphens: names of its files are made of it. */
  readonly name: string;
  /** Whose act is attested; null: the gateway's own. */
  readonly partnerId: PartnerId | null;
  /** Who may see its place in the log. */
  readonly seenBy: readonly PartnerId[];
  /** RFC 8785; null for the message, whose manifest says what it is. */
  readonly statement: string | null;
  /** What the recipient itself signed, with all that is needed to check it, RFC 8785; null: it signed nothing. */
  readonly ownSignature: string | null;
  /** ASiCManifest, as signed. */
  readonly manifestXml: Uint8Array;
  /** Detached CAdES over `manifestXml`, DER. */
  readonly cmsDer: Uint8Array;
  readonly at: Date;
}

/** How the gateway knows that a recipient has a message. */
export type ReceiptSource =
  /** Its system answered the push. */
  | 'answer'
  /** Its system called with a receipt. */
  | 'call'
  /** Its system was asked, and has it. */
  | 'lookup';

/** The statement of a receipt, exactly its fields; binds the manifest's digest. */
export type ReceiptStatement = ReceiptFacts & (DeliveredFacts | DecidedFacts | ErasedFacts);

interface ReceiptFacts {
  readonly version: 1;
  readonly messageId: MessageId;
  /** SHA-256 of the message's manifest.json. */
  readonly manifestSha256: Sha256Hex;
  readonly dossierCode: DossierCode;
  /** ISO 8601, UTC, when the gateway learnt it. */
  readonly at: string;
}

interface DeliveredFacts {
  readonly kind: 'delivered';
  readonly recipient: PartnerId;
  readonly deliveryId: DeliveryId;
  readonly source: ReceiptSource;
  readonly reference: string | null;
  /** `recipient`: its own signature stands beside this; `gateway`: only the gateway says so. */
  readonly signedBy: 'recipient' | 'gateway';
}

interface DecidedFacts {
  readonly kind: 'taken-in' | 'refused';
  readonly recipient: PartnerId;
  /** The message by which it said so, which has evidence of its own. */
  readonly decision: { readonly messageId: MessageId; readonly manifestSha256: Sha256Hex };
}

interface ErasedFacts {
  readonly kind: 'erased';
  readonly procedure: string;
  /** The rule by which it was erased, or what the operator gave as the reason. */
  readonly basis: string;
  /** What is no longer there, by its name in the container. */
  readonly objects: readonly { readonly name: string; readonly sha256: Sha256Hex }[];
}

/** What a recipient signed with a key of its own, as it can be checked without the gateway. */
export interface OwnSignature {
  readonly version: 1;
  readonly standard: 'RFC 9421';
  readonly algorithm: string;
  readonly keyId: string;
  /** Base64 of SubjectPublicKeyInfo. */
  readonly spki: string;
  /** The text that is signed (RFC 9421 §2.5). */
  readonly base: string;
  /** Base64. */
  readonly signature: string;
  /** Base64 of the request's body, whose digest the text holds; null: it had none. */
  readonly body: string | null;
}
