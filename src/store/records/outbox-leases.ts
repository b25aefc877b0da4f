import { sql, type RawBuilder } from 'kysely';
import type { DeliveryId, MessageId, PostalOrderId } from '../../domain/ids.ts';
import type { Attempt, DeliveryProof, Lease, Settlement, TargetFilter, Wake } from '../../ports/outbox.ts';
import { INBOX_CHANNEL } from '../inbox-signals.ts';
import { evidenceAdded } from './evidence-records.ts';
import { eventAdded } from './dossier-event.ts';
import type { Executor } from './executor.ts';
import { isDue, isHead, isReachable, OPEN } from './outbox-rules.ts';
import { isReleased } from './standing-records.ts';

export async function lease(db: Executor, id: DeliveryId, owner: string, now: Date, until: Date): Promise<Lease | null> {
  const head = sql`SELECT ${HEAD} FROM outbox AS o WHERE o.id = ${id} AND ${mayBeLeased(now)} FOR UPDATE OF o SKIP LOCKED`;
  const [taken] = await take(db, head, owner, now, until);
  return taken ?? null;
}

export interface DueLeases extends TargetFilter {
  readonly owner: string;
  readonly now: Date;
  readonly until: Date;
  readonly limit: number;
}

export function leaseDue(db: Executor, { owner, now, until, limit, ...targets }: DueLeases): Promise<readonly Lease[]> {
  const heads = sql`SELECT ${HEAD} FROM outbox AS o WHERE ${mayBeLeased(now, targets)} ORDER BY o.next_at LIMIT ${limit} FOR UPDATE OF o SKIP LOCKED`;
  return take(db, heads, owner, now, until);
}

function mayBeLeased(now: Date, { onlyFor, notFor = [] }: TargetFilter = {}): RawBuilder<boolean> {
  const wanted = onlyFor === undefined ? sql`true` : sql`o.target = ${onlyFor}`;
  const unwanted = notFor.length === 0 ? sql`true` : sql`o.target <> ALL (${[...notFor]})`;
  return sql<boolean>`${isDue(now)} AND ${wanted} AND ${unwanted} AND ${isHead} AND ${isReachable(now)} AND ${isReleased}`;
}

/** Columns by name, so that the statements stay prepared (`statement-names.ts`). */
const HEAD = sql.raw('o.id, o.state, o.attempts, o.lease_epoch, o.lease_owner, o.leased_at');
const LEASE = sql.raw(
  ['id', 'kind', 'lane_id', 'target', 'message_id', 'postal_order_id', 'lease_epoch', 'attempts', 'schedule_from', 'unknown_since', 'lease_until', 'created_at', 'expires_at'].map((column) => `o.${column}`).join(', '),
);

/**
 * Leases the rows of `heads`. A row that was leased still had a worker which vanished in the middle: bytes may have left, so its outcome
 * is unknown, and the lost attempt stays in the history.
 */
async function take(db: Executor, heads: RawBuilder<unknown>, owner: string, now: Date, until: Date): Promise<readonly Lease[]> {
  const { rows } = await sql<LeaseRow>`
    WITH head AS (${heads}),
    lost AS (
      INSERT INTO delivery_attempt (outbox_id, number, epoch, started_at, finished_at, outcome, code, detail)
      SELECT id, attempts, lease_epoch, leased_at, ${now}::timestamptz, 'unknown', 'WORKER_LOST', 'The worker vanished: ' || lease_owner FROM head WHERE state = 'leased'
    )
    UPDATE outbox AS o SET state = 'leased', lease_owner = ${owner}, leased_at = ${now}, lease_until = ${until}, lease_epoch = o.lease_epoch + 1, woken_at = NULL,
      attempts = o.attempts + 1, unknown_since = CASE o.state WHEN 'leased' THEN o.lease_until ELSE o.unknown_since END
    FROM head WHERE o.id = head.id
    RETURNING ${LEASE}
  `.execute(db);
  return rows.map(leaseOf);
}

export async function renew(db: Executor, held: Lease, until: Date): Promise<boolean> {
  const { rows } = await sql`UPDATE outbox SET lease_until = ${until} WHERE ${isHeldBy(held)} RETURNING id`.execute(db);
  return rows.length === 1;
}

/** One statement: all of it, or nothing when the lease is another worker's by now. */
export async function settle(db: Executor, held: Lease, settlement: Settlement, attempt: Attempt): Promise<readonly Wake[] | null> {
  const isAttempt = settlement.state !== 'pending' || settlement.spendsTry;
  const { rows } = await sql<{ next: { readonly id: string; readonly target: string; readonly wake: number } | null }>`
    WITH settled AS (
      UPDATE outbox SET ${changesOf(settlement, attempt)}, lease_owner = NULL, lease_until = NULL, woken_at = NULL WHERE ${isHeldBy(held)}
      RETURNING id, target, attempts, lease_epoch, lane_id, seq
    ),
    kept AS (
      INSERT INTO delivery_attempt (outbox_id, number, epoch, started_at, finished_at, outcome, code, detail)
      SELECT id, attempts, lease_epoch, ${attempt.startedAt}::timestamptz, ${attempt.finishedAt}::timestamptz, ${attempt.outcome}, ${attempt.code}::text, ${attempt.detail}::text
      FROM settled WHERE ${isAttempt}::boolean
    )
    ${settlement.state === 'delivered' ? sql`, ${nextWoken(attempt.finishedAt)}` : sql``}
    ${settlement.state === 'delivered' && settlement.proof !== null ? sql`, ${proofAdded(settlement.proof, attempt.finishedAt)}` : sql``}
    SELECT ${settlement.state === 'delivered' ? sql`(SELECT to_json(woken) FROM woken)` : sql`NULL`} AS next
           ${settlement.state === 'offered' ? sql`, pg_notify(${INBOX_CHANNEL}, target)` : sql``}
    FROM settled
  `.execute(db);
  const [row] = rows;
  if (row === undefined) return null;
  return row.next === null ? [] : [{ ...row.next, id: row.next.id as DeliveryId }];
}

/** What was settled held its lane: the next that is open behind it is the head now. */
function nextWoken(at: Date): RawBuilder<unknown> {
  return sql`
    woken AS (
      UPDATE outbox AS o SET wake = o.wake + 1, woken_at = ${at}
      FROM settled, LATERAL (SELECT behind.id FROM outbox AS behind WHERE behind.lane_id = settled.lane_id AND behind.seq > settled.seq AND behind.${OPEN} ORDER BY behind.seq LIMIT 1) AS next
      WHERE o.id = next.id AND ${isDue(at)}
      RETURNING o.id, o.target, o.wake
    )`;
}

function proofAdded({ receipt, evidence, dossierCode, event }: DeliveryProof, recordedAt: Date): RawBuilder<unknown> {
  return sql`
    received AS (
      INSERT INTO receipt (outbox_id, message_id, partner_id, manifest_sha256, received_at, reference, recorded_at)
      SELECT id, ${receipt.messageId}::uuid, ${receipt.partnerId}, ${receipt.manifestSha256}, ${receipt.receivedAt}::timestamptz, ${receipt.reference}::text, ${recordedAt}::timestamptz FROM settled
    ),
    ${evidenceAdded(sql`SELECT id FROM settled`, [evidence])},
    ${eventAdded(sql`SELECT ${dossierCode}::text AS code FROM settled`, event)}`;
}

function changesOf(settlement: Settlement, attempt: Attempt): RawBuilder<unknown> {
  if (settlement.state === 'pending') {
    const uncounted = settlement.spendsTry ? 0 : 1;
    return sql`state = 'pending', next_at = ${settlement.nextAt}, attempts = attempts - ${uncounted}, ${troubleOf(settlement, attempt)}`;
  }
  if (settlement.state === 'parked') return sql`state = 'parked', parked_reason = ${settlement.reason}, next_at = ${attempt.finishedAt}, ${troubleOf(settlement, attempt)}`;
  const finishedAt = settlement.state === 'delivered' ? attempt.finishedAt : null;
  return sql`state = ${settlement.state}, finished_at = ${finishedAt}, unknown_since = NULL, last_error = NULL`;
}

/** An attempt that only asked, and found nothing, leaves the time of the one in doubt as it was. */
function troubleOf({ outcomeUnknown, error }: Extract<Settlement, { error: unknown }>, { outcome, finishedAt }: Attempt): RawBuilder<unknown> {
  const known = sql`coalesce(unknown_since, ${finishedAt})`;
  const since = outcomeUnknown ? (outcome === 'unknown' ? sql`${finishedAt}` : known) : sql`NULL`;
  return sql`unknown_since = ${since}, last_error = ${JSON.stringify(error)}::jsonb`;
}

/** The fence: an epoch is given out once, so a worker that lost its lease matches nothing, however late it comes. */
export function isHeldBy(held: Lease): RawBuilder<boolean> {
  return sql<boolean>`id = ${held.id} AND state = 'leased' AND lease_epoch = ${held.epoch}`;
}

interface LeaseRow {
  readonly id: string;
  readonly kind: 'message' | 'postal';
  readonly lane_id: string;
  readonly target: string;
  readonly message_id: string | null;
  readonly postal_order_id: string | null;
  readonly lease_epoch: string;
  readonly attempts: number;
  readonly schedule_from: number;
  readonly unknown_since: Date | null;
  readonly lease_until: Date;
  readonly created_at: Date;
  readonly expires_at: Date | null;
}

function leaseOf(row: LeaseRow): Lease {
  return {
    id: row.id as DeliveryId,
    kind: row.kind,
    laneId: row.lane_id,
    target: row.target,
    messageId: row.message_id as MessageId | null,
    postalOrderId: row.postal_order_id as PostalOrderId | null,
    epoch: BigInt(row.lease_epoch),
    attempt: row.attempts,
    triesSpent: row.attempts - 1 - row.schedule_from,
    outcomeUnknown: row.unknown_since !== null,
    unknownSince: row.unknown_since,
    leaseUntil: row.lease_until,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
