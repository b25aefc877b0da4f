import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Migration } from '../../../src/store/migrate.ts';
import { MIGRATIONS } from '../../../src/store/migrations/all.ts';
import { migrationFaults } from '../../support/migration-rules.ts';

/** From here on programs of two releases share the database; what came before was never released. */
const FIRST_RULED = 17;

const migration = (statements: readonly string[], more: Partial<Migration> = {}): Migration => ({
  number: 99,
  name: 'next',
  ...more,
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});
const CONTRACT = { needs: 98, because: 'migration 98 moved what stood there, and no program since reads it' };

describe('a migration runs while the version before it works (ADR 7)', () => {
  const ruled = MIGRATIONS.filter(({ number }) => number >= FIRST_RULED);
  it.each([...ruled.map((each) => [each.name, each] as const), ['(those to come)', migration([])] as const])('%s', async (_, each) => {
    expect(await migrationFaults(each)).toEqual([]);
  });

  it.each([
    ['drops what', 'DROP TABLE receipt'],
    ['drops a column', 'ALTER TABLE message DROP COLUMN traceparent'],
    ['drops a column', 'ALTER TABLE message DROP traceparent'],
    ['drops an index', 'DROP INDEX outbox_due'],
    ['drops an index', 'ALTER TABLE outbox DROP CONSTRAINT outbox_lane_id_seq_key'],
    ['renames', 'ALTER TABLE message RENAME COLUMN body_sealed TO body'],
    ['renames', 'ALTER TABLE message RENAME TO notice'],
    ['changes a type', 'ALTER TABLE outbox ALTER COLUMN attempts TYPE bigint'],
    ['demands a value', 'ALTER TABLE message ADD COLUMN region text NOT NULL'],
    ['demands a value', 'ALTER TABLE message ADD COLUMN region text NOT NULL, ADD COLUMN other text DEFAULT 1'],
    ['sets NOT NULL', 'ALTER TABLE message ALTER COLUMN traceparent SET NOT NULL'],
    ['gives every row', 'ALTER TABLE message ADD COLUMN tag uuid DEFAULT gen_random_uuid()'],
    ['checks every row', 'ALTER TABLE outbox ADD CONSTRAINT small CHECK (attempts < 1000)'],
    ['checks every row', 'ALTER TABLE message ADD COLUMN parent uuid REFERENCES message'],
    ['builds an index', 'CREATE INDEX outbox_target ON outbox (target)'],
    ['makes unique', 'CREATE UNIQUE INDEX outbox_target ON outbox (target)'],
    ['puts a trigger', 'CREATE TRIGGER append_only BEFORE UPDATE ON message FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'],
    ['changes rows', "UPDATE outbox SET parked_reason = 'refused' WHERE parked_reason IS NULL"],
    ['changes rows', 'DELETE FROM delivery_attempt'],
    ['stops everybody', 'LOCK TABLE outbox'],
    ['takes a migration that is online', 'CREATE INDEX CONCURRENTLY outbox_target ON outbox (target)'],
  ])('so none that %s: %s', async (says, statement) => {
    expect((await migrationFaults(migration([statement]))).join('\n')).toContain(says);
  });

  it.each([
    ['a table of its own with all it has', ['CREATE TABLE fee (id uuid PRIMARY KEY, dossier_code text NOT NULL REFERENCES dossier)', 'CREATE INDEX fee_dossier ON fee (dossier_code)', 'INSERT INTO fee SELECT 1', 'CREATE TRIGGER append_only BEFORE UPDATE ON fee FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()']],
    ['a column that may be empty', ['ALTER TABLE message ADD COLUMN region text']],
    ['a column with a value for all', ["ALTER TABLE message ADD COLUMN region text NOT NULL DEFAULT 'none'"]],
    ['a constraint that is checked later', ['ALTER TABLE outbox ADD CONSTRAINT small CHECK (attempts < 1000) NOT VALID']],
    ['that check', ['ALTER TABLE outbox VALIDATE CONSTRAINT small']],
    ['what may be left out from now on', ['ALTER TABLE message ALTER COLUMN traceparent DROP NOT NULL']],
  ])('and any that adds %s', async (_, statements) => {
    expect(await migrationFaults(migration(statements))).toEqual([]);
  });

  it('an index on a living table is built online, and can be begun again', async () => {
    const build = 'CREATE INDEX CONCURRENTLY outbox_target ON outbox (target)';
    expect(await migrationFaults(migration(['DROP INDEX CONCURRENTLY IF EXISTS outbox_target', build], { isOnline: true }))).toEqual([]);
    expect(await migrationFaults(migration([build], { isOnline: true }))).toEqual([expect.stringContaining('cannot be begun again') as string]);
  });

  it('what is no longer used goes one release later, with the reason, and never so that others stand still', async () => {
    const drop = ['ALTER TABLE message DROP COLUMN traceparent'];
    expect(await migrationFaults(migration(drop, { contract: CONTRACT }))).toEqual([]);
    expect(await migrationFaults(migration(drop, { contract: { ...CONTRACT, needs: 99 } }))).toEqual([expect.stringContaining('say why') as string]);
    expect(await migrationFaults(migration(['LOCK TABLE outbox'], { contract: CONTRACT }))).toEqual([expect.stringContaining('stops everybody') as string]);
  });
});
