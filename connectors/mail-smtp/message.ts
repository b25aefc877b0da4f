import type { AlarmNotification } from '../../src/formats/api/alarms.ts';
import type { AlarmNotice } from '../../src/ports/alarm-records.ts';

export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly references: string;
  readonly headers: Readonly<Record<string, string>>;
}

const EVENTS = {
  'alarm.raised': { vi: 'CẢNH BÁO', en: 'ALARM' },
  'alarm.worse': { vi: 'NẶNG HƠN', en: 'WORSE' },
  'alarm.reminder': { vi: 'NHẮC LẠI', en: 'REMINDER' },
  'alarm.resolved': { vi: 'ĐÃ HẾT', en: 'RESOLVED' },
  'alarm.test': { vi: 'THỬ', en: 'TEST' },
} as const;
const SEVERITIES = { warning: { vi: 'cảnh báo', en: 'warning' }, critical: { vi: 'nghiêm trọng', en: 'critical' } } as const;

/**
 * One notice in Vietnamese and English, as plain text. All mails of an alarm form one thread; none is answered by machines.
 * @see RFC 5322 §3.6.4 (Message-ID, References), RFC 3834 §5 (Auto-Submitted)
 */
export function buildMail({ id, alarmId, payload }: Pick<AlarmNotice, 'id' | 'alarmId' | 'payload'>): Mail {
  const { type, data } = payload as unknown as AlarmNotification; // written by `watchAlarms` and `testChannels` alone
  const event = EVENTS[type];
  const severity = SEVERITIES[data.severity];
  const over = type === 'alarm.resolved';
  const lines = [
    data.summary.vi,
    ...(over ? [] : [`Việc cần làm: ${data.nextStep.vi}`]),
    '',
    data.summary.en,
    ...(over ? [] : [`What to do: ${data.nextStep.en}`]),
    '',
    `${data.kind} · ${data.subject} · ${severity.vi} / ${severity.en}`,
    `Từ / since: ${data.since}${data.resolvedAt === null ? '' : `   Hết / over: ${data.resolvedAt}`}`,
    ...(over || type === 'alarm.test' ? [] : [`lienthong alarms acknowledge ${data.id} --note "…"`]),
  ];
  return {
    subject: `[lienthong] ${event.vi} / ${event.en}: ${data.kind} ${data.subject}`,
    text: `${lines.join('\n')}\n`,
    messageId: `<${id}@alarms.lienthong>`,
    references: `<${alarmId}@alarms.lienthong>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Priority': data.severity === 'critical' && !over ? '1' : '3' },
  };
}
