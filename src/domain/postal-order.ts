import type { DossierCode } from './dossier.ts';
import { GatewayError } from './errors.ts';
import type { PartnerId, PostalOrderId } from './ids.ts';
import type { PostalParty } from './postal-address.ts';
import type { EventStatus, PostalState } from './postal-state.ts';

export type { EventStatus, PostalState, TrackedState } from './postal-state.ts';

/** What is carried, and which way (Decision 45/2016/QĐ-TTg Art. 4–9): papers to the office, the result to the citizen, papers back, papers asked for later. */
export const POSTAL_LEGS = ['COLLECT_DOSSIER', 'DELIVER_RESULT', 'RETURN_DOSSIER', 'SUPPLEMENT_DOCS'] as const;
export type PostalLeg = (typeof POSTAL_LEGS)[number];

/** One line of the list of papers that sender and postal worker count together (Decision 45/2016 Art. 6.2–6.4; Circular 17/2017 Art. 5.1g). */
export interface ContentItem {
  readonly title: string;
  readonly kind: 'original' | 'copy' | 'certified-copy';
  readonly copies: number;
}

export const FEE_COLLECTORS = ['POST', 'ONLINE', 'DESK'] as const;
export const FEE_PURPOSES = ['ADMIN_FEE', 'CHARGE', 'POSTAGE', 'COD_OTHER'] as const;

/** Money that goes with a leg. */
export interface PostalFee {
  /** Lệ phí (ADMIN_FEE), phí (CHARGE), cước (POSTAGE), or another amount collected at the door. */
  readonly purpose: (typeof FEE_PURPOSES)[number];
  readonly payer: 'sender' | 'recipient' | 'agency';
  /** Whole đồng, not negative. */
  readonly amountVnd: number;
  readonly collectBy: (typeof FEE_COLLECTORS)[number];
}

/** Whom the postal worker may give it to. */
export const DELIVERY_RULES = ['TO_NAMED_PERSON_ONLY', 'HOUSEHOLD', 'AGENCY_DESK'] as const;

export const IDENTITY_PAPERS = ['citizen-card', 'passport', 'other'] as const;

/** Somebody who may receive in the recipient's place: shows an identity document and the written authorisation (Circular 17/2017 Art. 5.2d). */
export interface AuthorisedRecipient {
  readonly name: string;
  readonly identityDocument: (typeof IDENTITY_PAPERS)[number];
  /** Where the written authorisation is, such as its number or a document id. */
  readonly authorisationRef: string;
}

export interface DeliveryTerms {
  readonly rule: (typeof DELIVERY_RULES)[number];
  /** The recipient shows an identity document (Circular 17/2017 Art. 5.2d). */
  readonly identityCheck: boolean;
  readonly authorised: AuthorisedRecipient | null;
}

/** Who, what, how much. Personal data: stored sealed, in one piece. */
export interface PostalDetail {
  readonly sender: PostalParty;
  readonly recipient: PostalParty;
  readonly contents: readonly ContentItem[];
  readonly fees: readonly PostalFee[];
  readonly delivery: DeliveryTerms;
  /** Of the seal that the postal worker closed before the sender's eyes (Decision 45/2016 Art. 6.5). */
  readonly sealNumber: string | null;
  readonly weightG: number | null;
  /** The leg this one answers, where papers go to the office and come back. */
  readonly roundTripOf: PostalOrderId | null;
  /** For the postal worker. */
  readonly note: string | null;
}

/** An order to a carrier for one leg. There is one per (dossier, leg, revision), and its number is stored before anything is sent. */
export interface PostalOrder {
  readonly id: PostalOrderId;
  readonly dossierCode: DossierCode;
  readonly leg: PostalLeg;
  /** From 1; a new one only when the earlier order is known to be over. */
  readonly revision: number;
  /** Name of the connector. */
  readonly carrier: string;
  readonly orderNumber: string;
  readonly requestedBy: PartnerId;
  readonly detail: PostalDetail;
  readonly state: PostalState;
  readonly stateReason: string | null;
  /** When what the state tells happened. */
  readonly stateAt: Date;
  /** Last words of the carrier, as given. */
  readonly carrierText: string | null;
  /** The carrier's own number of the parcel, once it named one. */
  readonly trackingNumber: string | null;
  readonly createdAt: Date;
}

export const EVENT_SOURCES = ['webhook', 'poll', 'manual'] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** Something that happened to an order after it was placed; our own acknowledged cancellation is one too (source `manual`). Never changed. */
export interface TrackingEvent {
  readonly id: string;
  readonly carrier: string;
  readonly orderNumber: string;
  /** Null when no order of ours has this number. */
  readonly postalOrderId: PostalOrderId | null;
  readonly source: EventSource;
  /** Unique at the carrier; the same event comes once, however often it is told. */
  readonly carrierEventId: string;
  readonly carrierCode: string;
  readonly carrierText: string;
  readonly status: EventStatus;
  readonly occurredAt: Date;
  readonly receivedAt: Date;
  /** What the carrier sent, as text; may hold personal data. */
  readonly raw: string;
}

/** What an event says, without the bytes that said it: enough for where its order stands. */
export type TrackingFacts = Omit<TrackingEvent, 'raw'>;

/** What the postal worker has to collect, in đồng. */
export function collectedByPostVnd(fees: readonly PostalFee[]): number {
  return fees.reduce((sum, fee) => (fee.collectBy === 'POST' ? sum + fee.amountVnd : sum), 0);
}

const LEG_CODES = { COLLECT_DOSSIER: 'TN', DELIVER_RESULT: 'KQ', RETURN_DOSSIER: 'TL', SUPPLEMENT_DOCS: 'BS' } as const satisfies Record<PostalLeg, string>;

export interface OrderNumberParts {
  readonly dossierCode: string;
  readonly leg: PostalLeg;
  readonly revision: number;
}

export const DEFAULT_ORDER_NUMBER = '{dossierCode}-{leg}{revision}';
const MAX_NUMBER_LENGTH = 50;

/**
 * The carrier's order number from a configured template with `{dossierCode}`, `{leg}` (TN tiếp nhận, KQ kết quả, TL trả lại, BS bổ sung)
 * and `{revision}`. The same parts give the same number for ever: that is what keeps a repeated call from booking a second courier.
 * @throws CONFIG_INVALID when a part is missing from the template, so that two orders could share a number, or the number has more
 * than 50 characters or others than letters, digits, `.`, `_`, `-`
 */
export function orderNumberOf(template: string, { dossierCode, leg, revision }: OrderNumberParts): string {
  const parts: Readonly<Record<string, string>> = { '{dossierCode}': dossierCode, '{leg}': LEG_CODES[leg], '{revision}': String(revision) };
  const missing = Object.keys(parts).filter((token) => template.split(token).length !== 2);
  if (missing.length > 0) throw new GatewayError('CONFIG_INVALID', `The order number template must hold ${missing.join(', ')} exactly once`);
  const number = template.replace(/\{\w+\}/g, (token) => parts[token] ?? token);
  if (number.length > MAX_NUMBER_LENGTH || !/^[\w.-]+$/.test(number)) {
    throw new GatewayError('CONFIG_INVALID', `The order number must be 1 to ${MAX_NUMBER_LENGTH} letters, digits, ".", "_" or "-": change the template`);
  }
  return number;
}
