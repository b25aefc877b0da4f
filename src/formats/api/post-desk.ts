import { z } from 'zod';
import { MOST_PAPERS } from './postal-papers.ts';
import type { DifferenceKind } from '../../domain/postal-difference.ts';
import { ADDRESS_VERIFICATIONS, PARTY_ENDS } from '../../domain/postal-address-change.ts';
import { ATTEMPT_ACTIONS, ATTEMPT_REASONS, MANUAL_ENTRIES, RECEIVERS } from '../../domain/postal-handover.ts';
import { FEE_COLLECTORS, FEE_PURPOSES, IDENTITY_PAPERS } from '../../domain/postal-order.ts';
import { HANDOVERS } from '../postal-papers/minutes.ts';
import { postalFee, postalOrderView } from './postal.ts';
import { postalOrderId, text } from './primitives.ts';

/** The post desk: what its page shows, and what its forms send. Nobody's name, telephone number or address stands on it. */

export const postDeskQuery = z.strictObject({ lang: z.enum(['vi', 'en']).default('vi'), number: z.string().max(100).optional(), done: z.enum(['entered', 'entered-before', 'decided', 'closed', 'moved']).optional() });

const checkbox = z.literal('on').optional().transform((value) => value === 'on');
/** As browsers send it, meant in Vietnam's time. */
const localTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/).transform((value) => new Date(`${value}+07:00`));

/** What the desk prints: labels for either kind of printer, slips, or the minutes of one kind of hand-over. */
export const DESK_PAPERS = ['label-pdf', 'label-zpl-203', 'label-zpl-300', 'slip', ...HANDOVERS] as const;
/** As scanners type them: one a line. */
const numbers = z.string().max(15_000).transform((value) => [...new Set(value.split(/\s+/).filter((number) => number !== ''))]).pipe(z.array(text(100)).min(1).max(MOST_PAPERS));

/** Whole đồng as people write them, "50.000" or "50 000"; a comma or point before one or two digits would be a part of a đồng, and is refused. */
const amount = z
  .string()
  .trim()
  .regex(/^(\d{1,10}|\d{1,3}([., ]\d{3}){1,3})?$/, 'is no whole number of đồng')
  .transform((value) => Number(value.replace(/\D/g, '')))
  .default(0);
const field = (maxLength: number): z.ZodDefault<z.ZodString> => z.string().trim().max(maxLength).default('');
const purpose = z.enum(FEE_PURPOSES).default('ADMIN_FEE');
const collector = z.enum(FEE_COLLECTORS).default('POST');
/** Two rows of receipts; one without an amount is none. */
const fees = { amount1: amount, purpose1: purpose, collector1: collector, receipt1: field(60), amount2: amount, purpose2: purpose, collector2: collector, receipt2: field(60) };
/** Who received it; without "receivedBy" nothing is said about it. */
const proof = { receivedBy: z.enum(['', ...RECEIVERS]).default(''), recipient: field(200), relation: field(100), paper: z.enum(['', ...IDENTITY_PAPERS]).default(''), paperEnding: z.string().trim().regex(/^[0-9A-Za-z]{0,4}$/, 'takes the last digits only, four at most').default('') };

export const postDeskForm = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('login'), key: z.string().min(1).max(200) }),
  z.strictObject({ action: z.literal('logout') }),
  z.strictObject({ action: z.literal('hand-over'), id: postalOrderId, number: text(100), entry: z.enum(MANUAL_ENTRIES), minutesNumber: text(60), counted: z.coerce.number().int().min(0).max(9_999), complete: checkbox, discrepancy: z.string().max(500), occurredAt: localTime, ...fees, ...proof }),
  z.strictObject({ action: z.literal('attempt'), id: postalOrderId, number: text(100), reason: z.enum(ATTEMPT_REASONS), measure: z.enum(ATTEMPT_ACTIONS), occurredAt: localTime }),
  z.strictObject({ action: z.literal('address'), id: postalOrderId, number: text(100), end: z.enum(PARTY_ENDS), line: text(300), provinceCode: text(20), communeCode: z.string().trim().max(20), phone: z.string().trim().max(30), verifiedBy: z.enum(ADDRESS_VERIFICATIONS) }),
  z.strictObject({ action: z.literal('print'), numbers, paper: z.enum(DESK_PAPERS) }),
  z.strictObject({ action: z.literal('close-task'), task: z.uuid(), note: text(500) }),
  z.strictObject({ action: z.literal('decide'), id: postalOrderId, number: text(100), decision: z.enum(['adopt', 'resend', 'cancel']), note: text(500) }),
]);
export type PostDeskForm = z.output<typeof postDeskForm>;

export const postDeskOrder = postalOrderView.extend({
  contents: z.array(z.strictObject({ title: z.string(), kind: z.string(), copies: z.int() })),
  /** Hand-overs that this leg knows. */
  handOvers: z.array(z.enum(MANUAL_ENTRIES)),
  decisions: z.array(z.enum(['adopt', 'resend', 'cancel'])),
  /** What goes with the order. */
  fees: z.array(postalFee),
  collected: z.array(z.strictObject({ at: z.string(), purpose: z.string(), amountVnd: z.int(), collectedBy: z.string(), receiptNumber: z.string() })),
  proofs: z.array(z.strictObject({ at: z.string(), receivedBy: z.string(), documents: z.int() })),
  /** Ends whose address can be changed now. */
  movable: z.array(z.enum(PARTY_ENDS)),
});
export type PostDeskOrder = z.output<typeof postDeskOrder>;

/** A difference with a carrier's records. */
export interface PostDeskDifference {
  readonly id: string;
  readonly kind: DifferenceKind;
  readonly orderNumber: string;
  readonly carrier: string;
  readonly day: string;
  readonly fact: string;
}

export interface PostDeskTask {
  readonly orderNumber: string;
  readonly carrier: string;
  readonly state: string;
  readonly stateReason: string | null;
  readonly since: string;
}
