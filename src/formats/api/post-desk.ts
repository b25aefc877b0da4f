import { z } from 'zod';
import { MOST_PAPERS } from './postal-papers.ts';
import type { DifferenceKind } from '../../domain/postal-difference.ts';
import { ATTEMPT_ACTIONS, ATTEMPT_REASONS, MANUAL_ENTRIES } from '../../domain/postal-handover.ts';
import { HANDOVERS } from '../postal-papers/minutes.ts';
import { postalOrderView } from './postal.ts';
import { postalOrderId, text } from './primitives.ts';

/** The post desk: what its page shows, and what its forms send. Nobody's name, telephone number or address stands on it. */

export const postDeskQuery = z.strictObject({ lang: z.enum(['vi', 'en']).default('vi'), number: z.string().max(100).optional(), done: z.enum(['entered', 'entered-before', 'decided', 'closed']).optional() });

const checkbox = z.literal('on').optional().transform((value) => value === 'on');
/** As browsers send it, meant in Vietnam's time. */
const localTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/).transform((value) => new Date(`${value}+07:00`));

/** What the desk prints: labels for either kind of printer, slips, or the minutes of one kind of hand-over. */
export const DESK_PAPERS = ['label-pdf', 'label-zpl-203', 'label-zpl-300', 'slip', ...HANDOVERS] as const;
/** As scanners type them: one a line. */
const numbers = z.string().max(15_000).transform((value) => [...new Set(value.split(/\s+/).filter((number) => number !== ''))]).pipe(z.array(text(100)).min(1).max(MOST_PAPERS));

export const postDeskForm = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('login'), key: z.string().min(1).max(200) }),
  z.strictObject({ action: z.literal('logout') }),
  z.strictObject({ action: z.literal('hand-over'), id: postalOrderId, number: text(100), entry: z.enum(MANUAL_ENTRIES), minutesNumber: text(60), counted: z.coerce.number().int().min(0).max(9_999), complete: checkbox, discrepancy: z.string().max(500), occurredAt: localTime }),
  z.strictObject({ action: z.literal('attempt'), id: postalOrderId, number: text(100), reason: z.enum(ATTEMPT_REASONS), measure: z.enum(ATTEMPT_ACTIONS), occurredAt: localTime }),
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
