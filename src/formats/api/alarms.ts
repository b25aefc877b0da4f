import { z } from 'zod';
import { ALARM_EVENTS, ALARM_KINDS, ALARM_SEVERITIES, type Alarm, type AlarmEvent } from '../../domain/alarm.ts';
import { alarmWords } from '../alarms/words.ts';
import { instant, text } from './primitives.ts';

const both = z.strictObject({ vi: z.string(), en: z.string() });

export const alarmView = z
  .strictObject({
    id: z.uuid(),
    kind: z.enum(ALARM_KINDS),
    severity: z.enum(ALARM_SEVERITIES),
    subject: z.string().describe('Id of the partner, key, carrier or part concerned'),
    figures: z.record(z.string(), z.union([z.string(), z.number()])),
    since: instant,
    raisedAt: instant.nullable(),
    resolvedAt: instant.nullable(),
    acknowledgedAt: instant.nullable(),
    acknowledgedBy: z.string().nullable(),
    summary: both,
    nextStep: both,
  })
  .meta({ id: 'Alarm' });
export type AlarmView = z.output<typeof alarmView>;

export const alarmList = z
  .strictObject({
    alarms: z.array(alarmView).readonly(),
    waiting: z.array(z.strictObject({ channel: z.string(), count: z.number(), oldestAt: instant, lastFailure: z.string().nullable() })).readonly().describe('News that no receiver has taken yet, by channel'),
  })
  .meta({ id: 'AlarmList' });
export type AlarmList = z.output<typeof alarmList>;

export const alarmListQuery = z.strictObject({ which: z.enum(['open', 'all']).default('open'), limit: z.coerce.number().int().min(1).max(500).default(100) });
export const alarmAcknowledgement = z.strictObject({ note: text(500).describe('Why; kept in the audit trail') });

/** What a webhook brings (Standard Webhooks 1.0.0). `webhook-id` is the same at every try. */
export const alarmNotification = z
  .strictObject({ type: z.enum(['alarm.test', ...ALARM_EVENTS.map((event) => `alarm.${event}` as const)]), timestamp: instant, data: alarmView })
  .meta({ id: 'AlarmNotification' });
export type AlarmNotification = z.output<typeof alarmNotification>;

export function alarmViewOf(alarm: Alarm): AlarmView {
  const { id, kind, severity, subject, figures, since, raisedAt, resolvedAt, acknowledgedAt, acknowledgedBy } = alarm;
  const text = (at: Date | null): string | null => at?.toISOString() ?? null;
  return { id, kind, severity, subject, figures: { ...figures }, since: since.toISOString(), raisedAt: text(raisedAt), resolvedAt: text(resolvedAt), acknowledgedAt: text(acknowledgedAt), acknowledgedBy, ...alarmWords(alarm) };
}

export function alarmNotificationOf(event: AlarmEvent, alarm: Alarm, at: Date): AlarmNotification {
  return { type: `alarm.${event}`, timestamp: at.toISOString(), data: alarmViewOf(alarm) };
}
