import { sql, type Kysely } from 'kysely';

/** Dossiers and documents whose personal data was erased, and how long those of each procedure are kept. */
export const number = 11;
export const name = 'erasure';

const STATEMENTS: readonly string[] = [
  `ALTER TABLE dossier ADD COLUMN erased_at timestamptz`,
  `ALTER TABLE document ADD COLUMN erased_at timestamptz`,
  `CREATE INDEX document_erased ON document (erased_at) WHERE erased_at IS NOT NULL`,
  `CREATE TABLE retention (
    procedure_code text PRIMARY KEY,
    keep_days integer NOT NULL CHECK (keep_days > 0),
    basis text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
