import { sql, type Kysely } from 'kysely';

/** Changes of an address on an order: on record before the carrier is asked, one at a time for each order. */
export const number = 13;
export const name = 'address-change';

const STATEMENTS: readonly string[] = [
  `CREATE TABLE postal_address_change (
    id uuid PRIMARY KEY,
    postal_order_id uuid NOT NULL REFERENCES postal_order,
    party text NOT NULL CHECK (party IN ('sender', 'recipient')),
    change_sealed bytea NOT NULL,
    verified_by text NOT NULL CHECK (verified_by IN ('otp', 'officer')),
    requested_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('accepted', 'rejected', 'unknown')),
    carrier_text text,
    settled_at timestamptz,
    CHECK ((outcome IS NULL) = (settled_at IS NULL))
  )`,
  `CREATE INDEX postal_address_change_order ON postal_address_change (postal_order_id, asked_at)`,
  `CREATE UNIQUE INDEX postal_address_change_open ON postal_address_change (postal_order_id) WHERE outcome IS NULL`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
