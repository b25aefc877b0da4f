import { sql, type Selectable } from 'kysely';
import type { Alarm, AlarmKind, AlarmSeverity } from '../../domain/alarm.ts';
import type { AlarmChannelName, AlarmRecords, LeasedNotice } from '../../ports/alarm-records.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';
import { isReleased } from './standing-records.ts';

export function alarmRecords(db: Executor): AlarmRecords {
  return { ...alarms(db), ...notices(db) };
}

function alarms(db: Executor): Pick<AlarmRecords, 'lockOpen' | 'save' | 'forget' | 'find' | 'list' | 'acknowledge'> {
  return {
    async lockOpen() {
      await sql`SELECT pg_advisory_xact_lock(hashtextextended('alarms', 0))`.execute(db);
      return (await db.selectFrom('alarm').selectAll().where('resolved_at', 'is', null).execute()).map(alarmOf);
    },
    async save(alarm) {
      const { id, kind, severity, subject, since, raisedAt, toldAt, resolvedAt, acknowledgedAt, acknowledgedBy } = alarm;
      const values = { severity, figures: alarm.figures, raised_at: raisedAt, told_at: toldAt, resolved_at: resolvedAt, acknowledged_at: acknowledgedAt, acknowledged_by: acknowledgedBy };
      await db
        .insertInto('alarm')
        .values({ id, kind, subject, since, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute();
    },
    async forget(id) {
      await db.deleteFrom('alarm').where('id', '=', id).where('raised_at', 'is', null).execute();
    },
    async find(id) {
      const row = await db.selectFrom('alarm').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : alarmOf(row);
    },
    async list(which, limit) {
      const raised = db.selectFrom('alarm').selectAll().where('raised_at', 'is not', null);
      const rows = await (which === 'open' ? raised.where('resolved_at', 'is', null) : raised).orderBy('raised_at', 'desc').orderBy('id').limit(limit).execute();
      return rows.map(alarmOf);
    },
    async acknowledge(id, by, at) {
      const result = await db
        .updateTable('alarm')
        .set({ acknowledged_at: at, acknowledged_by: by })
        .where('id', '=', id)
        .where('raised_at', 'is not', null)
        .where('resolved_at', 'is', null)
        .where('acknowledged_at', 'is', null)
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
  };
}

function notices(db: Executor): Pick<AlarmRecords, 'addNotice' | 'leaseNotices' | 'noticeSent' | 'noticeFailed' | 'waitingNotices'> {
  return {
    async addNotice({ id, alarmId, channel, payload, createdAt }) {
      await db.insertInto('alarm_notice').values({ id, alarm_id: alarmId, channel, payload, created_at: createdAt, next_at: createdAt }).execute();
    },
    async leaseNotices(channels, now, until, limit) {
      const { rows } = await sql<NoticeRow>`
        WITH due AS (
          SELECT n.id FROM alarm_notice AS n
          WHERE n.sent_at IS NULL AND n.next_at <= ${now} AND ${isReleased} AND n.channel = ANY (${[...channels]}::text[]) AND NOT EXISTS (
            SELECT 1 FROM alarm_notice AS earlier WHERE earlier.alarm_id = n.alarm_id AND earlier.channel = n.channel AND earlier.position < n.position AND earlier.sent_at IS NULL
          )
          ORDER BY n.position LIMIT ${limit} FOR UPDATE OF n SKIP LOCKED
        )
        UPDATE alarm_notice AS n SET next_at = ${until}, tries = tries + 1 FROM due WHERE n.id = due.id
        RETURNING n.id, n.alarm_id, n.channel, n.payload, n.created_at, n.tries
      `.execute(db);
      return rows.map(noticeOf);
    },
    async noticeSent(id, at) {
      await db.updateTable('alarm_notice').set({ sent_at: at, last_failure: null }).where('id', '=', id).where('sent_at', 'is', null).execute();
    },
    async noticeFailed(id, reason, nextAt) {
      await db.updateTable('alarm_notice').set({ last_failure: reason, next_at: nextAt }).where('id', '=', id).where('sent_at', 'is', null).execute();
    },
    async waitingNotices() {
      const { rows } = await sql<{ channel: AlarmChannelName; count: string; oldest: Date; failure: string | null }>`
        SELECT channel, count(*) AS count, min(created_at) AS oldest, (array_agg(last_failure ORDER BY position) FILTER (WHERE last_failure IS NOT NULL))[1] AS failure
        FROM alarm_notice WHERE sent_at IS NULL GROUP BY channel ORDER BY channel
      `.execute(db);
      return rows.map(({ channel, count, oldest, failure }) => ({ channel, count: Number(count), oldestAt: oldest, lastFailure: failure }));
    },
  };
}

type NoticeRow = Pick<Selectable<Database['alarm_notice']>, 'id' | 'alarm_id' | 'channel' | 'payload' | 'created_at' | 'tries'>;

function noticeOf({ id, alarm_id, channel, payload, created_at, tries }: NoticeRow): LeasedNotice {
  return { id, alarmId: alarm_id, channel: channel as AlarmChannelName, payload, createdAt: created_at, tries };
}

function alarmOf(row: Selectable<Database['alarm']>): Alarm {
  return {
    id: row.id,
    kind: row.kind as AlarmKind,
    severity: row.severity as AlarmSeverity,
    subject: row.subject,
    figures: row.figures as Alarm['figures'],
    since: row.since,
    raisedAt: row.raised_at,
    toldAt: row.told_at,
    resolvedAt: row.resolved_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
  };
}
