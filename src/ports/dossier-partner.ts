import type { DeliveryId, PartnerId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { Recipient } from './partner-records.ts';

/** What became of one attempt to hand a message to a partner's system. */
export type SendOutcome =
  | { readonly outcome: 'delivered'; readonly manifestSha256: string; readonly reference: string | null }
  /** Nothing reached the partner, or it said so: safe to try again. */
  | { readonly outcome: 'retry'; readonly code: string; readonly detail: string; readonly retryAfterMs: number | null }
  /** Bytes left and no understandable answer came: the message may have taken effect. */
  | { readonly outcome: 'unknown'; readonly code: string; readonly detail: string }
  /** The partner refused for good; a person has to look. */
  | { readonly outcome: 'refused'; readonly code: string; readonly detail: string };

export interface LookupOutcome {
  readonly found: boolean;
  readonly manifestSha256: string | null;
  readonly reference: string | null;
}

/** A partner's system as seen by the gateway. Adapters neither wait nor retry: pace belongs to the engine. */
export interface DossierPartner {
  readonly partnerId: PartnerId;
  /**
   * Sends one message. `deliveryId` is the idempotency key, the same for ever. Never throws for what the partner did; an abort
   * before bytes left is `retry`, after it `unknown`.
   */
  send(deliveryId: DeliveryId, message: Message, manifestSha256: string, signal: AbortSignal): Promise<SendOutcome>;
  /** Asks whether `deliveryId` took effect, where the partner offers it; null: it does not. @throws PARTNER_UNAVAILABLE */
  lookup: ((deliveryId: DeliveryId, signal: AbortSignal) => Promise<LookupOutcome>) | null;
}

/** The connector that reaches a partner. */
export interface DossierPartners {
  /** For a partner in mode `push`. @throws PARTNER_UNAVAILABLE when its settings (URL, secret) cannot be used */
  of(recipient: Recipient): Promise<DossierPartner>;
}
