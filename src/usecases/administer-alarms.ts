import type { Alarm } from '../domain/alarm.ts';
import { GatewayError } from '../domain/errors.ts';
import { alarmNotificationOf, alarmViewOf, type AlarmList } from '../formats/api/alarms.ts';
import type { AlarmChannel } from '../ports/alarm-channel.ts';
import type { AlarmChannelName } from '../ports/alarm-records.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

export interface AlarmPorts {
  readonly records: Records;
  readonly clock: Clock;
}

/** Alarms that were raised, the newest first, and what has not been told yet. */
export async function listAlarms({ records }: AlarmPorts, which: 'open' | 'all', limit: number): Promise<AlarmList> {
  const [alarms, waiting] = await Promise.all([records.alarms.list(which, limit), records.alarms.waitingNotices()]);
  return { alarms: alarms.map(alarmViewOf), waiting: waiting.map(({ oldestAt, ...each }) => ({ ...each, oldestAt: oldestAt.toISOString() })) };
}

/** Somebody takes care of it: no reminders until it gets worse. Audited. @throws ALARM_NOT_FOUND; STATE_CONFLICT when it is over, or somebody did so before */
export async function acknowledgeAlarm({ records, clock }: AlarmPorts, actor: string, id: string, note: string): Promise<Alarm> {
  const at = clock.now();
  return records.transaction(async (tx) => {
    const acknowledged = await tx.alarms.acknowledge(id, actor, at);
    const alarm = await tx.alarms.find(id);
    if (alarm === null || alarm.raisedAt === null) throw new GatewayError('ALARM_NOT_FOUND', `There is no alarm ${id}: see “lienthong alarms list”`);
    if (!acknowledged) throw new GatewayError('STATE_CONFLICT', alarm.resolvedAt === null ? `${alarm.acknowledgedBy} acknowledged this alarm before` : 'This alarm is over');
    await tx.audit.add({ at, actor, action: 'acknowledge-alarm', subject: `alarm:${id}`, detail: { kind: alarm.kind, of: alarm.subject, note } });
    return alarm;
  });
}

export interface ChannelTest {
  readonly channel: AlarmChannelName;
  readonly sent: boolean;
  /** Null: it was taken. */
  readonly reason: string | null;
  readonly ms: number;
}

/** Sends one notice that says that it is a test on every channel, at once and not again. Records nothing. */
export function testChannels({ clock, chance }: { readonly clock: Clock; readonly chance: Chance }, channels: readonly AlarmChannel[], signal: AbortSignal): Promise<readonly ChannelTest[]> {
  const at = clock.now();
  const alarm: Alarm = { id: chance.uuid(), kind: 'workers.silent', severity: 'warning', subject: 'test', figures: { dueSince: at.toISOString() }, since: at, raisedAt: at, toldAt: at, resolvedAt: null, acknowledgedAt: null, acknowledgedBy: null };
  const payload = { ...alarmNotificationOf('raised', alarm, at), type: 'alarm.test', data: { ...alarmViewOf(alarm), ...TEST_WORDS } };
  return Promise.all(
    channels.map(async (channel) => {
      const result = await channel.send({ id: chance.uuid(), alarmId: alarm.id, payload, createdAt: at }, signal);
      return { channel: channel.name, sent: result.sent, reason: result.sent ? null : result.reason, ms: clock.now().getTime() - at.getTime() };
    }),
  );
}

const TEST_WORDS = {
  summary: { vi: 'Đây là cảnh báo thử: không có gì hỏng.', en: 'This is a test of alarms: nothing is wrong.' },
  nextStep: { vi: 'Không cần làm gì: thông báo đã đến nơi.', en: 'Nothing to do: the notice arrived.' },
} as const;
