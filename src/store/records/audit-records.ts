import type { AuditEntry, AuditRecords } from '../../ports/audit-records.ts';
import type { Executor } from './executor.ts';

export function auditRecords(db: Executor): AuditRecords {
  return {
    async add(entry) {
      await db
        .insertInto('audit')
        .values({ at: entry.at, actor: entry.actor, action: entry.action, subject: entry.subject, detail: entry.detail })
        .execute();
    },
    async of(subject, limit) {
      const rows = await db.selectFrom('audit').selectAll().where('subject', '=', subject).orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
      return rows.map((row) => ({ at: row.at, actor: row.actor, action: row.action, subject: row.subject, detail: row.detail as AuditEntry['detail'] }));
    },
  };
}
