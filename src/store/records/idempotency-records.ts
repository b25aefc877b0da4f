import { sql, type Selectable } from 'kysely';
import { GatewayError } from '../../domain/errors.ts';
import type { Claim, IdempotencyRecords, IdempotentRequest } from '../../ports/idempotency-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';

export function idempotencyRecords(db: Executor): IdempotencyRecords {
  return {
    async claim(request, now, leaseUntil, expiresAt) {
      const holder = await takeOrRetake(db, request, now, leaseUntil, expiresAt);
      if (holder !== null) return { outcome: 'claimed', holder };
      return answerFor(request, await find(db, request));
    },
    async complete(request, holder, answer) {
      const result = await held(db, request, holder)
        .set({ state: 'done', response_status: answer.status, response_sealed: Buffer.from(answer.bodySealed), lease_until: null })
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async renew(request, holder, leaseUntil) {
      const result = await held(db, request, holder).set({ lease_until: leaseUntil }).executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async release(request, holder) {
      await db
        .deleteFrom('idempotency')
        .where('partner_id', '=', request.partnerId)
        .where('key', '=', request.key)
        .where('holder', '=', holder)
        .where('state', '=', 'running')
        .execute();
    },
    async removeExpired(now, limit) {
      const result = await sql`
        DELETE FROM idempotency WHERE (partner_id, key) IN (SELECT partner_id, key FROM idempotency WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ${limit})
      `.execute(db);
      return Number(result.numAffectedRows ?? 0n);
    },
  };
}

/**
 * Inserts the claim, or takes over one that has expired or whose owner died. While another transaction is inserting the same key,
 * PostgreSQL makes this one wait for its end, so two requests at once are answered one after the other.
 */
async function takeOrRetake(db: Executor, request: IdempotentRequest, now: Date, leaseUntil: Date, expiresAt: Date): Promise<string | null> {
  const { rows } = await sql<{ holder: string }>`
    INSERT INTO idempotency (partner_id, key, operation, request_sha256, state, lease_until, holder, created_at, expires_at)
    VALUES (${request.partnerId}, ${request.key}, ${request.operation}, ${request.requestSha256}, 'running', ${leaseUntil}, gen_random_uuid(), ${now}, ${expiresAt})
    ON CONFLICT (partner_id, key) DO UPDATE SET
      operation = excluded.operation, request_sha256 = excluded.request_sha256, state = 'running', response_status = NULL, response_sealed = NULL,
      lease_until = excluded.lease_until, holder = excluded.holder, created_at = excluded.created_at, expires_at = excluded.expires_at
    WHERE idempotency.expires_at <= ${now}
       OR (idempotency.state = 'running' AND idempotency.lease_until <= ${now}
           AND idempotency.operation = excluded.operation AND idempotency.request_sha256 = excluded.request_sha256)
    RETURNING holder
  `.execute(db);
  return rows[0]?.holder ?? null;
}

function held(db: Executor, { partnerId, key }: IdempotentRequest, holder: string) {
  return db.updateTable('idempotency').where('partner_id', '=', partnerId).where('key', '=', key).where('holder', '=', holder).where('state', '=', 'running');
}

function find(db: Executor, request: IdempotentRequest): Promise<Selectable<Database['idempotency']> | undefined> {
  return db.selectFrom('idempotency').selectAll().where('partner_id', '=', request.partnerId).where('key', '=', request.key).executeTakeFirst();
}

function answerFor(request: IdempotentRequest, row: Selectable<Database['idempotency']> | undefined): Claim {
  if (row !== undefined && (row.operation !== request.operation || row.request_sha256 !== request.requestSha256)) {
    throw new GatewayError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used with another request: use a new key for a new request');
  }
  if (row?.state === 'done' && row.response_status !== null && row.response_sealed !== null) {
    return { outcome: 'answered', answer: { status: row.response_status, bodySealed: bytesOf(row.response_sealed) } };
  }
  throw new GatewayError('IDEMPOTENCY_IN_PROGRESS', 'A request with this Idempotency-Key is still running: send it again in a moment', { retryAfterMs: 1_000 });
}
