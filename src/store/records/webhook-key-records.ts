import { sql, type Selectable } from 'kysely';
import type { WebhookKeyRecord, WebhookKeyRecords } from '../../ports/webhook-key-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';

export function webhookKeyRecords(db: Executor): WebhookKeyRecords {
  return {
    async list(at) {
      const rows = await db
        .selectFrom('webhook_key')
        .selectAll()
        .where((is) => is.or([is('signs_until', 'is', null), is('signs_until', '>', at)]))
        .orderBy('signs_from')
        .orderBy('id')
        .execute();
      return rows.map(keyOf);
    },
    addFirst: (key) =>
      exclusively(db, async (trx) => {
        const { rows } = await sql`SELECT 1 FROM webhook_key WHERE signs_until IS NULL OR signs_until > ${key.createdAt} LIMIT 1`.execute(trx);
        if (rows.length === 0) await insert(trx, key);
      }),
    addSuccessor: (key, othersUntil) =>
      exclusively(db, async (trx) => {
        await sql`UPDATE webhook_key SET signs_until = ${othersUntil} WHERE signs_until IS NULL OR signs_until > ${othersUntil}`.execute(trx);
        await insert(trx, key);
      }),
  };
}

async function exclusively(db: Executor, work: (trx: Executor) => Promise<void>): Promise<void> {
  const locked = async (trx: Executor): Promise<void> => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('webhook-keys', 0))`.execute(trx);
    await work(trx);
  };
  await (db.isTransaction ? locked(db) : db.transaction().execute(locked));
}

async function insert(db: Executor, key: WebhookKeyRecord): Promise<void> {
  await db
    .insertInto('webhook_key')
    .values({
      id: key.id,
      public_key: Buffer.from(key.publicKey),
      private_key_sealed: Buffer.from(key.privateKeySealed),
      created_at: key.createdAt,
      signs_from: key.signsFrom,
      signs_until: key.signsUntil,
    })
    .execute();
}

function keyOf(row: Selectable<Database['webhook_key']>): WebhookKeyRecord {
  return { id: row.id, publicKey: bytesOf(row.public_key), privateKeySealed: bytesOf(row.private_key_sealed), createdAt: row.created_at, signsFrom: row.signs_from, signsUntil: row.signs_until };
}
