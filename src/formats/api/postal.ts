import { z } from 'zod';
import { dossierCode, instant, postalOrderId, text } from './primitives.ts';

export const POSTAL_LEGS = ['COLLECT_DOSSIER', 'DELIVER_RESULT', 'RETURN_DOSSIER', 'SUPPLEMENT_DOCS'] as const;

/** Addresses of two levels (since 1 July 2025: province and commune) or three. Codes are the official ones, never a carrier's. */
export const postalParty = z
  .strictObject({
    name: text(200),
    phone: text(30),
    email: z.email().max(254).optional(),
    address: z.strictObject({
      line: text(300),
      provinceCode: text(20),
      districtCode: text(20).optional(),
      communeCode: text(20).optional(),
    }),
  })
  .meta({ id: 'PostalParty', description: 'Personal data; stored sealed.' });

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
    codAmountVnd: z.int().min(0).max(1_000_000_000).default(0),
    note: text(300).optional(),
  })
  .meta({ id: 'NewPostalOrder' });
export type NewPostalOrderInput = z.output<typeof newPostalOrder>;

export const postalEventView = z
  .strictObject({
    occurredAt: instant,
    receivedAt: instant,
    source: z.enum(['webhook', 'poll', 'manual']),
    status: z.string().describe('Normalised; UNKNOWN where the carrier’s code has no verified meaning.'),
    carrierCode: z.string(),
    carrierText: z.string(),
  })
  .meta({ id: 'PostalEvent' });

export const postalOrderView = z
  .strictObject({
    id: postalOrderId,
    dossierCode,
    leg: z.enum(POSTAL_LEGS),
    revision: z.int(),
    carrier: z.string(),
    orderNumber: z.string(),
    trackingNumber: z.string().nullable(),
    state: z.string(),
    stateReason: z.string().nullable(),
    stateAt: instant,
    carrierText: z.string().nullable(),
    events: z.array(postalEventView),
    createdAt: instant,
  })
  .meta({ id: 'PostalOrder' });
export type PostalOrderView = z.output<typeof postalOrderView>;

/** `GET /v1/dossiers/{code}/postal-orders` */
export const postalOrderList = z.strictObject({ orders: z.array(postalOrderView) }).meta({ id: 'PostalOrderList' });

/** What a clerk decides about an order whose outcome is unknown. */
export const postalResolution = z.strictObject({ decision: z.enum(['adopt', 'resend', 'cancel']), note: text(500) }).meta({ id: 'PostalResolution' });
