import type { Selectable } from 'kysely';
import type { PostalOrderId } from '../../domain/ids.ts';
import type { PostalTask, PostalTasks } from '../../ports/postal-tasks.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';

export function postalTasks(db: Executor): PostalTasks {
  return {
    async open({ id, carrier, kind, orderNumber, postalOrderId, fact, day, openedAt }) {
      const opened = await db
        .insertInto('postal_task')
        .values({ id, carrier, kind, order_number: orderNumber, postal_order_id: postalOrderId, fact, day, opened_at: openedAt, closed_at: null })
        .onConflict((conflict) => conflict.columns(['carrier', 'kind', 'order_number', 'fact']).doNothing())
        .executeTakeFirst();
      return opened.numInsertedOrUpdatedRows === 1n;
    },
    async close(id, at) {
      const closed = await db.updateTable('postal_task').set({ closed_at: at }).where('id', '=', id).where('closed_at', 'is', null).executeTakeFirst();
      return closed.numUpdatedRows === 1n;
    },
    async listOpen(limit) {
      const rows = await db.selectFrom('postal_task').selectAll().where('closed_at', 'is', null).orderBy('opened_at').orderBy('id').limit(limit).execute();
      return rows.map(taskOf);
    },
  };
}

function taskOf(row: Selectable<Database['postal_task']>): PostalTask {
  return {
    id: row.id,
    carrier: row.carrier,
    kind: row.kind as PostalTask['kind'],
    orderNumber: row.order_number,
    postalOrderId: row.postal_order_id as PostalOrderId | null,
    fact: row.fact,
    day: row.day,
    openedAt: row.opened_at,
  };
}
