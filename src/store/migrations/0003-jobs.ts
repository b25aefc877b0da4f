import { sql, type Kysely } from 'kysely';

/** Work on many documents that goes on after its request was answered. `epoch` fences off a process that was taken for dead. */
export const number = 3;
export const name = 'jobs';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE job (
    id uuid PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    options_sealed bytea NOT NULL,
    total integer NOT NULL CHECK (total > 0),
    ended integer NOT NULL DEFAULT 0,
    event_seq bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'cancelled')),
    created_at timestamptz NOT NULL,
    finished_at timestamptz
  )`,
  `CREATE TABLE job_item (
    job_id uuid NOT NULL REFERENCES job,
    position integer NOT NULL,
    document_id uuid NOT NULL REFERENCES document,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'signing', 'signed', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    schedule_from integer NOT NULL DEFAULT 0,
    unknown_outcomes integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    lease_owner text,
    lease_until timestamptz,
    epoch bigint NOT NULL DEFAULT 0,
    signature_id uuid,
    signed_document_id uuid REFERENCES document,
    problem jsonb,
    event_seq bigint,
    PRIMARY KEY (job_id, position)
  )`,
  `CREATE INDEX job_item_open ON job_item (position, next_at) WHERE state IN ('waiting', 'signing')`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
