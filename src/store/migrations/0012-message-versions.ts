import { sql, type Kysely } from 'kysely';

/** Messages say in which version of the catalogue their body is; those from before it are of the first. */
export const number = 12;
export const name = 'message-versions';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`ALTER TABLE message ADD COLUMN schema_version smallint NOT NULL DEFAULT 1 CHECK (schema_version > 0)`).execute(db);
}
