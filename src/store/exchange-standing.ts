import { sql, type Kysely } from 'kysely';
import { circuitOf } from '../domain/partner-limits.ts';
import type { DeliveryState } from '../domain/message.ts';
import { MOST_RECIPIENTS, type ExchangeStanding, type ReadExchangeStanding } from '../ports/exchange-standing.ts';
import { isDue, isHead, isReachable, OPEN } from './records/outbox-rules.ts';
import type { Database } from './schema.ts';

/** Reads only what is unfinished, along its own index: the history may be as long as it likes. */
export function exchangeStanding(db: Kysely<Database>): ReadExchangeStanding {
  return async (now) => {
    const [open, parked, recipients, circuits, oldestDueAt] = await Promise.all([openCounts(db), parkedCounts(db), oldestRecipients(db), openCircuits(db, now), oldestDue(db, now)]);
    return { open, parked, recipients, circuits, oldestDueAt };
  };
}

async function openCounts(db: Kysely<Database>): Promise<ExchangeStanding['open']> {
  const { rows } = await sql<{ kind: 'message' | 'postal'; state: DeliveryState; count: string }>`SELECT kind, state, count(*) AS count FROM outbox WHERE ${OPEN} GROUP BY kind, state`.execute(db);
  return rows.map(({ kind, state, count }) => ({ kind, state, count: Number(count) }));
}

async function parkedCounts(db: Kysely<Database>): Promise<ExchangeStanding['parked']> {
  const { rows } = await sql<{ reason: string; count: string }>`SELECT coalesce(parked_reason, '') AS reason, count(*) AS count FROM outbox WHERE state = 'parked' GROUP BY 1`.execute(db);
  return rows.map(({ reason, count }) => ({ reason, count: Number(count) }));
}

async function oldestRecipients(db: Kysely<Database>): Promise<ExchangeStanding['recipients']> {
  const { rows } = await sql<{ target: string; open: string; oldest_at: Date }>`
    SELECT target, count(*) AS open, min(created_at) AS oldest_at FROM outbox WHERE ${OPEN}
    GROUP BY target ORDER BY oldest_at LIMIT ${MOST_RECIPIENTS}
  `.execute(db);
  return rows.map(({ target, open, oldest_at }) => ({ target, open: Number(open), oldestAt: oldest_at }));
}

/** Of those that ever failed: no row, no failure. */
async function openCircuits(db: Kysely<Database>, now: Date): Promise<ExchangeStanding['circuits']> {
  const rows = await db.selectFrom('partner_state').select(['partner_id', 'open_until', 'disabled_at']).orderBy('updated_at', 'desc').limit(MOST_RECIPIENTS).execute();
  return rows.map(({ partner_id, open_until, disabled_at }) => ({ partnerId: partner_id, state: disabled_at === null ? circuitOf({ openUntil: open_until }, now) : 'disabled' }));
}

/** What waits behind a parked head is due for ever and nobody's fault: heads only. */
export async function oldestDue(db: Kysely<Database>, now: Date): Promise<Date | null> {
  const { rows } = await sql<{ oldest: Date }>`SELECT o.next_at AS oldest FROM outbox AS o WHERE ${isDue(now)} AND ${isHead} AND ${isReachable(now)} ORDER BY o.next_at LIMIT 1`.execute(db);
  return rows[0]?.oldest ?? null;
}
