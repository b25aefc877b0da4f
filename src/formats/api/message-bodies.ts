import { z } from 'zod';
import { POSTAL_LEGS } from '../../domain/postal-order.ts';
import { agencyCode, CONTROL, instant } from './primitives.ts';

/**
 * What each message says. A body is passed on exactly as it was sent, since the manifest binds it by digest: these schemas check and change
 * nothing. At the top of a body further members are free for the parties' own use and are passed on, too; the objects below are closed.
 */

const words = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .refine((value) => value.trim() !== '', 'is empty')
    .refine((value) => !CONTROL.test(value), 'holds control characters')
    .meta({ minLength: 1 });

const note = words(2_000).optional().describe('For people');
const inReplyTo = z.uuid().optional().describe('messageId of the message that this one answers');
const day = z.iso.date();
const vnd = z.int().min(0).max(1_000_000_000_000).describe('Whole đồng');

const party = z.strictObject({
  name: words(200),
  phone: words(30),
  email: z.email().max(254).optional(),
  address: z.strictObject({ line: words(300), provinceCode: words(20), districtCode: words(20).optional(), communeCode: words(20).optional() }),
});

/** Nộp hồ sơ. */
export const submitV1 = z.looseObject({ channel: z.enum(['desk', 'online', 'post']).optional(), submittedAt: instant.optional(), note });

/** Tiếp nhận: what the acknowledgement slip says (Decree 61/2018/NĐ-CP Art. 17). */
export const acceptV1 = z.looseObject({ inReplyTo, receivedAt: instant.optional(), dueAt: instant.optional().describe('When the result is promised'), reference: words(200).optional().describe('Number in the recipient’s own system'), note });

/** Từ chối: in writing, with its reason. */
export const refuseV1 = z.looseObject({ inReplyTo, reason: words(2_000), legalBasis: words(500).optional(), note });

/** Yêu cầu bổ sung: everything that is missing, at once. */
export const supplementRequestV1 = z.looseObject({ inReplyTo, items: z.array(z.strictObject({ name: words(500), reason: words(2_000).optional() })).min(1).max(100), dueBy: day.optional(), note });

/** Bổ sung. */
export const supplementV1 = z.looseObject({ inReplyTo, items: z.array(words(500)).min(1).max(100).optional().describe('What of the request it brings'), note });

/** Tình hình xử lý; `postal` comes from the gateway itself. */
export const progressV1 = z.looseObject({
  step: words(300).optional(),
  percent: z.int().min(0).max(100).optional(),
  dueAt: instant.optional(),
  postal: z
    .strictObject({
      orderId: z.uuid(),
      orderNumber: z.string(),
      trackingNumber: z.string().nullable(),
      carrier: z.string(),
      leg: z.enum(POSTAL_LEGS),
      revision: z.int(),
      state: z.string(),
      stateReason: z.string().nullable(),
      event: z.strictObject({ occurredAt: instant, status: z.string(), carrierCode: z.string(), carrierText: z.string() }).nullable(),
    })
    .optional(),
  note,
});

/** Phí, lệ phí as one amount. */
export const feeV1 = z.looseObject({ amountVnd: vnd, name: words(300).optional(), payBy: day.optional(), note });

/** Phí, lệ phí by item. */
export const feeV2 = z
  .looseObject({
    items: z.array(z.strictObject({ kind: z.enum(['fee', 'charge', 'tax', 'other']).describe('fee: lệ phí; charge: phí; tax: thuế'), name: words(300), amountVnd: vnd })).min(1).max(100),
    totalVnd: vnd.describe('The sum of the items'),
    payBy: day.optional(),
    note,
  })
  .refine(({ items, totalVnd }) => items.reduce((sum, { amountVnd }) => sum + amountVnd, 0) === totalVnd, { path: ['totalVnd'], error: 'is not the sum of the items' });

/** Chuyển hồ sơ. */
export const transferV1 = z.looseObject({ reason: words(2_000).optional(), handledBy: agencyCode.optional(), dueAt: instant.optional(), note });

/** Trả kết quả: the papers are the message's documents. */
export const resultV1 = z.looseObject({
  inReplyTo,
  number: words(100).optional().describe('Number and notation of the decision'),
  title: words(500).optional(),
  decidedOn: day.optional(),
  outcome: z.enum(['granted', 'refused']).optional(),
  verification: z.strictObject({ result: words(40), releasedBy: words(100).optional() }).optional().describe('What the sender found when it verified the signatures'),
  delivery: z
    .discriminatedUnion('by', [z.strictObject({ by: z.literal('post'), recipient: party }), z.strictObject({ by: z.literal('desk') }), z.strictObject({ by: z.literal('online') })])
    .optional()
    .describe('How the citizen is to get it; personal data'),
  note,
});

/** Rút hồ sơ, at the applicant's wish. */
export const withdrawV1 = z.looseObject({ reason: words(2_000).optional(), note });

/** Thu hồi: the sender takes back what it sent. */
export const recallV1 = z.looseObject({ messageId: z.uuid().optional().describe('What is taken back; without it, everything sent of the dossier'), reason: words(2_000).optional(), note });

/** Hẹn lại: in writing, with the reason and the new day. */
export const rescheduleV1 = z.looseObject({ inReplyTo, dueAt: instant, reason: words(2_000), note });
