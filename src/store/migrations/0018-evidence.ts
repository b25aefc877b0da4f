import { sql, type Kysely } from 'kysely';

/** What the gateway signed about each message when it happened. Nothing of it is ever changed: erasing content adds to it. */
export const number = 18;
export const name = 'evidence';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE evidence (
    message_id uuid NOT NULL REFERENCES message,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('message', 'delivered', 'taken-in', 'refused', 'erased')),
    partner_id text REFERENCES partner,
    statement text,
    own_signature text,
    manifest_xml bytea NOT NULL,
    cms_der bytea NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (message_id, name)
  )`,
  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
