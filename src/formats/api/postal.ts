import { z } from 'zod';
import { ADDRESS_VERIFICATIONS, PARTY_ENDS } from '../../domain/postal-address-change.ts';
import { DELIVERY_RULES, FEE_COLLECTORS, FEE_PURPOSES, IDENTITY_PAPERS, POSTAL_LEGS } from '../../domain/postal-order.ts';
import { ATTEMPT_ACTIONS, ATTEMPT_REASONS, MANUAL_ENTRIES, RECEIVERS } from '../../domain/postal-handover.ts';
import { documentId, dossierCode, instant, postalOrderId, text } from './primitives.ts';


const PROVEN_AGAINST = ['own-sandbox', 'carrier-test-system', 'carrier'] as const;

/** Addresses of two levels (since 1 July 2025: province and commune) or three. Codes are the official ones, never a carrier's. */
const postalAddress = z.strictObject({ line: text(300), provinceCode: text(20), districtCode: text(20).optional(), communeCode: text(20).optional() });

export const postalParty = z
  .strictObject({
    name: text(200),
    phone: text(30),
    email: z.email().max(254).optional(),
    address: postalAddress,
  })
  .meta({ id: 'PostalParty', description: 'Personal data; stored sealed.' });

const vnd = z.int().min(0).max(1_000_000_000);

export const postalFee = z
  .strictObject({ purpose: z.enum(FEE_PURPOSES), payer: z.enum(['sender', 'recipient', 'agency']), amountVnd: vnd, collectBy: z.enum(FEE_COLLECTORS) })
  .meta({ id: 'PostalFee', description: 'Whole đồng: lệ phí (ADMIN_FEE), phí (CHARGE), cước (POSTAGE), or another amount.' });

export const deliveryTerms = z
  .strictObject({
    rule: z.enum(DELIVERY_RULES),
    identityCheck: z.boolean().default(true),
    authorised: z.strictObject({ name: text(200), identityDocument: z.enum(IDENTITY_PAPERS), authorisationRef: text(100) }).optional(),
  })
  .meta({ id: 'PostalDeliveryTerms', description: 'Whom the postal worker may give it to (Circular 17/2017/TT-BTTTT Art. 5.2d).' });

/** `POST /v1/postal-orders`: one order per dossier, leg and revision, whatever crashes when. */
export const newPostalOrder = z
  .strictObject({
    dossierCode,
    leg: z.enum(POSTAL_LEGS),
    revision: z.int().min(1).max(99).default(1),
    carrier: text(40).default('post-vnpost-hcc'),
    sender: postalParty,
    recipient: postalParty,
    contents: z.array(z.strictObject({ title: text(300), copies: z.int().min(1).max(999).default(1), kind: z.enum(['original', 'copy', 'certified-copy']).default('original') })).min(1).max(100),
    codAmountVnd: vnd.default(0).describe('Another amount to collect at the door; the same as a fee COD_OTHER paid by the recipient.'),
    fees: z.array(postalFee).max(20).default([]),
    delivery: deliveryTerms.default({ rule: 'TO_NAMED_PERSON_ONLY', identityCheck: true }),
    sealNumber: text(50).optional(),
    weightG: z.int().min(1).max(100_000).optional(),
    roundTripOf: postalOrderId.optional().describe('The order of the same dossier whose papers this one brings back.'),
    note: text(300).optional(),
  })
  .meta({ id: 'NewPostalOrder' });
export type NewPostalOrderInput = z.output<typeof newPostalOrder>;

export const postalEventView = z
  .strictObject({
    occurredAt: instant,
    receivedAt: instant,
    source: z.enum(['webhook', 'poll', 'manual']),
    status: z.string().describe('Normalised. NOTED: documented by the carrier, and says nothing about where the parcel is; UNKNOWN: its code has no verified meaning. Neither moves the order’s state.'),
    carrierCode: z.string(),
    carrierText: z.string(),
  })
  .meta({ id: 'PostalEvent' });

export const postalDeadline = z
  .strictObject({
    deliverBy: instant.describe('Latest end of delivery, counted from acceptance in working days.'),
    withAppointmentBy: instant.describe('The same where the papers come with an appointment slip.'),
    legalBasis: z.string(),
    failedAttempts: z.int(),
    nextAttemptFrom: instant.nullable(),
    returnDue: z.boolean().describe('As often as the law asks, it could not be delivered: the papers go back to the agency.'),
  })
  .meta({ id: 'PostalDeadline' });

export const addressChangeView = z
  .strictObject({
    end: z.enum(PARTY_ENDS),
    verifiedBy: z.enum(ADDRESS_VERIFICATIONS),
    askedAt: instant,
    outcome: z.enum(['asked', 'accepted', 'rejected', 'unknown']).describe('Only after “accepted” is it the order’s address; “unknown”: nobody knows which the carrier has.'),
    carrierText: z.string().nullable(),
  })
  .meta({ id: 'PostalAddressChange', description: 'Without the addresses.' });

/** `POST /v1/postal-orders/{id}/address` */
export const postalAddressChange = z
  .strictObject({
    end: z.enum(PARTY_ENDS),
    address: postalAddress,
    phone: text(30).optional().describe('Left out: it stays.'),
    verifiedBy: z.enum(ADDRESS_VERIFICATIONS).describe('How you made sure that the person may ask for it: a code sent to their telephone, or an officer who saw them.'),
  })
  .meta({ id: 'NewPostalAddress', description: 'Personal data; stored sealed.' });
export type PostalAddressChangeInput = z.output<typeof postalAddressChange>;

/** `POST /v1/postal-orders/quote`, `GET /v1/postal-orders/{id}/quote` */
export const postalQuote = z
  .strictObject({
    carrier: z.string(),
    provenAgainst: z.enum(PROVEN_AGAINST),
    currency: z.literal('VND'),
    services: z.array(z.strictObject({ serviceCode: z.string(), serviceName: z.string(), postageVnd: z.int().nullable(), surchargesVnd: z.int().nullable(), totalVnd: z.int() })),
    quotedAt: instant,
  })
  .meta({ id: 'PostalQuote', description: 'What the carrier says it would charge, in whole đồng. Not binding on anyone.' });
export type PostalQuoteView = z.output<typeof postalQuote>;

export const postalOrderView = z
  .strictObject({
    id: postalOrderId,
    dossierCode,
    leg: z.enum(POSTAL_LEGS),
    revision: z.int(),
    carrier: z.string(),
    orderNumber: z.string(),
    trackingNumber: z.string().nullable(),
    trackingNumberWarning: z.enum(['not-s10', 's10-check-digit', 's10-reserved']).nullable().describe('How the number differs from UPU S10; never a reason to refuse it.'),
    state: z.string(),
    stateReason: z.string().nullable(),
    stateAt: instant,
    carrierText: z.string().nullable(),
    roundTripOf: z.string().nullable(),
    deadline: postalDeadline.nullable().describe('Null until the post has the papers.'),
    events: z.array(postalEventView),
    addressChanges: z.array(addressChangeView).describe('Changes of an address that were asked for, oldest first.'),
    createdAt: instant,
  })
  .meta({ id: 'PostalOrder' });
export type PostalOrderView = z.output<typeof postalOrderView>;

/** `GET /v1/dossiers/{code}/postal-orders` */
export const postalOrderList = z.strictObject({ orders: z.array(postalOrderView) }).meta({ id: 'PostalOrderList' });

export const collectedFee = z
  .strictObject({ purpose: z.enum(FEE_PURPOSES), amountVnd: vnd.min(1), collectedBy: z.enum(FEE_COLLECTORS).default('POST'), receiptNumber: text(60) })
  .meta({ id: 'CollectedFee', description: 'Whole đồng, with the receipt given for it (Decision 45/2016/QĐ-TTg Art. 6.6).' });

const proofRecipient = z.strictObject({
  name: text(200),
  relation: text(100).optional().describe('To the person on the label; left out: it is that person.'),
  paper: z.strictObject({ kind: z.enum(IDENTITY_PAPERS), ending: z.string().regex(/^[0-9A-Za-z]{1,4}$/, 'use the last one to four digits, never the whole number') }).optional(),
});

export const deliveryProof = z
  .strictObject({
    documents: z.array(documentId).max(10).default([]).describe('Documents you stored before, such as a photograph or a signature.'),
    receivedBy: z.enum(RECEIVERS),
    recipient: proofRecipient.optional().describe('Who took it. Stored sealed, and not told again by this API.'),
  })
  .refine(({ documents, recipient }) => documents.length > 0 || recipient !== undefined, 'needs a document or a recipient')
  .meta({ id: 'DeliveryProof', description: 'Of an arrival (Circular 17/2017/TT-BTTTT Art. 5.2d).' });

/** `POST /v1/postal-orders/{id}/entries`: a hand-over with its minutes (Decision 45/2016 Art. 7.3), or an attempt that failed. */
export const postalEntry = z
  .strictObject({
    entry: z.enum(MANUAL_ENTRIES),
    occurredAt: instant,
    minutes: z.strictObject({ minutesNumber: text(60), counted: z.int().min(0).max(9_999), complete: z.boolean(), discrepancy: text(500).optional() }).optional(),
    attempt: z.strictObject({ reason: z.enum(ATTEMPT_REASONS), action: z.enum(ATTEMPT_ACTIONS) }).optional(),
    collected: z.array(collectedFee).max(10).optional().describe('Money taken from the citizen at `occurredAt`, one entry a receipt.'),
    proof: deliveryProof.optional(),
  })
  .meta({ id: 'PostalEntry' });
export type PostalEntryInput = z.output<typeof postalEntry>;

/** `GET /v1/carriers` */
export const carrierList = z
  .strictObject({
    carriers: z.array(
      z.strictObject({
        carrier: z.string(),
        lookup: z.enum(['by-number', 'feed-only', 'none']).describe('How an order whose answer was lost is found again.'),
        provenAgainst: z.enum(PROVEN_AGAINST).describe('own-sandbox: never run against the carrier’s own system.'),
        isUnproven: z.boolean().describe('The connector never met the carrier’s own system: expect surprises.'),
        events: z.array(z.enum(['poll', 'webhook'])),
        numbersLeft: z.int().nullable().describe('Numbers of parcels left of those the carrier gave out beforehand; null: it numbers them itself.'),
        givesQuotes: z.boolean().describe('Whether it can be asked for prices.'),
        takesAddressChanges: z.boolean().describe('Whether it can be asked to change an address of an order that it has.'),
        canBeReconciled: z.boolean().describe('Whether its records can be compared with ours day by day.'),
      }),
    ),
  })
  .meta({ id: 'CarrierList' });
export type CarrierListView = z.output<typeof carrierList>;

