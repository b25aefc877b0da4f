import { createHash } from 'node:crypto';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql, type Transaction } from 'kysely';
import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';

/** One step forward. It decides by nothing but its own text, so that it can be fingerprinted without a database. */
export interface Migration {
  /** Counts from 1 without gaps. */
  readonly number: number;
  readonly name: string;
  up(db: Kysely<unknown>): Promise<void>;
}

export interface MigrateOptions {
  readonly clock: Clock;
  readonly log: Log;
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
}

const LOCK = 0x6c74_6d67; // any fixed number; 'ltmg'

/**
 * Brings the database up to the last of `migrations`, each in a transaction of its own; several processes may call it at once.
 * @returns the numbers that this call applied
 * @throws DATABASE_INCOMPATIBLE when the database is newer than this program, or was made by another edition of a migration;
 *   DATABASE_UNAVAILABLE
 */
export async function migrate<DB>(db: Kysely<DB>, migrations: readonly Migration[], options: MigrateOptions): Promise<readonly number[]> {
  const known = await Promise.all(migrations.map(async (migration) => ({ migration, sha256: await fingerprint(migration) })));
  migrations.forEach(({ number }, index) => {
    if (number !== index + 1) throw new Error(`Migration ${number} stands at place ${index + 1}`);
  });
  const done: number[] = [];
  for (;;) {
    const next = await applyNext(db as Kysely<unknown>, known, options.clock);
    if (next === null) return done;
    options.log.info('database.migrated', { number: next.number, name: next.name });
    done.push(next.number);
  }
}

interface Known {
  readonly migration: Migration;
  readonly sha256: string;
}

/**
 * How the database stands to `migrations`, without changing anything.
 * @throws as `migrate`
 */
export async function migrationStatus<DB>(db: Kysely<DB>, migrations: readonly Migration[]): Promise<{ readonly applied: number; readonly pending: readonly string[] }> {
  const known = await Promise.all(migrations.map(async (migration) => ({ migration, sha256: await fingerprint(migration) })));
  const { rows: tables } = await sql<{ found: string | null }>`SELECT to_regclass('schema_migration')::text AS found`.execute(db);
  const applied = tables[0]?.found == null ? [] : (await sql<Applied>`SELECT number, name, sha256 FROM schema_migration ORDER BY number`.execute(db)).rows;
  checkCompatible(applied, known);
  return { applied: applied.length, pending: migrations.slice(applied.length).map(({ name }) => name) };
}

function applyNext(db: Kysely<unknown>, known: readonly Known[], clock: Clock): Promise<Migration | null> {
  return db.transaction().execute(async (trx) => {
    await sql`SET LOCAL statement_timeout = 0`.execute(trx);
    await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(trx);
    await sql`SELECT pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(trx);
    const applied = await readApplied(trx);
    checkCompatible(applied, known);
    const next = known[applied.length];
    if (next === undefined) return null;
    const { migration, sha256 } = next;
    await migration.up(trx);
    await sql`INSERT INTO schema_migration (number, name, applied_at, sha256)
      VALUES (${migration.number}, ${migration.name}, ${clock.now()}, ${sha256})`.execute(trx);
    return migration;
  });
}

async function readApplied(trx: Transaction<unknown>): Promise<readonly Applied[]> {
  await sql`CREATE TABLE IF NOT EXISTS schema_migration (
    number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL, sha256 text NOT NULL)`.execute(trx);
  return (await sql<Applied>`SELECT number, name, sha256 FROM schema_migration ORDER BY number`.execute(trx)).rows;
}

function checkCompatible(applied: readonly Applied[], known: readonly Known[]): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.number > known.length) {
    throw incompatible(`The database has migration ${newest.number} (${newest.name}), this program knows ${known.length}: use the newer program`);
  }
  const other = applied.find((row, index) => row.number !== index + 1 || row.sha256 !== known[index]?.sha256);
  if (other === undefined) return;
  throw incompatible(`Migration ${other.number} (${other.name}) of the database is not the one of this program: use the program that made it, or another database`);
}

/** SHA-256 over the SQL a migration sends: the same whether it runs from source or from the build. */
export async function fingerprint(migration: Migration): Promise<string> {
  const hash = createHash('sha256');
  const dialect = {
    createDriver: () => new DummyDriver(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  };
  const recorder = new Kysely<unknown>({ dialect, log: ({ query }) => void hash.update(query.sql).update('\0') });
  await migration.up(recorder);
  return hash.digest('hex');
}

function incompatible(message: string): GatewayError {
  return new GatewayError('DATABASE_INCOMPATIBLE', message);
}
