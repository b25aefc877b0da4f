import { sql } from 'kysely';
import { auditText, type AuditEntry } from '../../domain/audit.ts';
import type { AuditRecords } from '../../ports/audit-records.ts';
import type { Executor } from './executor.ts';

export function auditRecords(db: Executor): AuditRecords {
  return {
    add: (...entries) => add(db, entries),
    async of(subject, limit) {
      const rows = await db.selectFrom('audit').selectAll().where('subject', '=', subject).orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
      return rows.map((row) => ({ at: row.at, actor: row.actor, action: row.action, subject: row.subject, detail: row.detail as AuditEntry['detail'] }));
    },
  };
}

/** Rows, their entries in the evidence log and what waits for a place there: one statement, so that none is there without the others. */
async function add(db: Executor, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({ at: entry.at, actor: entry.actor, action: entry.action, subject: entry.subject, detail: entry.detail, text: auditText(entry) }));
  await sql`
    WITH given AS MATERIALIZED (
      SELECT nextval(pg_get_serial_sequence('audit', 'id')) AS id, uuid_send(gen_random_uuid()) AS salt, sha256(convert_to(text, 'UTF8')) AS digest, at, actor, action, subject, detail
      FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (at timestamptz, actor text, action text, subject text, detail jsonb, text text))
        WITH ORDINALITY AS d (at, actor, action, subject, detail, text, place) ORDER BY place
    ), recorded AS (
      INSERT INTO audit (id, at, actor, action, subject, detail) OVERRIDING SYSTEM VALUE SELECT id, at, actor, action, subject, detail FROM given
    ), entered AS (
      INSERT INTO log_entry (kind, subject, record_sha256, salt, leaf_data, partners, created_at)
      SELECT 'audit', id::text, digest, salt, sha256(salt || digest), '{}', at FROM given ORDER BY id
      RETURNING id
    )
    INSERT INTO log_pending (entry_id, kind) SELECT id, 'audit' FROM entered
  `.execute(db);
}
