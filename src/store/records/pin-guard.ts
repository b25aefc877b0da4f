import { sql } from 'kysely';
import { GatewayError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { MOST_PIN_FAILURES, pinStopped, type LoginOutcome, type PinGuard } from '../../ports/pin-guard.ts';
import type { Executor } from './executor.ts';

export interface PinGuardOptions {
  readonly clock: Clock;
  /** How long to wait for another process that is logging in. Default 30,000. */
  readonly waitMs?: number;
}

/**
 * The count in PostgreSQL. Logins to one token happen one at a time under a session lock on a connection of their own: no transaction is
 * open while the token thinks, and the attempt is committed before it begins.
 */
export function pinGuard(db: Executor, { clock, waitMs = 30_000 }: PinGuardOptions): PinGuard {
  return {
    attempt: (token, login) =>
      db.connection().execute(async (connection) => {
        await lock(connection, clock, token, waitMs);
        try {
          return await counted(connection, clock, token, login);
        } finally {
          await sql`SELECT pg_advisory_unlock(hashtextextended(${lockName(token)}, 0))`.execute(connection);
        }
      }),
    async failures() {
      const rows = await db.selectFrom('pin_guard').selectAll().where('failures', '>', 0).orderBy('token').execute();
      return rows.map((row) => ({ token: row.token, failures: row.failures, lastAttemptAt: row.last_attempt_at }));
    },
    async reset(token) {
      const result = await db.deleteFrom('pin_guard').where('token', '=', token).where('failures', '>', 0).executeTakeFirst();
      return result.numDeletedRows === 1n;
    },
  };
}

const POLL_MS = 100;

function lockName(token: string): string {
  return `pin:${token}`;
}

/** Asks again and again instead of waiting inside PostgreSQL, whose statement time-out would end the wait with another error. */
async function lock(db: Executor, clock: Clock, token: string, waitMs: number): Promise<void> {
  for (let waited = 0; ; waited += POLL_MS) {
    const { rows } = await sql<{ taken: boolean }>`SELECT pg_try_advisory_lock(hashtextextended(${lockName(token)}, 0)) AS taken`.execute(db);
    if (rows[0]?.taken === true) return;
    if (waited >= waitMs) throw new GatewayError('SIGNER_UNAVAILABLE', `Another process has been logging in to the key device ${token} for more than ${waitMs} ms`, { retryAfterMs: waitMs });
    await clock.sleep(POLL_MS);
  }
}

async function counted(db: Executor, clock: Clock, token: string, login: () => Promise<LoginOutcome>): Promise<LoginOutcome> {
  await begin(db, token, clock.now());
  const outcome = await login();
  if (outcome === 'accepted') await db.updateTable('pin_guard').set({ failures: 0 }).where('token', '=', token).execute();
  if (outcome === 'untried') await sql`UPDATE pin_guard SET failures = greatest(0, failures - 1) WHERE token = ${token}`.execute(db);
  return outcome;
}

async function begin(db: Executor, token: string, now: Date): Promise<void> {
  const { rows } = await sql`
    INSERT INTO pin_guard AS g (token, failures, last_attempt_at) VALUES (${token}, 1, ${now})
    ON CONFLICT (token) DO UPDATE SET failures = g.failures + 1, last_attempt_at = ${now} WHERE g.failures < ${MOST_PIN_FAILURES}
    RETURNING failures
  `.execute(db);
  if (rows.length === 0) throw pinStopped(token);
}
