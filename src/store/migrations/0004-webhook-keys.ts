import { sql, type Kysely } from 'kysely';

/** Keys by which recipients know the gateway's pushes, a webhook secret that ends after its successor began, and addresses that are gone. */
export const number = 4;
export const name = 'webhook-keys';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE webhook_key (
    id text PRIMARY KEY,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    private_key_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL,
    signs_until timestamptz
  )`,
  `ALTER TABLE partner ADD COLUMN previous_secret_sealed bytea, ADD COLUMN previous_secret_until timestamptz`,
  `ALTER TABLE partner_state ADD COLUMN disabled_at timestamptz`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
