import { sql, type Kysely } from 'kysely';

/** One row on the store as a whole: which life it lives, and whether it is held. */
export const number = 15;
export const name = 'standing';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE standing (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    incarnation bigint NOT NULL CHECK (incarnation > 0),
    held_since timestamptz,
    held_reason text,
    restored_at timestamptz,
    restored_from timestamptz,
    reconciled_at timestamptz,
    CHECK ((held_since IS NULL) = (held_reason IS NULL))
  )`,
  `INSERT INTO standing (incarnation) VALUES (1)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
