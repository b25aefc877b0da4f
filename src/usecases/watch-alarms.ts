import { stepAlarms, type AlarmLimits, type AlarmNews } from '../domain/alarm.ts';
import { alarmNotificationOf } from '../formats/api/alarms.ts';
import type { AlarmChannelName } from '../ports/alarm-records.ts';
import type { Chance } from '../ports/chance.ts';
import type { Records } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';
import { findConditions, type ConditionPorts } from './find-conditions.ts';

export interface WatchAlarmsPorts extends ConditionPorts {
  readonly records: Records;
  readonly chance: Chance;
  readonly log: Log;
}

/**
 * One look: what began, got worse, lasts or is over since the last one. Alarms and what is to be told of them are recorded in one
 * transaction, so that nothing is told twice or forgotten, whichever process looks.
 * @throws DATABASE_UNAVAILABLE
 */
export async function watchAlarms(ports: WatchAlarmsPorts, limits: AlarmLimits, channels: readonly AlarmChannelName[]): Promise<readonly AlarmNews[]> {
  const found = await findConditions(ports, limits);
  const at = ports.clock.now();
  const told = await ports.records.transaction(async ({ alarms }) => {
    const { changed, forgotten, news } = stepAlarms(await alarms.lockOpen(), found, at, limits, () => ports.chance.uuid());
    for (const id of forgotten) await alarms.forget(id);
    for (const alarm of changed) await alarms.save(alarm);
    for (const { event, alarm } of news) {
      for (const channel of channels) await alarms.addNotice({ id: ports.chance.uuid(), alarmId: alarm.id, channel, payload: alarmNotificationOf(event, alarm, at), createdAt: at });
    }
    return news;
  });
  for (const { event, alarm } of told) {
    const { id, kind, severity, subject } = alarm;
    ports.log[event === 'resolved' ? 'info' : 'warn'](`alarm.${event}`, { alarm: id, kind, severity, subject });
  }
  return told;
}
