import { sql, type Kysely } from 'kysely';

/** Public keys by which partners sign their requests, and the nonces they have used. */
export const number = 7;
export const name = 'request-signatures';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE partner_key (
    partner_id text NOT NULL REFERENCES partner,
    key_id text NOT NULL,
    algorithm text NOT NULL,
    spki_der bytea NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (partner_id, key_id)
  )`,
  `CREATE TABLE request_nonce (
    partner_id text NOT NULL,
    nonce text NOT NULL,
    kept_until timestamptz NOT NULL,
    PRIMARY KEY (partner_id, nonce)
  )`,
  `CREATE INDEX request_nonce_expiry ON request_nonce (kept_until)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
