import { sql, type Kysely } from 'kysely';
import type { AuditEntry } from '../domain/audit.ts';
import type { LogWalk, WalkedLeaf } from '../ports/log-walk.ts';
import { bytesOf } from './records/bytes.ts';
import { checkpointOf, stampOf } from './records/log-tree.ts';
import type { Database } from './schema.ts';

export function logWalk(db: Kysely<Database>): LogWalk {
  return {
    leaves: (from, to) => leaves(db, from, to),
    async countLeaves() {
      const { rows } = await sql<{ count: string; highest: string | null }>`SELECT count(*) AS count, max(leaf_index) AS highest FROM log_leaf`.execute(db);
      return { count: Number(rows[0]?.count ?? 0), highest: rows[0]?.highest == null ? null : Number(rows[0].highest) };
    },
    async checkpoints(from, limit) {
      return (await db.selectFrom('log_checkpoint').selectAll().where('size', '>=', String(from)).orderBy('size').limit(limit).execute()).map(checkpointOf);
    },
    async stamps(from, to) {
      return (await db.selectFrom('log_timestamp').selectAll().where('size', '>=', String(from)).where('size', '<', String(to)).orderBy('size').orderBy('created_at').execute()).map(stampOf);
    },
    async checkpointBefore(time) {
      const row = await db.selectFrom('log_checkpoint').selectAll().where('created_at', '<', time).orderBy('size', 'desc').limit(1).executeTakeFirst();
      return row === undefined ? null : checkpointOf(row);
    },
    unlogged: (limit) => unlogged(db, limit),
    async olderThanLog() {
      const { rows } = await sql<{ count: string }>`
        SELECT (SELECT count(*) FROM message AS m WHERE m.created_at < ${LOG_BEGAN} AND ${isUnlogged('message', sql`m.id::text`)})
             + (SELECT count(*) FROM audit AS a WHERE a.at < ${LOG_BEGAN} AND ${isUnlogged('audit', sql`a.id::text`)}) AS count`.execute(db);
      return Number(rows[0]?.count ?? 0);
    },
  };
}

/** When the store learned to keep a log. */
const LOG_BEGAN = sql<Date>`(SELECT applied_at FROM schema_migration WHERE name = 'evidence-log')`;

const isUnlogged = (kind: string, subject: ReturnType<typeof sql>) => sql`NOT EXISTS (SELECT 1 FROM log_entry AS e WHERE e.kind = ${sql.lit(kind)} AND e.subject = ${subject})`;

type LeafRow = { readonly leaf_index: string; readonly kind: string | null; readonly subject: string; readonly record_sha256: Uint8Array; readonly salt: Uint8Array; readonly leaf_data: Uint8Array; readonly recomputed: Uint8Array | null; readonly is_bound: boolean | null } & {
  readonly [Name in `audit_${'at' | 'actor' | 'action' | 'subject' | 'detail'}`]: Name extends 'audit_at' ? Date | null : Name extends 'audit_detail' ? AuditEntry['detail'] : string;
};

/**
 * Digests are made where the bytes lie; a subject is read as what its kind says it is. `is_bound`: what is recorded beside a signature is what it
 * covers, by way of its manifest. Whether the signature's value is good is for `evidence verify` to say.
 */
async function leaves(db: Kysely<Database>, from: number, to: number): Promise<readonly WalkedLeaf[]> {
  const { rows } = await sql<LeafRow>`
    SELECT l.leaf_index, e.kind, e.subject, e.record_sha256, e.salt, e.leaf_data,
      CASE WHEN v.message_id IS NOT NULL THEN sha256(v.cms_der) WHEN t.id IS NOT NULL THEN sha256(t.token_der) END AS recomputed,
      v.message_id IS NULL OR (position(sha256(v.manifest_xml) IN v.cms_der) > 0 AND position(${digestText(sql`CASE e.kind WHEN 'message' THEN m.manifest ELSE v.statement END`)} IN v.manifest_xml) > 0) AS is_bound,
      a.at AS audit_at, a.actor AS audit_actor, a.action AS audit_action, a.subject AS audit_subject, a.detail AS audit_detail
    FROM log_leaf AS l
    LEFT JOIN log_entry AS e ON e.id = l.entry_id
    LEFT JOIN message AS m ON m.id = CASE e.kind WHEN 'message' THEN e.subject::uuid END
    LEFT JOIN evidence AS v ON v.message_id = CASE WHEN e.kind IN ('message', 'receipt') THEN split_part(e.subject, '/', 1)::uuid END
      AND CASE e.kind WHEN 'message' THEN v.kind = 'message' ELSE v.name = substring(e.subject FROM 38) END
    LEFT JOIN log_timestamp AS t ON t.id = CASE e.kind WHEN 'timestamp' THEN e.subject::uuid END
    LEFT JOIN audit AS a ON a.id = CASE e.kind WHEN 'audit' THEN e.subject::bigint END
    WHERE l.leaf_index >= ${from} AND l.leaf_index < ${to} ORDER BY l.leaf_index
  `.execute(db);
  return rows.map(walked);
}

/** As an XML manifest writes it. */
function digestText(text: ReturnType<typeof sql>): ReturnType<typeof sql> {
  return sql`convert_to(encode(sha256(convert_to(${text}, 'UTF8')), 'base64'), 'UTF8')`;
}

const KEPT: readonly string[] = ['message', 'receipt', 'timestamp', 'audit'];

function walked(row: LeafRow): WalkedLeaf {
  const { kind, subject } = row;
  const entry = kind === null ? null : { kind, subject, recordSha256: row.record_sha256, salt: row.salt, leafData: row.leaf_data };
  const audit = row.audit_at === null ? null : { at: row.audit_at, actor: row.audit_actor, action: row.audit_action, subject: row.audit_subject, detail: row.audit_detail };
  return { index: Number(row.leaf_index), entry, recomputed: kind === null || !KEPT.includes(kind) ? undefined : row.recomputed === null ? null : bytesOf(row.recomputed), isBound: row.is_bound === true, audit };
}

async function unlogged(db: Kysely<Database>, limit: number): Promise<{ readonly count: number; readonly examples: readonly string[] }> {
  const { rows } = await sql<{ name: string; count: string }>`
    WITH lacking AS (
      SELECT 'message ' || m.id AS name FROM message AS m WHERE m.created_at >= ${LOG_BEGAN} AND ${isUnlogged('message', sql`m.id::text`)}
      UNION ALL SELECT 'audit ' || a.id FROM audit AS a WHERE a.at >= ${LOG_BEGAN} AND ${isUnlogged('audit', sql`a.id::text`)}
      UNION ALL SELECT 'entry ' || e.id FROM log_entry AS e WHERE NOT EXISTS (SELECT 1 FROM log_leaf AS l WHERE l.entry_id = e.id) AND NOT EXISTS (SELECT 1 FROM log_pending AS p WHERE p.entry_id = e.id)
    )
    SELECT name, count(*) OVER () AS count FROM lacking LIMIT ${limit}
  `.execute(db);
  return { count: Number(rows[0]?.count ?? 0), examples: rows.map(({ name }) => name) };
}
