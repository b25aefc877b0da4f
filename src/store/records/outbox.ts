import { sql } from 'kysely';
import type { DeliveryId, MessageId, PostalOrderId } from '../../domain/ids.ts';
import type { DeliveryState } from '../../domain/message.ts';
import type { DeliveryError, Outbox, OutboxEntry, ParkedDelivery, Wake } from '../../ports/outbox.ts';
import type { Executor } from './executor.ts';
import { lease, leaseDue, renew, settle } from './outbox-leases.ts';
import { isDue, isHead, isReachable, OPEN } from './outbox-rules.ts';
import { throughConflicts } from './through-conflicts.ts';
import { isReleased } from './standing-records.ts';

export function outbox(db: Executor): Outbox {
  return {
    add: (delivery) => add(db, delivery),
    addAll: (deliveries) => addAll(db, deliveries),
    find: (id) => find(db, id),
    lease: (id, owner, now, until) => lease(db, id, owner, now, until),
    leaseDue: (owner, now, until, limit, targets) => leaseDue(db, { owner, now, until, limit, ...targets }),
    renew: (held, until) => renew(db, held, until),
    settle: (held, settlement, attempt) => (db.isTransaction ? settle(db, held, settlement, attempt) : throughConflicts(() => settle(db, held, settlement, attempt))),
    finish: (id, state, at) => finish(db, id, state, at),
    exchangePlaces: (id, replacement) => exchangePlaces(db, id, replacement),
    replay: (id, now) => replay(db, id, now),
    nextInLane: (laneId, now) => nextInLane(db, laneId, now),
    sweep: (now, notWokenSince, limit) => sweep(db, now, notWokenSince, limit),
    parked: (target, limit, since) => parked(db, target, limit, since),
    depth: (now) => depth(db, now),
  };
}

/** The lane's row stays locked until the transaction ends: a later seq is never visible before an earlier one. */
async function add(db: Executor, delivery: Parameters<Outbox['add']>[0]): Promise<void> {
  const { id, kind, laneId, target, messageId, postalOrderId, createdAt, expiresAt = null } = delivery;
  await sql`
    WITH numbered AS (
      INSERT INTO lane (id, last_seq) VALUES (${laneId}, 1)
      ON CONFLICT (id) DO UPDATE SET last_seq = lane.last_seq + 1
      RETURNING id, last_seq
    )
    INSERT INTO outbox (id, kind, lane_id, seq, target, message_id, postal_order_id, state, next_at, woken_at, expires_at, created_at)
    SELECT ${id}::uuid, ${kind}, numbered.id, numbered.last_seq, ${target}, ${messageId}::uuid, ${postalOrderId}::uuid, 'pending',
           ${createdAt}::timestamptz, ${createdAt}::timestamptz, ${expiresAt}::timestamptz, ${createdAt}::timestamptz
    FROM numbered
  `.execute(db);
}

/** Rows of lanes are locked by id: two that add to several wait for each other instead of both dying. */
async function addAll(db: Executor, deliveries: Parameters<Outbox['addAll']>[0]): Promise<void> {
  if (deliveries.length === 0) return;
  const rows = deliveries.map(({ id, kind, laneId, target, messageId, postalOrderId, createdAt, expiresAt = null }) => ({ id, kind, lane_id: laneId, target, message_id: messageId, postal_order_id: postalOrderId, created_at: createdAt, expires_at: expiresAt }));
  await sql`
    WITH given AS MATERIALIZED (
      SELECT id, kind, lane_id, target, message_id, postal_order_id, created_at, expires_at,
        row_number() OVER (PARTITION BY lane_id ORDER BY place) AS nth, count(id) OVER (PARTITION BY lane_id) AS of_lane
      FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (id uuid, kind text, lane_id text, target text, message_id uuid, postal_order_id uuid, created_at timestamptz, expires_at timestamptz))
        WITH ORDINALITY AS d (id, kind, lane_id, target, message_id, postal_order_id, created_at, expires_at, place)
    ), numbered AS (
      INSERT INTO lane (id, last_seq) SELECT DISTINCT lane_id, of_lane FROM given ORDER BY lane_id
      ON CONFLICT (id) DO UPDATE SET last_seq = lane.last_seq + EXCLUDED.last_seq
      RETURNING id, last_seq
    )
    INSERT INTO outbox (id, kind, lane_id, seq, target, message_id, postal_order_id, state, next_at, woken_at, expires_at, created_at)
    SELECT g.id, g.kind, g.lane_id, n.last_seq - g.of_lane + g.nth, g.target, g.message_id, g.postal_order_id, 'pending', g.created_at, g.created_at, g.expires_at, g.created_at
    FROM given AS g JOIN numbered AS n ON n.id = g.lane_id
  `.execute(db);
}

async function find(db: Executor, id: DeliveryId): Promise<OutboxEntry | null> {
  const row = await db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  return {
    id: row.id as DeliveryId,
    kind: row.kind,
    laneId: row.lane_id,
    target: row.target,
    messageId: row.message_id as MessageId | null,
    postalOrderId: row.postal_order_id as PostalOrderId | null,
    state: row.state as DeliveryState,
    outcomeUnknown: row.unknown_since !== null,
  };
}

async function finish(db: Executor, id: DeliveryId, state: 'delivered' | 'cancelled' | 'skipped', at: Date): Promise<boolean> {
  const { rows } = await sql`
    UPDATE outbox SET state = ${state}, finished_at = ${at}, lease_epoch = lease_epoch + 1, lease_owner = NULL, lease_until = NULL
    WHERE id = ${id} AND (state IN ('pending', 'offered', 'parked') OR (state = 'leased' AND lease_until <= ${at}))
    RETURNING id
  `.execute(db);
  return rows.length === 1;
}

/** By way of a place below all: places of a lane are unique at every moment. */
async function exchangePlaces(db: Executor, id: DeliveryId, replacement: DeliveryId): Promise<boolean> {
  const { rows } = await sql<{ old_seq: string; new_seq: string }>`
    SELECT o.seq AS old_seq, r.seq AS new_seq FROM outbox AS o JOIN outbox AS r ON r.lane_id = o.lane_id
    WHERE o.id = ${id} AND r.id = ${replacement} AND r.seq > o.seq AND r.state IN ('pending', 'parked') AND o.state IN ('skipped')
    FOR UPDATE
  `.execute(db);
  const [places] = rows;
  if (places === undefined) return false;
  await sql`UPDATE outbox SET seq = -seq WHERE id = ${id}`.execute(db);
  await sql`UPDATE outbox SET seq = ${places.old_seq}::bigint WHERE id = ${replacement}`.execute(db);
  await sql`UPDATE outbox SET seq = ${places.new_seq}::bigint WHERE id = ${id}`.execute(db);
  return true;
}

async function replay(db: Executor, id: DeliveryId, now: Date): Promise<boolean> {
  const { rows } = await sql`
    UPDATE outbox SET state = 'pending', next_at = ${now}, woken_at = NULL, schedule_from = attempts, parked_reason = NULL, expires_at = NULL
    WHERE id = ${id} AND state = 'parked'
    RETURNING id
  `.execute(db);
  return rows.length === 1;
}

async function nextInLane(db: Executor, laneId: string, now: Date): Promise<Wake | null> {
  const { rows } = await sql<WakeRow>`
    UPDATE outbox AS o SET wake = wake + 1, woken_at = ${now}
    WHERE o.id = (SELECT id FROM outbox AS o WHERE o.lane_id = ${laneId} AND o.${OPEN} ORDER BY seq LIMIT 1) AND ${isDue(now)}
    RETURNING o.id, o.target, o.wake
  `.execute(db);
  const [row] = rows;
  return row === undefined ? null : wakeOf(row);
}

async function sweep(db: Executor, now: Date, notWokenSince: Date, limit: number): Promise<readonly Wake[]> {
  const { rows } = await sql<WakeRow>`
    WITH due AS (
      SELECT o.id FROM outbox AS o
      WHERE ${isDue(now)} AND (o.woken_at IS NULL OR o.woken_at <= ${notWokenSince}) AND ${isHead} AND ${isReachable(now)} AND ${isReleased}
      ORDER BY o.next_at LIMIT ${limit} FOR UPDATE OF o SKIP LOCKED
    )
    UPDATE outbox AS o SET wake = wake + 1, woken_at = ${now} FROM due WHERE o.id = due.id
    RETURNING o.id, o.target, o.wake
  `.execute(db);
  return rows.map(wakeOf);
}

interface WakeRow {
  readonly id: string;
  readonly target: string;
  readonly wake: number;
}

function wakeOf(row: WakeRow): Wake {
  return { id: row.id as DeliveryId, target: row.target, wake: row.wake };
}

async function parked(db: Executor, target: string | null, limit: number, since?: Date): Promise<readonly ParkedDelivery[]> {
  let query = db.selectFrom('outbox').selectAll().where('state', '=', 'parked');
  if (target !== null) query = query.where('target', '=', target);
  if (since !== undefined) query = query.where('next_at', '>=', since);
  const rows = await query.orderBy('next_at').orderBy('id').limit(limit).execute();
  return rows.map((row) => ({
    id: row.id as DeliveryId,
    kind: row.kind,
    laneId: row.lane_id,
    target: row.target,
    messageId: row.message_id as MessageId | null,
    postalOrderId: row.postal_order_id as PostalOrderId | null,
    reason: row.parked_reason ?? '',
    error: row.last_error as DeliveryError | null,
    attempts: row.attempts,
    since: row.next_at, // parking sets it
  }));
}

async function depth(db: Executor, now: Date): ReturnType<Outbox['depth']> {
  const { rows } = await sql<{ due: string; parked: string; oldest: Date | null }>`
    SELECT (SELECT count(*) FROM outbox AS o WHERE ${isDue(now)}) AS due,
           (SELECT count(*) FROM outbox WHERE state = 'parked') AS parked,
           (SELECT min(o.next_at) FROM outbox AS o WHERE ${isDue(now)}) AS oldest
  `.execute(db);
  const [row] = rows;
  return { due: Number(row?.due ?? 0), parked: Number(row?.parked ?? 0), oldestDueAt: row?.oldest ?? null };
}
