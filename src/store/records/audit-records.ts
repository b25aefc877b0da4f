import type { AuditEntry, AuditRecords } from '../../ports/audit-records.ts';
import type { Executor } from './executor.ts';

export function auditRecords(db: Executor): AuditRecords {
  return {
    async add(...entries) {
      if (entries.length === 0) return;
      const rows = entries.map(({ at, actor, action, subject, detail }) => ({ at, actor, action, subject, detail }));
      await db.insertInto('audit').values(rows).execute();
    },
    async of(subject, limit) {
      const rows = await db.selectFrom('audit').selectAll().where('subject', '=', subject).orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
      return rows.map((row) => ({ at: row.at, actor: row.actor, action: row.action, subject: row.subject, detail: row.detail as AuditEntry['detail'] }));
    },
  };
}
