import { sql, type Kysely } from 'kysely';

/** What operators are told of, and what has been told. */
export const number = 14;
export const name = 'alarms';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE alarm (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('warning', 'critical')),
    subject text NOT NULL,
    figures jsonb NOT NULL,
    since timestamptz NOT NULL,
    raised_at timestamptz,
    told_at timestamptz,
    resolved_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text
  )`,
  `CREATE UNIQUE INDEX alarm_open ON alarm (kind, subject) WHERE resolved_at IS NULL`,
  `CREATE INDEX alarm_raised ON alarm (raised_at)`,
  `CREATE TABLE alarm_notice (
    id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    alarm_id uuid NOT NULL REFERENCES alarm,
    channel text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    /** Not to be tried before: a wait, or another process trying. */
    next_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    last_failure text,
    sent_at timestamptz
  )`,
  `CREATE INDEX alarm_notice_waiting ON alarm_notice (alarm_id, channel, position) WHERE sent_at IS NULL`,
  `CREATE INDEX postal_event_unknown ON postal_event (received_at) WHERE status = 'UNKNOWN'`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
