import { sql, type RawBuilder } from 'kysely';
import type { DeliveryId, MessageId, PartnerId } from '../../domain/ids.ts';
import type { DeliveryError } from '../../ports/outbox.ts';
import type { StandingRecords, UnfinishedDelivery } from '../../ports/standing.ts';
import type { Executor } from './executor.ts';

/** Nothing is taken up while the store is held, whichever process asks: part of the statement that takes it. */
export const isReleased: RawBuilder<boolean> = sql<boolean>`NOT EXISTS (SELECT 1 FROM standing WHERE held_since IS NOT NULL)`;

export function standingRecords(db: Executor): StandingRecords {
  return {
    async read() {
      const row = await db.selectFrom('standing').selectAll().executeTakeFirstOrThrow();
      return {
        incarnation: Number(row.incarnation),
        hold: row.held_since === null ? null : { since: row.held_since, reason: row.held_reason ?? '' },
        restored: row.restored_at === null || row.restored_from === null ? null : { at: row.restored_at, from: row.restored_from, reconciledAt: row.reconciled_at },
      };
    },
    async hold(reason, at) {
      const { numUpdatedRows } = await db.updateTable('standing').set({ held_since: at, held_reason: reason }).where('held_since', 'is', null).executeTakeFirst();
      return numUpdatedRows === 1n;
    },
    async release() {
      const { numUpdatedRows } = await db.updateTable('standing').set({ held_since: null, held_reason: null }).where('held_since', 'is not', null).executeTakeFirst();
      return numUpdatedRows === 1n;
    },
    async setReconciled(at) {
      await db.updateTable('standing').set({ reconciled_at: at }).execute();
    },
    unfinished: (afterId, limit) => unfinished(db, afterId, limit),
    park: (id, reason, error, at) => park(db, id, reason, error, at),
  };
}

async function unfinished(db: Executor, afterId: DeliveryId | null, limit: number): Promise<readonly UnfinishedDelivery[]> {
  const all = db.selectFrom('outbox').select(['id', 'message_id', 'target', 'state']).where('kind', '=', 'message').where('state', 'in', ['pending', 'parked']);
  const rows = await (afterId === null ? all : all.where('id', '>', afterId)).orderBy('id').limit(limit).execute();
  return rows.map((row) => ({ id: row.id as DeliveryId, messageId: row.message_id as MessageId, target: row.target as PartnerId, state: row.state as UnfinishedDelivery['state'] }));
}

async function park(db: Executor, id: DeliveryId, reason: string, error: DeliveryError, at: Date): Promise<boolean> {
  const { rows } = await sql`
    UPDATE outbox SET state = 'parked', parked_reason = ${reason}, next_at = ${at}, unknown_since = coalesce(unknown_since, ${at}), last_error = ${JSON.stringify(error)}::jsonb
    WHERE id = ${id} AND state = 'pending' RETURNING id`.execute(db);
  return rows.length === 1;
}
