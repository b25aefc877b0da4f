import { sql, type Selectable } from 'kysely';
import type { PartnerId } from '../../domain/ids.ts';
import type { LogKeyRecord, LogRecords } from '../../ports/log-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';
import { logEntries } from './log-entries.ts';
import { logTimestamps, logTree } from './log-tree.ts';

export function logRecords(db: Executor): LogRecords {
  return { ...logEntries(db), ...logTree(db), ...logTimestamps(db), ...keys(db), ...witnesses(db) };
}

function keys(db: Executor): Pick<LogRecords, 'keys' | 'addKey'> {
  return {
    async keys() {
      return (await db.selectFrom('log_key').selectAll().orderBy('incarnation').execute()).map(keyOf);
    },
    async addKey(key) {
      const { id, name, publicKey, privateKeySealed, createdAt } = key;
      const values = { id, name, incarnation: String(key.incarnation), public_key: Buffer.from(publicKey), private_key_sealed: Buffer.from(privateKeySealed), created_at: createdAt };
      await db.insertInto('log_key').values(values).onConflict((conflict) => conflict.column('incarnation').doNothing()).execute();
      return keyOf(await db.selectFrom('log_key').selectAll().where('incarnation', '=', String(key.incarnation)).executeTakeFirstOrThrow());
    },
  };
}

function keyOf(row: Selectable<Database['log_key']>): LogKeyRecord {
  return { id: row.id, name: row.name, incarnation: Number(row.incarnation), publicKey: bytesOf(row.public_key), privateKeySealed: bytesOf(row.private_key_sealed), createdAt: row.created_at };
}

function witnesses(db: Executor): Pick<LogRecords, 'witness' | 'witnessed' | 'addConflict' | 'openConflicts' | 'settleConflicts'> {
  return {
    async witness(partnerId, { logName, size, root, note, at }) {
      await sql`
        INSERT INTO log_witness (partner_id, log_name, size, root, note, seen_at) VALUES (${partnerId}, ${logName}, ${size}, ${Buffer.from(root)}, ${note}, ${at})
        ON CONFLICT (partner_id, log_name) DO UPDATE SET size = EXCLUDED.size, root = EXCLUDED.root, note = EXCLUDED.note, seen_at = EXCLUDED.seen_at
        WHERE log_witness.size < EXCLUDED.size
      `.execute(db);
    },
    async witnessed() {
      const rows = await db.selectFrom('log_witness').selectAll().orderBy('partner_id').orderBy('log_name').execute();
      return rows.map((row) => ({ partnerId: row.partner_id as PartnerId, logName: row.log_name, size: Number(row.size), root: bytesOf(row.root), note: row.note, at: row.seen_at }));
    },
    async addConflict({ id, reason, witness, note, noteSha256, ownSize, foundAt }) {
      const values = { id, reason, witness, note, note_sha256: noteSha256, own_size: String(ownSize), found_at: foundAt, settled_at: null, settled_by: null };
      const { numInsertedOrUpdatedRows } = await db.insertInto('log_conflict').values(values).onConflict((conflict) => conflict.column('note_sha256').doNothing()).executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },
    async openConflicts() {
      const rows = await db.selectFrom('log_conflict').selectAll().where('settled_at', 'is', null).orderBy('found_at').limit(100).execute();
      return rows.map((row) => ({ id: row.id, reason: row.reason, witness: row.witness, note: row.note, ownSize: Number(row.own_size), foundAt: row.found_at }));
    },
    async settleConflicts(by, at) {
      const { numUpdatedRows } = await db.updateTable('log_conflict').set({ settled_at: at, settled_by: by }).where('settled_at', 'is', null).executeTakeFirst();
      return Number(numUpdatedRows);
    },
  };
}
