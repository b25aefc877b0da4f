import { createHash } from 'node:crypto';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely';
import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { sqlState } from './database-error.ts';

/** One step forward. It decides by nothing but its own text, so that it can be fingerprinted without a database. */
export interface Migration {
  /** Counts from 1 without gaps. */
  readonly number: number;
  readonly name: string;
  /** Outside a transaction, while others write: `DROP INDEX CONCURRENTLY IF EXISTS` and `CREATE INDEX CONCURRENTLY`, which may be run again. */
  readonly isOnline?: true;
  /** It takes something away, so that only programs work afterwards that know migration `needs`. Missing: all those still do that did before. */
  readonly contract?: { readonly needs: number; readonly because: string };
  up(db: Kysely<unknown>): Promise<void>;
}

export interface MigrateOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Default 2,000: whoever waits for a table stands before all who come after it. */
  readonly lockTimeoutMs?: number;
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
  /** Null: written by a program that did not say. */
  readonly needs: number | null;
}

const LOCK = 0x6c74_6d67; // any fixed number; 'ltmg'
const LOCK_TIMEOUT_MS = 2_000;
const PAUSE_MS = 1_000;
const MOST_TRIES = 30;
const POLL_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';
/** With a transaction that locked the same tables in another order; this one was rolled back. */
const DEADLOCK_DETECTED = '40P01';

/**
 * Brings the database up to the last of `migrations`, each in a transaction of its own, while gateways work on it; several processes may call
 * it at once. A database that is ahead is fine if its later migrations say that this program still works on it.
 * @returns the numbers that this call applied
 * @throws DATABASE_INCOMPATIBLE when the database needs a newer program, or was made by another edition of a migration; DATABASE_UNAVAILABLE,
 *   also when somebody holds a table for so long that a migration finds no moment for itself
 */
export async function migrate<DB>(db: Kysely<DB>, migrations: readonly Migration[], options: MigrateOptions): Promise<readonly number[]> {
  const known = await fingerprinted(migrations);
  const done: number[] = [];
  for (let tries = 1; ; ) {
    const step = await applyNext(db as Kysely<unknown>, known, options).catch(lockNotHad);
    if (step.kind === 'applied') {
      options.log.info('database.migrated', { number: step.migration.number, name: step.migration.name });
      done.push(step.migration.number);
      tries = 1;
      continue;
    }
    if (step.kind === 'up-to-date') {
      if (step.ahead > 0) options.log.warn('database.ahead', { known: migrations.length, ahead: step.ahead });
      return done;
    }
    if (step.kind === 'locked' && (tries += 1) > MOST_TRIES) throw new GatewayError('DATABASE_UNAVAILABLE', 'A migration found no moment for itself: somebody holds a table for long, a backup or an open session perhaps. Nothing of it was done: try again later', { cause: step.error });
    await options.clock.sleep(step.kind === 'locked' ? PAUSE_MS : POLL_MS);
  }
}

interface Known {
  readonly migration: Migration;
  readonly sha256: string;
}

type Step =
  | { readonly kind: 'applied'; readonly migration: Migration }
  | { readonly kind: 'up-to-date'; readonly ahead: number }
  /** Another process migrates. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'locked'; readonly error: unknown };

export interface MigrationStatus {
  readonly applied: number;
  /** Migrations of the database that this program does not know, and works with all the same. */
  readonly ahead: number;
  readonly pending: readonly Migration[];
}

/**
 * How the database stands to `migrations`, without changing anything.
 * @throws as `migrate`
 */
export async function migrationStatus<DB>(db: Kysely<DB>, migrations: readonly Migration[]): Promise<MigrationStatus> {
  const known = await fingerprinted(migrations);
  const { rows: tables } = await sql<{ found: string | null }>`SELECT to_regclass('schema_migration')::text AS found`.execute(db);
  const applied = tables[0]?.found == null ? [] : await readApplied(db);
  return { applied: applied.length, ahead: checkCompatible(applied, known), pending: migrations.slice(applied.length) };
}

async function fingerprinted(migrations: readonly Migration[]): Promise<readonly Known[]> {
  migrations.forEach(({ number }, index) => {
    if (number !== index + 1) throw new Error(`Migration ${number} stands at place ${index + 1}`);
  });
  return Promise.all(migrations.map(async (migration) => ({ migration, sha256: await fingerprint(migration) })));
}

async function applyNext(db: Kysely<unknown>, known: readonly Known[], { clock, lockTimeoutMs = LOCK_TIMEOUT_MS }: MigrateOptions): Promise<Step> {
  const step = await db.transaction().execute(async (trx): Promise<Step | Known> => {
    await sql`SET LOCAL statement_timeout = 0`.execute(trx);
    await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(trx);
    // Asked for, never waited for: an index that is built online waits for every statement under way, also for one that waits for this lock.
    if (!(await took(sql`SELECT pg_try_advisory_xact_lock(${sql.lit(LOCK)}) AS taken`, trx))) return { kind: 'busy' };
    const next = await nextOf(trx, known);
    if (!('migration' in next) || next.migration.isOnline === true) return next;
    await sql`SET LOCAL lock_timeout = ${sql.lit(lockTimeoutMs)}`.execute(trx);
    await next.migration.up(trx);
    await record(trx, next, clock);
    return { kind: 'applied', migration: next.migration };
  });
  return 'kind' in step ? step : applyOnline(db, known, clock);
}

/** Without a transaction, so that what was done stays when it is interrupted: it is done again from its beginning. */
function applyOnline(db: Kysely<unknown>, known: readonly Known[], clock: Clock): Promise<Step> {
  return db.connection().execute(async (connection): Promise<Step> => {
    if (!(await took(sql`SELECT pg_try_advisory_lock(${sql.lit(LOCK)}) AS taken`, connection))) return { kind: 'busy' };
    try {
      const next = await nextOf(connection, known);
      if (!('migration' in next) || next.migration.isOnline !== true) return { kind: 'busy' }; // somebody else was faster
      await sql`SET statement_timeout = 0`.execute(connection);
      await next.migration.up(connection);
      await record(connection, next, clock);
      return { kind: 'applied', migration: next.migration };
    } finally {
      await sql`RESET statement_timeout`.execute(connection);
      await sql`SELECT pg_advisory_unlock(${sql.lit(LOCK)})`.execute(connection);
    }
  });
}

async function took(question: ReturnType<typeof sql>, db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await question.execute(db);
  return (rows[0] as { readonly taken: boolean } | undefined)?.taken === true;
}

function lockNotHad(error: unknown): Step {
  const state = sqlState(error);
  if (state === LOCK_NOT_AVAILABLE || state === DEADLOCK_DETECTED) return { kind: 'locked', error };
  throw error;
}

async function nextOf(db: Kysely<unknown>, known: readonly Known[]): Promise<Extract<Step, { kind: 'up-to-date' }> | Known> {
  await prepareTable(db);
  const applied = await readApplied(db);
  const ahead = checkCompatible(applied, known);
  return known[applied.length] ?? { kind: 'up-to-date', ahead };
}

/** `needs` came later: a table without it is that of an earlier program. */
async function prepareTable(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS schema_migration (
    number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL, sha256 text NOT NULL, needs integer)`.execute(db);
  const { rows } = await sql`SELECT 1 FROM pg_attribute WHERE attrelid = 'schema_migration'::regclass AND attname = 'needs'`.execute(db);
  if (rows.length === 0) await sql`ALTER TABLE schema_migration ADD COLUMN needs integer`.execute(db);
}

async function readApplied<DB>(db: Kysely<DB>): Promise<readonly Applied[]> {
  return (await sql<Applied>`SELECT number, name, sha256, (to_jsonb(made) ->> 'needs')::integer AS needs FROM schema_migration AS made ORDER BY number`.execute(db)).rows;
}

async function record(db: Kysely<unknown>, { migration, sha256 }: Known, clock: Clock): Promise<void> {
  await sql`INSERT INTO schema_migration (number, name, applied_at, sha256, needs)
    VALUES (${migration.number}, ${migration.name}, ${clock.now()}, ${sha256}, ${migration.contract?.needs ?? 0})`.execute(db);
}

/** @returns how many migrations the database is ahead */
function checkCompatible(applied: readonly Applied[], known: readonly Known[]): number {
  const ahead = applied.slice(known.length);
  const other = applied.slice(0, known.length).find((row, index) => row.number !== index + 1 || row.sha256 !== known[index]?.sha256);
  if (other !== undefined) throw incompatible(`Migration ${other.number} (${other.name}) of the database is not the one of this program: use the program that made it, or another database`);
  const tooNew = ahead.find(({ needs }) => needs === null || needs > known.length);
  if (tooNew === undefined) return ahead.length;
  throw incompatible(`The database has migration ${tooNew.number} (${tooNew.name}), which takes a program that knows migration ${tooNew.needs ?? tooNew.number}; this one knows ${known.length}: use the newer program`);
}

/** SHA-256 over the SQL a migration sends: the same whether it runs from source or from the build. */
export async function fingerprint(migration: Migration): Promise<string> {
  const hash = createHash('sha256');
  for (const statement of await statementsOf(migration)) hash.update(statement).update('\0');
  return hash.digest('hex');
}

/** The SQL a migration sends, without a database. */
export async function statementsOf(migration: Migration): Promise<readonly string[]> {
  const statements: string[] = [];
  const dialect = {
    createDriver: () => new DummyDriver(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  };
  const recorder = new Kysely<unknown>({ dialect, log: ({ query }) => void statements.push(query.sql) });
  await migration.up(recorder);
  return statements;
}

function incompatible(message: string): GatewayError {
  return new GatewayError('DATABASE_INCOMPATIBLE', message);
}
