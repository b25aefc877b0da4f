import { sql, type Kysely } from 'kysely';

/**
 * The evidence log: a Merkle tree (RFC 9162) over salted digests of what is recorded. Entries are written with what they are about, in its
 * transaction; their places are given afterwards, many at once, by whoever holds the sequencer's lock.
 */
export const number = 17;
export const name = 'evidence-log';

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `CREATE TABLE log_key (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    /** A restored store goes on under another name: no name ever signs two trees. */
    incarnation bigint NOT NULL UNIQUE,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    private_key_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  /** leaf_data = SHA-256(salt || record_sha256). Salt and digest stay when the content is erased: so does the proof. */
  `CREATE TABLE log_entry (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    subject text NOT NULL,
    record_sha256 bytea NOT NULL CHECK (octet_length(record_sha256) = 32),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    leaf_data bytea NOT NULL CHECK (leaf_data = sha256(salt || record_sha256)),
    partners text[] NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (kind, subject)
  )`,
  `CREATE TABLE log_pending (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id uuid NOT NULL,
    kind text NOT NULL
  )`,
  `CREATE TABLE log_leaf (
    leaf_index bigint PRIMARY KEY CHECK (leaf_index >= 0),
    entry_id uuid NOT NULL UNIQUE REFERENCES log_entry
  )`,
  /** C2SP tlog-tiles: up to 256 hashes of 32 bytes; the last of each level grows. */
  `CREATE TABLE log_tile (
    level smallint NOT NULL,
    tile_index bigint NOT NULL,
    hashes bytea NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
    PRIMARY KEY (level, tile_index)
  )`,
  `CREATE TABLE log_checkpoint (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    key_id uuid NOT NULL REFERENCES log_key,
    note text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  `CREATE TABLE log_timestamp (
    id uuid PRIMARY KEY,
    size bigint NOT NULL REFERENCES log_checkpoint,
    authority text NOT NULL,
    token_der bytea NOT NULL,
    gen_time timestamptz NOT NULL,
    /** Until when the authority's certificate can be judged without more. */
    certificate_not_after timestamptz NOT NULL,
    digest_algorithm text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  `CREATE INDEX log_timestamp_size ON log_timestamp (size, created_at)`,
  `CREATE INDEX log_timestamp_authority ON log_timestamp (authority, created_at)`,
  /** The newest checkpoint that a partner says it has seen. */
  `CREATE TABLE log_witness (
    partner_id text NOT NULL REFERENCES partner,
    log_name text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, log_name)
  )`,
  /** A checkpoint under our key that our log does not lead to: somebody holds another history. */
  `CREATE TABLE log_conflict (
    id uuid PRIMARY KEY,
    reason text NOT NULL CHECK (reason IN ('fork', 'rewind')),
    witness text NOT NULL,
    note text NOT NULL,
    note_sha256 text NOT NULL UNIQUE,
    own_size bigint NOT NULL,
    found_at timestamptz NOT NULL,
    settled_at timestamptz,
    settled_by text
  )`,
  `CREATE INDEX log_conflict_open ON log_conflict (found_at) WHERE settled_at IS NULL`,
  ...['log_entry', 'log_leaf', 'log_checkpoint', 'log_timestamp'].map(
    (table) => `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  ),
];
