import { sql } from 'kysely';
import type { PostalOrderId } from '../../domain/ids.ts';
import type { PostalNumbers } from '../../ports/postal-numbers.ts';
import type { Executor } from './executor.ts';

export function postalNumbers(db: Executor): PostalNumbers {
  const of = (carrier: string, number: string) => db.selectFrom('postal_number').where('carrier', '=', carrier).where('number', '=', number);
  return {
    async add(carrier, numbers, at) {
      if (numbers.length === 0) return 0;
      const rows = numbers.map((number) => ({ carrier, number, postal_order_id: null, added_at: at, changed_at: at }));
      const added = await db.insertInto('postal_number').values(rows).onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
      return Number(added.numInsertedOrUpdatedRows ?? 0n);
    },
    async take(carrier, order, at) {
      const own = await db.selectFrom('postal_number').select('number').where('postal_order_id', '=', order).executeTakeFirst();
      if (own !== undefined) return own.number;
      // Rows that another order is taking are passed over instead of waited for.
      const taken = await sql<{ number: string }>`
        UPDATE postal_number SET state = 'taken', postal_order_id = ${order}, changed_at = ${at}
        WHERE (carrier, number) = (
          SELECT carrier, number FROM postal_number WHERE carrier = ${carrier} AND state = 'free' ORDER BY added_at, number LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING number`.execute(db);
      return taken.rows[0]?.number ?? null;
    },
    async lock(carrier, number) {
      const row = await of(carrier, number).select(['state', 'postal_order_id']).forUpdate().executeTakeFirst();
      return row === undefined ? null : { state: row.state, order: row.postal_order_id as PostalOrderId | null };
    },
    async release(carrier, number, to, at) {
      await db.updateTable('postal_number').set({ state: to, postal_order_id: null, changed_at: at }).where('carrier', '=', carrier).where('number', '=', number).execute();
    },
    async counts(carrier) {
      const rows = await db.selectFrom('postal_number').select(['state', (count) => count.fn.countAll<string>().as('count')]).where('carrier', '=', carrier).groupBy('state').execute();
      const count = (state: string): number => Number(rows.find((row) => row.state === state)?.count ?? 0);
      return { free: count('free'), taken: count('taken'), withdrawn: count('withdrawn') };
    },
  };
}
