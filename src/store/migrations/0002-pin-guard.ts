import { sql, type Kysely } from 'kysely';

/** Failed logins in a row of each key device; no row means none. */
export const number = 2;
export const name = 'pin-guard';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `CREATE TABLE pin_guard (
        token text PRIMARY KEY,
        failures integer NOT NULL CHECK (failures >= 0),
        last_attempt_at timestamptz NOT NULL
      )`,
    )
    .execute(db);
}
