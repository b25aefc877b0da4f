import { sql, type Kysely } from 'kysely';

/** Signatures that wait for the value of a key out of our reach. */
export const number = 10;
export const name = 'prepared-signatures';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE prepared_signature (
    id uuid PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    state_sealed bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    value_sha256 text,
    answer_sealed bytea,
    CHECK ((used_at IS NULL) = (value_sha256 IS NULL))
  )`,
  `CREATE INDEX prepared_signature_expiry ON prepared_signature (expires_at)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
