import { sql, type Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase, type DatabaseHandle } from '../../../src/store/database.ts';
import { migrate, type Migration } from '../../../src/store/migrate.ts';
import * as ledger from '../../../src/store/migrations/0001-ledger.ts';
import { frozenClock } from '../../support/clock.ts';
import { systemClock } from '../../../src/wiring/clock.ts';
import { keptLog, silentLog } from '../../support/log.ts';
import { freshDatabase, type FreshDatabase } from '../../support/postgres.ts';

const options = { clock: frozenClock('2026-11-24T00:00:00Z'), log: silentLog };
let fresh: FreshDatabase;
let handle: DatabaseHandle;

beforeEach(async () => {
  fresh = await freshDatabase();
  handle = connectDatabase({ target: fresh.connection, applicationName: 'test', log: silentLog, statementTimeoutMs: 2000 });
});
afterEach(async () => {
  await handle.close();
  await fresh.drop();
});

const migration = (number: number, statement: string): Migration => ({
  number,
  name: `step-${number}`,
  up: async (db: Kysely<unknown>) => void (await sql.raw(statement).execute(db)),
});
const FIRST = migration(1, 'CREATE TABLE a (id int)');
const SECOND = migration(2, 'ALTER TABLE a ADD COLUMN name text');
const applied = async (): Promise<unknown[]> =>
  (await sql`SELECT number, name, applied_at, length(sha256) AS hexadecimals FROM schema_migration ORDER BY number`.execute(handle.db)).rows;

describe('migrate', () => {
  it('applies what is missing, once, and records when', async () => {
    expect(await migrate(handle.db, [FIRST], options)).toEqual([1]);
    expect(await migrate(handle.db, [FIRST, SECOND], options)).toEqual([2]);
    expect(await migrate(handle.db, [FIRST, SECOND], options)).toEqual([]);
    const at = new Date('2026-11-24T00:00:00Z');
    expect(await applied()).toEqual([
      { number: 1, name: 'step-1', applied_at: at, hexadecimals: 64 },
      { number: 2, name: 'step-2', applied_at: at, hexadecimals: 64 },
    ]);
  });

  it('applies the schema of this program', async () => {
    expect(await migrate(handle.db, [ledger], options)).toEqual([1]);
    expect((await sql`SELECT 1 FROM outbox`.execute(handle.db)).rows).toEqual([]);
  });

  it('applies each step once although five processes start at the same time', async () => {
    const done = await Promise.all([1, 2, 3, 4, 5].map(() => migrate(handle.db, [FIRST, SECOND], { ...options, clock: systemClock })));
    expect(done.flat().sort((a, b) => a - b)).toEqual([1, 2]);
  });

  it('leaves no trace of a step that fails in the middle, and keeps those before it', async () => {
    const broken = migration(2, 'CREATE TABLE b (id int); SELECT 1/0');
    await expect(migrate(handle.db, [FIRST, broken], options)).rejects.toMatchObject({ code: '22012' });
    expect(await applied()).toHaveLength(1);
    expect((await sql`SELECT to_regclass('b') AS b`.execute(handle.db)).rows).toEqual([{ b: null }]);
    expect(await migrate(handle.db, [FIRST, SECOND], options)).toEqual([2]);
  });

  it('lets a step take longer than a statement may otherwise', async () => {
    expect(await migrate(handle.db, [migration(1, 'SELECT pg_sleep(2.2)')], options)).toEqual([1]);
  });

  it('works on a database that is ahead, as its later migrations say, and tells it', async () => {
    await migrate(handle.db, [FIRST, SECOND], options);
    const log = keptLog();
    expect(await migrate(handle.db, [FIRST], { ...options, log })).toEqual([]);
    expect(log.lines).toMatchObject([{ level: 'warn', event: 'database.ahead', attributes: { known: 1, ahead: 1 } }]);
  });

  it.each([
    ['a later migration takes something away', 'UPDATE schema_migration SET needs = 2 WHERE number = 2'],
    ['who made it did not say', 'UPDATE schema_migration SET needs = NULL WHERE number = 2'],
    ['it is from before that was asked', 'ALTER TABLE schema_migration DROP COLUMN needs'],
  ])('refuses a database that is ahead where %s', async (_, statement) => {
    await migrate(handle.db, [FIRST, SECOND], options);
    await sql.raw(statement).execute(handle.db);
    await expect(migrate(handle.db, [FIRST], options)).rejects.toMatchObject({ code: 'DATABASE_INCOMPATIBLE', message: /migration 2 \(step-2\).*knows migration 2; this one knows 1: use the newer program/ });
    expect(await migrate(handle.db, [FIRST, SECOND], options)).toEqual([]);
  });

  it('builds an index online although five processes start at the same time, and again where it was interrupted', async () => {
    const online: Migration = { ...migration(2, 'CREATE INDEX CONCURRENTLY a_id ON a (id)'), isOnline: true };
    await migrate(handle.db, [FIRST], options);
    const done = await Promise.all([1, 2, 3, 4, 5].map(() => migrate(handle.db, [FIRST, online], { ...options, clock: systemClock })));
    expect(done.flat()).toEqual([2]);
    await sql`DELETE FROM schema_migration WHERE number = 2`.execute(handle.db); // as if it had ended before that was written
    await expect(migrate(handle.db, [FIRST, online], options)).rejects.toMatchObject({ code: '42P07' });
    expect((await sql`SELECT pg_try_advisory_lock(${0x6c74_6d67}) AS free`.execute(handle.db)).rows).toEqual([{ free: true }]);
  });

  it('gives way to whoever holds a table, comes again, and gives up with nothing done', async () => {
    await migrate(handle.db, [FIRST], options);
    const reader = await handle.pool.connect();
    await reader.query('BEGIN; SELECT 1 FROM a');
    const hurried = { ...options, clock: { now: () => systemClock.now(), sleep: () => Promise.resolve() } };
    await expect(migrate(handle.db, [FIRST, SECOND], { ...hurried, lockTimeoutMs: 20 })).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', message: /holds a table/ });
    expect(await applied()).toHaveLength(1);
    await reader.query('COMMIT');
    reader.release();
    expect(await migrate(handle.db, [FIRST, SECOND], options)).toEqual([2]);
  });

  it('refuses a database made by another edition of a step', async () => {
    await migrate(handle.db, [FIRST], options);
    const other = migration(1, 'CREATE TABLE a (id bigint)');
    await expect(migrate(handle.db, [other, SECOND], options)).rejects.toMatchObject({ code: 'DATABASE_INCOMPATIBLE' });
    expect(await applied()).toHaveLength(1);
  });

  it('takes a gap in the numbers for our mistake', async () => {
    await expect(migrate(handle.db, [FIRST, migration(3, 'SELECT 1')], options)).rejects.toThrow('Migration 3 stands at place 2');
  });
});
