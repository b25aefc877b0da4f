import { z } from 'zod';
import { DELIVERY_STATES } from '../../domain/message.ts';
import { PARK_REASONS } from '../../domain/park-reason.ts';
import { instant, text } from './primitives.ts';

/** Deliveries as an administrator sees and decides about them: how they travel, and no word of what they say. */

const note = text(500).describe('Why; kept in the audit trail');
const target = z.string().min(1).max(63).describe('Id of the partner or carrier');
const problem = z.strictObject({ code: z.string(), detail: z.string() }).nullable();

export const parkedQuery = z.strictObject({
  recipient: target.optional(),
  reason: z.enum(PARK_REASONS).optional(),
  since: instant.optional().describe('Parked at that time or later'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export type ParkedQuery = z.output<typeof parkedQuery>;

export const parkedDelivery = z
  .strictObject({
    deliveryId: z.uuid(),
    kind: z.enum(['message', 'postal']),
    recipient: z.string(),
    dossierCode: z.string(),
    messageId: z.uuid().nullable(),
    postalOrderId: z.uuid().nullable(),
    reason: z.string(),
    problem: problem.describe('Of the last attempt'),
    attempts: z.int().nonnegative(),
    since: instant,
  })
  .meta({ id: 'ParkedDelivery' });
export const parkedList = z.strictObject({ deliveries: z.array(parkedDelivery) }).meta({ id: 'ParkedList' });
export type ParkedList = z.output<typeof parkedList>;

export const recipientList = z
  .strictObject({ recipients: z.array(z.strictObject({ recipient: z.string(), unfinished: z.int().nonnegative(), oldestAt: instant, circuit: z.enum(['closed', 'open', 'half-open', 'disabled']) })) })
  .meta({ id: 'RecipientList' });
export type RecipientList = z.output<typeof recipientList>;

export const deliveryDecision = z.strictObject({ note }).meta({ id: 'DeliveryDecision' });
export type DeliveryDecision = z.output<typeof deliveryDecision>;
export const supersedeDecision = z.strictObject({ note, replacement: z.uuid().describe('Delivery of the message that was sent in its stead, for the same dossier and recipient') }).meta({ id: 'SupersedeDecision' });
export type SupersedeDecision = z.output<typeof supersedeDecision>;
export const decidedDelivery = z.strictObject({ deliveryId: z.uuid(), state: z.enum(DELIVERY_STATES) }).meta({ id: 'DecidedDelivery' });
export type DecidedDelivery = z.output<typeof decidedDelivery>;

export const replaySinceOrder = z.strictObject({ recipient: target, since: instant, limit: z.int().min(1).max(1_000).default(1_000), note }).meta({ id: 'ReplaySince' });
export type ReplaySinceOrder = z.output<typeof replaySinceOrder>;
export const replayedDeliveries = z.strictObject({ replayed: z.array(z.uuid()) }).meta({ id: 'ReplayedDeliveries' });
