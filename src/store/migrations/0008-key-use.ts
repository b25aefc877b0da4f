import { sql, type Kysely } from 'kysely';

/** Every use of a key is written down before the key is asked; evidence then says what came of it. Rows of uses are never changed. */
export const number = 8;
export const name = 'key-use';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE key_use (
    id uuid PRIMARY KEY,
    key_id text NOT NULL REFERENCES signing_key,
    partner_id text,
    at timestamptz NOT NULL
  )`,
  `CREATE INDEX key_use_key ON key_use (key_id)`,
  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON key_use FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  `ALTER TABLE signature_evidence ADD COLUMN use_id uuid`,
  `CREATE UNIQUE INDEX signature_evidence_use ON signature_evidence (use_id) WHERE use_id IS NOT NULL`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
