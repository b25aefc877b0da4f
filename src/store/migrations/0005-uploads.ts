import { sql, type Kysely } from 'kysely';

/** Uploads that may be taken up again: how much of each is on the disk, request by request. */
export const number = 5;
export const name = 'uploads';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE upload (
    id uuid PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    name text NOT NULL,
    media_type text NOT NULL,
    length_bytes bigint NOT NULL CHECK (length_bytes > 0),
    received_bytes bigint NOT NULL DEFAULT 0 CHECK (received_bytes <= length_bytes),
    epoch integer NOT NULL DEFAULT 0,
    expected_sha256 text,
    document_id uuid REFERENCES document,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX upload_partner ON upload (partner_id) WHERE document_id IS NULL`,
  `CREATE INDEX upload_expiry ON upload (expires_at)`,
  `CREATE TABLE upload_piece (
    upload_id uuid NOT NULL REFERENCES upload ON DELETE CASCADE,
    epoch integer NOT NULL,
    start_bytes bigint NOT NULL,
    size_bytes bigint NOT NULL,
    PRIMARY KEY (upload_id, epoch)
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
