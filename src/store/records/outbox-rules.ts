import { sql, type RawBuilder } from 'kysely';

/** Conditions over a row `o` of the outbox, written once. They repeat the predicates of the partial indexes word for word. */

/** Not finished: what holds its lane. */
export const OPEN = sql.raw(`state NOT IN ('delivered', 'cancelled', 'skipped')`);

/** Waiting and its time has come, or leased by a worker that let its lease run out. */
export function isDue(now: Date): RawBuilder<boolean> {
  return sql<boolean>`(o.state IN ('pending', 'leased') AND o.next_at <= ${now} AND (o.state = 'pending' OR o.lease_until <= ${now}))`;
}

/** Nothing is sent to a partner whose circuit is open, or whose address is gone. */
export function isReachable(now: Date): RawBuilder<boolean> {
  return sql<boolean>`NOT EXISTS (SELECT 1 FROM partner_state AS p WHERE p.partner_id = o.target AND (p.open_until > ${now} OR p.disabled_at IS NOT NULL))`;
}

/** Nothing earlier in its lane is open. Finished is final, so an answer once true stays true. */
export const isHead = sql<boolean>`NOT EXISTS (
  SELECT 1 FROM outbox AS earlier WHERE earlier.lane_id = o.lane_id AND earlier.seq < o.seq AND earlier.${OPEN}
)`;
