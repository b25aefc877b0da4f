import { sql, type Kysely } from 'kysely';

/** Who holds a claim on an idempotency key: whoever lost it can neither renew nor complete it. */
export const number = 16;
export const name = 'idempotency-holder';

const STATEMENTS: readonly string[] = [
  `ALTER TABLE idempotency ADD COLUMN holder uuid`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
