import { sql, type Kysely } from 'kysely';

/** Numbers of parcels that a carrier gave out beforehand, and what a comparison with a carrier's list left for a person. */
export const number = 6;
export const name = 'post';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE postal_number (
    carrier text NOT NULL,
    number text NOT NULL,
    state text NOT NULL DEFAULT 'free' CHECK (state IN ('free', 'taken', 'withdrawn')),
    postal_order_id uuid REFERENCES postal_order,
    added_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (carrier, number),
    CHECK ((state = 'taken') = (postal_order_id IS NOT NULL))
  )`,
  `CREATE INDEX postal_number_free ON postal_number (carrier, added_at, number) WHERE state = 'free'`,
  `CREATE UNIQUE INDEX postal_number_order ON postal_number (postal_order_id) WHERE postal_order_id IS NOT NULL`,
  `CREATE TABLE postal_task (
    id uuid PRIMARY KEY,
    carrier text NOT NULL,
    kind text NOT NULL,
    order_number text NOT NULL,
    postal_order_id uuid REFERENCES postal_order,
    /** Says what differs, in codes: the same difference is one task, however often it is found. */
    fact text NOT NULL,
    day text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    UNIQUE (carrier, kind, order_number, fact)
  )`,
  `CREATE INDEX postal_order_day ON postal_order (carrier, created_at)`,
  `CREATE INDEX postal_task_open ON postal_task (opened_at, id) WHERE closed_at IS NULL`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
