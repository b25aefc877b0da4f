import { sql } from 'kysely';
import type { Sealing } from '../ports/sealing.ts';
import { bytesOf } from './records/bytes.ts';
import type { Executor } from './records/executor.ts';

/** Where boxes stand, and the context of each as SQL over its row: the same as those who seal give. */
const PLACES = [
  { table: 'partner', column: 'webhook_secret_sealed', key: ['id'], context: `'partner:' || id || ':webhook-secret'` },
  { table: 'partner', column: 'previous_secret_sealed', key: ['id'], context: `'partner:' || id || ':webhook-secret'` },
  { table: 'signing_key', column: 'private_key_sealed', key: ['id'], context: `'signing_key:' || id` },
  { table: 'webhook_key', column: 'private_key_sealed', key: ['id'], context: `'webhook-key:' || id` },
  { table: 'log_key', column: 'private_key_sealed', key: ['id'], context: `'log-key:' || id` },
  { table: 'dossier', column: 'applicant_sealed', key: ['code'], context: `'dossier:' || code || ':applicant'` },
  { table: 'message', column: 'body_sealed', key: ['id'], context: `'message:' || id || ':body'` },
  { table: 'postal_order', column: 'detail_sealed', key: ['id'], context: `'postal_order:' || id || ':detail'` },
  { table: 'postal_event', column: 'raw_sealed', key: ['id'], context: `'postal_event:' || id || ':raw'` },
  { table: 'postal_address_change', column: 'change_sealed', key: ['id'], context: `'postal_address_change:' || id` },
  { table: 'job', column: 'options_sealed', key: ['id'], context: `'job:' || id` },
  { table: 'prepared_signature', column: 'state_sealed', key: ['id'], context: `'prepared_signature:' || id` },
  { table: 'prepared_signature', column: 'answer_sealed', key: ['id'], context: `'prepared_signature:' || id` },
  { table: 'prepared_signature', column: 'state_sealed', key: ['id'], context: `'prepared_signature:' || id` },
  { table: 'prepared_signature', column: 'answer_sealed', key: ['id'], context: `'prepared_signature:' || id` },
  { table: 'idempotency', column: 'response_sealed', key: ['partner_id', 'key'], context: `'idempotency:' || partner_id || ':' || key` },
] as const;

const HEAD_BYTES = 9; // version and key id
const BATCH = 500;

/** How many boxes of each place stand under an older key than the one that seals now. */
export async function countStale(db: Executor, sealing: Sealing): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { table, column } of PLACES) {
    const { rows } = await sql<{ count: string }>`SELECT count(*) AS count FROM ${sql.table(table)} WHERE ${isStale(column, sealing)}`.execute(db);
    counts[`${table}.${column}`] = Number(rows[0]?.count ?? 0);
  }
  return counts;
}

/**
 * Opens every box under an older key and seals it again under the present one, some at a time, beside a running gateway.
 * @returns how many
 * @throws MASTER_KEY_UNREADABLE when an older key is not in the file any more, SEALED_DATA_UNREADABLE
 */
export async function resealAll(db: Executor, sealing: Sealing, onProgress: (done: number) => void): Promise<number> {
  let done = 0;
  for (const place of PLACES) {
    for (let batch = await resealSome(db, sealing, place); batch > 0; batch = await resealSome(db, sealing, place)) {
      done += batch;
      onProgress(done);
    }
  }
  return done;
}

function resealSome(db: Executor, sealing: Sealing, { table, column, key, context }: (typeof PLACES)[number]): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ at: string; box: Uint8Array; context: string }>`
      SELECT ctid::text AS at, ${sql.ref(column)} AS box, ${sql.raw(context)} AS context FROM ${sql.table(table)} WHERE ${isStale(column, sealing)}
      ORDER BY ${sql.join(key.map((name) => sql.ref(name)))} LIMIT ${BATCH} FOR UPDATE
    `.execute(trx);
    for (const row of rows) {
      const plain = sealing.open(bytesOf(row.box), row.context);
      await sql`UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${Buffer.from(sealing.seal(plain, row.context))} WHERE ctid = ${row.at}::tid`.execute(trx);
    }
    return rows.length;
  });
}

/** By the head of the box, so that nothing is opened that need not be. */
function isStale(column: string, sealing: Sealing): ReturnType<typeof sql<boolean>> {
  const head = Buffer.from(sealing.seal(new Uint8Array(), '').subarray(0, HEAD_BYTES));
  return sql<boolean>`${sql.ref(column)} IS NOT NULL AND substring(${sql.ref(column)} FROM 1 FOR ${sql.lit(HEAD_BYTES)}) <> ${head}`;
}
