import { z } from 'zod';
import { MESSAGE_TYPES, type MessageType } from '../../domain/message.ts';
import type { PartnerPace, PartnerStanding } from '../../domain/partner-limits.ts';
import { PAYLOAD_FORMS, REPEAT_RULES, type AcceptedVersions, type Partner } from '../../domain/partner.ts';
import { versionsOf } from './message-catalogue.ts';
import { agencyCode, instant, partnerId, text } from './primitives.ts';

/** Other systems as an administrator sees and changes them. No secret is in a view: what is shown once is an answer of its own. */

const WEEK_MS = 7 * 24 * 3_600_000;
const waitMs = z.int().min(1).max(WEEK_MS);

const callRate = z.strictObject({ perSecond: z.int().min(1).max(1_000_000), burst: z.int().min(1).max(10_000_000).describe('At once, after a pause') });
const deliveryLimits = z.strictObject({ ratePerSecond: z.number().positive().max(100_000).nullable().describe('Messages a second over all processes; null: as fast as they come'), burst: z.int().min(1).max(100_000).default(1) });
const pace = z
  .strictObject({
    concurrency: z.int().min(1).max(1_000).describe('Attempts at once, in each process').exactOptional(),
    retryDelaysMs: z.array(waitMs).min(1).max(100).describe('Waits after each failed try; at the end of the list it is parked').exactOptional(),
    longestRetryAfterMs: waitMs.describe('Its Retry-After is honoured up to this').exactOptional(),
    breaker: z.strictObject({ failures: z.int().min(1).max(1_000), firstOpenMs: waitMs, longestOpenMs: waitMs }).exactOptional(),
  })
  .meta({ id: 'PartnerPace', description: 'How deliveries go otherwise than usual; what is not named is as usual' });

const versions = z.array(z.int().min(1)).min(1).max(20);
const accepts = z
  .strictObject(Object.fromEntries(MESSAGE_TYPES.map((type) => [type, versions.refine((given) => given.every((one) => versionsOf(type).includes(one)), `has the versions ${versionsOf(type).join(', ')}`).exactOptional()])) as Record<MessageType, z.ZodExactOptional<typeof versions>>)
  .describe('Versions of messages that it takes; of those not named, version 1');

export const newPartner = z
  .strictObject({
    id: partnerId,
    name: text(200),
    mode: z.enum(['push', 'pull']),
    url: z.string().max(2_000).nullable().default(null).describe('Where messages are pushed (Standard Webhooks 1.0.0); for mode "push", and only there'),
    repeat: z.enum(REPEAT_RULES).default('key').describe('What it does with the same message twice'),
  })
  .meta({ id: 'NewPartner' });
export type NewPartnerInput = z.output<typeof newPartner>;

/** What is not named stays. */
export const partnerChange = z
  .strictObject({
    name: text(200),
    url: z.string().max(2_000),
    repeat: z.enum(REPEAT_RULES),
    status: z.enum(['active', 'suspended']).describe('suspended: its calls are refused, and what is for it is held'),
    payload: z.enum(PAYLOAD_FORMS).describe('Whether a push brings the message, or only says that there is one'),
    accepts,
    identity: z.string().min(1).max(200).describe('Its name at the identity provider'),
    requiresSignature: z.boolean().describe('Take only signed requests (RFC 9421)'),
    callRate: callRate.nullable().describe('null: as usual'),
    deliveryLimits,
    pace: pace.nullable().describe('null: as usual'),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'name what changes')
  .meta({ id: 'PartnerChange', description: 'All of it is changed, or nothing' });
export type PartnerChangeInput = z.output<typeof partnerChange>;

export const partnerView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    mode: z.enum(['push', 'pull']),
    url: z.string().nullable(),
    repeat: z.enum(REPEAT_RULES),
    status: z.enum(['active', 'suspended']),
    createdAt: instant,
    payload: z.enum(PAYLOAD_FORMS),
    accepts: z.record(z.string(), z.array(z.int())),
    requiresSignature: z.boolean(),
    callRate: callRate.nullable(),
  })
  .meta({ id: 'Partner' });
export type PartnerView = z.output<typeof partnerView>;

export const partnerStandingView = z
  .strictObject({
    ...partnerView.shape,
    agencyCodes: z.array(z.string()).describe('Agencies it serves by a route of their own'),
    circuit: z.enum(['closed', 'open', 'half-open', 'disabled']),
    openUntil: instant.nullable(),
    disabledAt: instant.nullable(),
    failures: z.int().nonnegative().describe('In a row'),
    deliveryLimits,
    pace,
    parked: z.int().nonnegative().describe('Deliveries that wait for a person; 10,000 is "or more"'),
  })
  .meta({ id: 'PartnerStanding' });
export type PartnerStandingView = z.output<typeof partnerStandingView>;

const shownOnce = 'Shown only now; repeating the request under its Idempotency-Key within a day shows it again';
export const webhookSecret = z.string().describe(`whsec_… (Standard Webhooks 1.0.0). ${shownOnce}`);
export const addedPartner = z.strictObject({ partner: partnerView, webhookSecret: webhookSecret.nullable() }).meta({ id: 'AddedPartner' });
export type AddedPartner = z.output<typeof addedPartner>;
export const partnerList = z.strictObject({ partners: z.array(partnerView) }).meta({ id: 'PartnerList' });
export const secretRenewal = z.strictObject({ overlapHours: z.int().min(0).max(8_760).default(24).describe('How long the old secret signs beside the new one') }).meta({ id: 'SecretRenewal' });
export const renewedSecret = z.strictObject({ webhookSecret }).meta({ id: 'RenewedSecret' });
export type RenewedSecret = z.output<typeof renewedSecret>;

export const routeView = z.strictObject({ agencyCode, partnerId }).meta({ id: 'Route' });
export const routeList = z.strictObject({ routes: z.array(routeView) }).meta({ id: 'RouteList' });
export const routeTarget = z.strictObject({ partnerId }).meta({ id: 'RouteTarget' });

export function partnerViewOf({ id, name, mode, url, repeat, status, createdAt, payload = 'full', accepts = {}, requiresSignature = false, callRate }: Partner): PartnerView {
  return { id, name, mode, url, repeat, status, createdAt: createdAt.toISOString(), payload, accepts: acceptsOf(accepts), requiresSignature, callRate: callRate ?? null };
}

export interface PartnerStands {
  readonly partner: Partner;
  readonly standing: PartnerStanding;
  readonly circuit: PartnerStandingView['circuit'];
  readonly agencyCodes: readonly string[];
  readonly parked: number;
}

export function partnerStandingViewOf({ partner, standing, circuit, agencyCodes, parked }: PartnerStands): PartnerStandingView {
  const { openUntil, disabledAt, failures, limits } = standing;
  const at = (time: Date | null): string | null => time?.toISOString() ?? null;
  return { ...partnerViewOf(partner), agencyCodes: [...agencyCodes], circuit, openUntil: at(openUntil), disabledAt: at(disabledAt), failures, deliveryLimits: limits, pace: paceOf(standing.pace ?? {}), parked };
}

function acceptsOf(accepts: AcceptedVersions): PartnerView['accepts'] {
  return Object.fromEntries(Object.entries(accepts).map(([type, given]) => [type, [...given]]));
}

function paceOf({ retryDelaysMs, ...rest }: PartnerPace): PartnerStandingView['pace'] {
  return { ...rest, ...(retryDelaysMs !== undefined && { retryDelaysMs: [...retryDelaysMs] }) };
}
