import { sql, type Kysely } from 'kysely';
import type { AlarmFacts, ReadAlarmFacts } from '../ports/alarm-facts.ts';
import { oldestDue } from './exchange-standing.ts';
import { isHead, OPEN } from './records/outbox-rules.ts';
import type { Database } from './schema.ts';

/** More than an operator reads at once. */
const MOST = 100;

/** Reads only what is unfinished, or newly of unknown meaning, along indexes of their own. */
export function alarmFacts(db: Kysely<Database>): ReadAlarmFacts {
  return async (now, { lanesBefore, statusesAfter }) => {
    const [parkedNow, unreachableNow, oldLanes, oldestDueAt, unknownStatuses] = await Promise.all([parked(db), unreachable(db), lanes(db, lanesBefore), oldestDue(db, now), statuses(db, statusesAfter)]);
    return { parked: parkedNow, unreachable: unreachableNow, oldLanes, oldestDueAt, unknownStatuses };
  };
}

async function parked(db: Kysely<Database>): Promise<AlarmFacts['parked']> {
  const { rows } = await sql<{ kind: 'message' | 'postal'; target: string; count: string; oldest: Date }>`
    SELECT kind, target, count(*) AS count, min(next_at) AS oldest FROM outbox WHERE state = 'parked' GROUP BY kind, target ORDER BY oldest LIMIT ${MOST}
  `.execute(db);
  return rows.map(({ kind, target, count, oldest }) => ({ kind, target, count: Number(count), oldestAt: oldest }));
}

/** A partner that only asked to wait (Retry-After) has no failures; one for whom nothing waits is not asked, and so never heard of again. */
async function unreachable(db: Kysely<Database>): Promise<AlarmFacts['unreachable']> {
  const { rows } = await sql<{ id: string; failures: number; gone: boolean; waiting: string }>`
    SELECT s.partner_id AS id, s.failures, s.disabled_at IS NOT NULL AS gone, w.waiting
    FROM partner_state AS s JOIN partner AS p ON p.id = s.partner_id
    CROSS JOIN LATERAL (SELECT count(*) AS waiting FROM outbox AS o WHERE o.target = s.partner_id AND o.${OPEN}) AS w
    WHERE p.status = 'active' AND w.waiting > 0 AND (s.disabled_at IS NOT NULL OR (s.open_until IS NOT NULL AND s.failures > 0))
    ORDER BY s.updated_at LIMIT ${MOST}
  `.execute(db);
  return rows.map(({ id, failures, gone, waiting }) => ({ partnerId: id, failures, gone, waiting: Number(waiting) }));
}

/** Heads that are not parked: those are told of as such, and what waits behind them with them. */
async function lanes(db: Kysely<Database>, before: Date): Promise<AlarmFacts['oldLanes']> {
  const { rows } = await sql<{ target: string; count: string; oldest: Date }>`
    SELECT o.target, count(*) AS count, min(o.created_at) AS oldest FROM outbox AS o
    WHERE o.${OPEN} AND o.state <> 'parked' AND o.created_at <= ${before} AND ${isHead}
    GROUP BY o.target ORDER BY oldest LIMIT ${MOST}
  `.execute(db);
  return rows.map(({ target, count, oldest }) => ({ target, count: Number(count), oldestAt: oldest }));
}

async function statuses(db: Kysely<Database>, after: Date): Promise<AlarmFacts['unknownStatuses']> {
  const { rows } = await sql<{ carrier: string; codes: string[]; count: string }>`
    SELECT carrier, (array_agg(DISTINCT carrier_code))[1:10] AS codes, count(*) AS count FROM postal_event
    WHERE status = 'UNKNOWN' AND received_at > ${after} GROUP BY carrier LIMIT ${MOST}
  `.execute(db);
  return rows.map(({ carrier, codes, count }) => ({ carrier, codes, count: Number(count) }));
}
