import { sql } from 'kysely';
import type { Executor } from './executor.ts';

export interface InboxPlace {
  readonly position: number;
  readonly deliveryId: string;
  readonly messageId: string;
}

/**
 * Deliveries offered to a pulling partner, by position. Positions are given here and not when the delivery is offered: under a lock,
 * to what is committed, so that no position appears behind one that was read already.
 */
export async function readInbox(db: Executor, partnerId: string, afterPosition: number, limit: number): Promise<readonly InboxPlace[]> {
  if (await hasUnplaced(db, partnerId)) await inTransaction(db, (trx) => givePositions(trx, partnerId));
  const { rows } = await sql<{ inbox_position: string; id: string; message_id: string }>`
    SELECT inbox_position, id, message_id FROM outbox
    WHERE target = ${partnerId} AND state = 'offered' AND inbox_position > ${afterPosition} AND message_id IS NOT NULL
    ORDER BY inbox_position LIMIT ${limit}
  `.execute(db);
  return rows.map((row) => ({ position: Number(row.inbox_position), deliveryId: row.id, messageId: row.message_id }));
}

async function hasUnplaced(db: Executor, partnerId: string): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM outbox WHERE target = ${partnerId} AND state = 'offered' AND inbox_position IS NULL LIMIT 1`.execute(db);
  return rows.length > 0;
}

const MOST_AT_ONCE = 1_000; // a partner that was away for weeks is caught up over several calls

/**
 * A restored store has forgotten positions that were given out and read; its own begin above them all, so that no cursor of before passes
 * over what comes. Incarnations are seconds apart: more than this a second is never given, and 2^53 is not reached before the year 2255.
 */
const POSITIONS_A_LIFE = 1_000_000;

async function givePositions(trx: Executor, partnerId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`inbox:${partnerId}`}, 0))`.execute(trx);
  // A statement of its own: it has to see what the lock's previous holder committed.
  await sql`
    WITH last AS (SELECT greatest(max(inbox_position), (SELECT (incarnation - 1) * ${sql.lit(POSITIONS_A_LIFE)} FROM standing)) AS position FROM outbox WHERE target = ${partnerId} AND inbox_position IS NOT NULL),
    unplaced AS (
      SELECT id, row_number() OVER (ORDER BY created_at, lane_id, seq) AS place
      FROM (SELECT id, created_at, lane_id, seq FROM outbox WHERE target = ${partnerId} AND state = 'offered' AND inbox_position IS NULL
            ORDER BY created_at, lane_id, seq LIMIT ${MOST_AT_ONCE}) AS waiting
    )
    UPDATE outbox SET inbox_position = last.position + unplaced.place FROM last, unplaced WHERE outbox.id = unplaced.id
  `.execute(trx);
}

function inTransaction(db: Executor, work: (trx: Executor) => Promise<void>): Promise<void> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}
