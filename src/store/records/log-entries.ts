import { sql, type RawBuilder } from 'kysely';
import type { PartnerId, Sha256Hex } from '../../domain/ids.ts';
import type { LogEntry, LogEntryKind, LogRecords, NewLogEntry } from '../../ports/log-records.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';

export function logEntries(db: Executor): Pick<LogRecords, 'append' | 'find' | 'at' | 'pending'> {
  return {
    append: (...entries) => append(db, entries),
    find: (kind, subject) => findEntry(db, sql`e.kind = ${kind} AND e.subject = ${subject}`),
    at: (index) => findEntry(db, sql`e.id = (SELECT entry_id FROM log_leaf WHERE leaf_index = ${index})`),
    async pending() {
      const { rows } = await sql<{ any: boolean; other: boolean }>`
        SELECT EXISTS (SELECT 1 FROM log_pending) AS any, EXISTS (SELECT 1 FROM log_pending WHERE kind <> 'timestamp') AS other`.execute(db);
      const [row] = rows;
      return { any: row?.any ?? false, ofTimeAlone: row !== undefined && row.any && !row.other };
    },
  };
}

/** Two uuid_send of random UUIDs would be longer, not stronger: 122 bits from pg_strong_random cannot be tried out. */
const NEW_SALT = sql`uuid_send(gen_random_uuid())`;

/** One statement, no lock that another transaction could wait for. */
async function append(db: Executor, entries: readonly NewLogEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await sql`WITH ${entriesAdded(sql`SELECT 1`, entries)} SELECT 1`.execute(db);
}

/**
 * Entries as a part of a larger statement, entered with what they are about.
 * @param of a query; where it finds nothing, nothing is entered
 */
export function entriesAdded(of: RawBuilder<unknown>, entries: readonly NewLogEntry[]): RawBuilder<unknown> {
  const rows = entries.map(({ kind, subject, recordSha256, partners, at }) => ({ kind, subject, sha256: recordSha256, partners, at }));
  return sql`
    log_given AS MATERIALIZED (
      SELECT d.kind, d.subject, decode(d.sha256, 'hex') AS record_sha256, ${NEW_SALT} AS salt, d.partners, d.at, d.place
      FROM (${of}) AS logged_of, ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (kind text, subject text, sha256 text, partners text[], at timestamptz)) WITH ORDINALITY
        AS d (kind, subject, sha256, partners, at, place)
    ), log_added AS (
      INSERT INTO log_entry (kind, subject, record_sha256, salt, leaf_data, partners, created_at)
      SELECT kind, subject, record_sha256, salt, sha256(salt || record_sha256), partners, at FROM log_given ORDER BY place
      RETURNING id, kind
    ), log_waiting AS (
      INSERT INTO log_pending (entry_id, kind) SELECT id, kind FROM log_added
    )`;
}

interface EntryRow {
  readonly id: string;
  readonly kind: LogEntryKind;
  readonly subject: string;
  readonly record_sha256: Uint8Array;
  readonly salt: Uint8Array;
  readonly leaf_data: Uint8Array;
  readonly partners: PartnerId[];
  readonly created_at: Date;
  readonly leaf_index: string | null;
}

async function findEntry(db: Executor, condition: ReturnType<typeof sql>): Promise<LogEntry | null> {
  const { rows } = await sql<EntryRow>`SELECT e.*, l.leaf_index FROM log_entry AS e LEFT JOIN log_leaf AS l ON l.entry_id = e.id WHERE ${condition}`.execute(db);
  const [row] = rows;
  return row === undefined ? null : entryOf(row);
}

function entryOf(row: EntryRow): LogEntry {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    recordSha256: Buffer.from(row.record_sha256).toString('hex') as Sha256Hex,
    salt: bytesOf(row.salt),
    leafData: bytesOf(row.leaf_data),
    partners: row.partners,
    at: row.created_at,
    index: row.leaf_index === null ? null : Number(row.leaf_index),
  };
}
