import { sql, type Kysely } from 'kysely';

/**
 * The ledger. Append-only where history matters: dossier_event, message, receipt, postal_event, delivery_attempt and audit
 * refuse UPDATE and DELETE by trigger. Columns named `*_sealed` hold AES-GCM boxes (`store/sealing.ts`).
 */
export const number = 1;
export const name = 'ledger';

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `CREATE TABLE partner (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    name text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('push', 'pull')),
    url text,
    repeat_rule text NOT NULL CHECK (repeat_rule IN ('key', 'lookup', 'upsert', 'unsafe')),
    webhook_secret_sealed bytea,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    CHECK ((mode = 'push') = (url IS NOT NULL))
  )`,
  `CREATE TABLE route (
    agency_code text PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    created_at timestamptz NOT NULL
  )`,
  `CREATE TABLE api_key (
    id uuid PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    secret_sha256 bytea NOT NULL UNIQUE,
    label text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
  )`,
  `CREATE INDEX api_key_partner ON api_key (partner_id)`,

  `CREATE TABLE signing_key (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    purpose text NOT NULL CHECK (purpose IN ('document', 'seal', 'exchange', 'log', 'tsa')),
    kind text NOT NULL CHECK (kind IN ('file', 'pkcs11', 'csc')),
    scheme text NOT NULL CHECK (scheme IN ('pkcs1', 'pss', 'ecdsa')),
    chain_der bytea[] NOT NULL,
    certificate_sha256 text NOT NULL,
    not_after timestamptz NOT NULL,
    private_key_sealed bytea,
    picture_png bytea,
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
  )`,
  `CREATE TABLE key_grant (
    partner_id text NOT NULL REFERENCES partner,
    key_id text NOT NULL REFERENCES signing_key,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, key_id)
  )`,
  `CREATE TABLE signature_evidence (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    partner_id text,
    key_id text NOT NULL,
    input_sha256 text NOT NULL,
    output_sha256 text,
    level text NOT NULL,
    policy text NOT NULL,
    result text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
  )`,

  `CREATE TABLE document (
    id uuid PRIMARY KEY,
    partner_id text NOT NULL REFERENCES partner,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    media_type text NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  `CREATE INDEX document_sha256 ON document (sha256)`,

  `CREATE TABLE dossier (
    code text PRIMARY KEY,
    owner_partner_id text NOT NULL REFERENCES partner,
    agency_code text NOT NULL,
    procedure_code text NOT NULL,
    procedure_name text NOT NULL,
    title text NOT NULL,
    applicant_sealed bytea,
    state text NOT NULL,
    event_seq bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
  )`,
  `CREATE TABLE dossier_serial (
    agency_code text NOT NULL,
    day text NOT NULL,
    last_serial integer NOT NULL,
    PRIMARY KEY (agency_code, day)
  )`,
  `CREATE TABLE dossier_party (
    dossier_code text NOT NULL REFERENCES dossier,
    partner_id text NOT NULL REFERENCES partner,
    since timestamptz NOT NULL,
    PRIMARY KEY (dossier_code, partner_id)
  )`,
  `CREATE INDEX dossier_party_partner ON dossier_party (partner_id, since DESC)`,
  `CREATE TABLE dossier_event (
    dossier_code text NOT NULL REFERENCES dossier,
    seq bigint NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    actor text,
    message_id uuid,
    delivery_id uuid,
    postal_order_id uuid,
    data jsonb NOT NULL,
    PRIMARY KEY (dossier_code, seq)
  )`,

  `CREATE TABLE message (
    id uuid PRIMARY KEY,
    dossier_code text NOT NULL REFERENCES dossier,
    type text NOT NULL,
    from_partner_id text REFERENCES partner,
    from_agency_code text,
    to_agency_codes text[] NOT NULL,
    body_sealed bytea NOT NULL,
    manifest text NOT NULL,
    manifest_sha256 text NOT NULL,
    traceparent text,
    created_at timestamptz NOT NULL
  )`,
  `CREATE INDEX message_dossier ON message (dossier_code, created_at)`,
  `CREATE TABLE message_part (
    message_id uuid NOT NULL REFERENCES message,
    position integer NOT NULL,
    document_id uuid NOT NULL REFERENCES document,
    name text NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (message_id, position)
  )`,
  `CREATE INDEX message_part_document ON message_part (document_id)`,

  `CREATE TABLE lane (
    id text PRIMARY KEY,
    last_seq bigint NOT NULL DEFAULT 0
  )`,
  `CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('message', 'postal')),
    lane_id text NOT NULL REFERENCES lane,
    seq bigint NOT NULL,
    target text NOT NULL,
    message_id uuid REFERENCES message,
    postal_order_id uuid,
    state text NOT NULL CHECK (state IN ('pending', 'leased', 'offered', 'delivered', 'parked', 'cancelled', 'skipped')),
    attempts integer NOT NULL DEFAULT 0,
    schedule_from integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    wake integer NOT NULL DEFAULT 0,
    woken_at timestamptz,
    lease_owner text,
    leased_at timestamptz,
    lease_until timestamptz,
    lease_epoch bigint NOT NULL DEFAULT 0,
    unknown_since timestamptz,
    parked_reason text,
    last_error jsonb,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    inbox_position bigint,
    UNIQUE (lane_id, seq)
  )`,
  `CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('pending', 'leased')`,
  `CREATE INDEX outbox_lane_open ON outbox (lane_id, seq) WHERE state NOT IN ('delivered', 'cancelled', 'skipped')`,
  `CREATE INDEX outbox_message ON outbox (message_id)`,
  `CREATE INDEX outbox_parked ON outbox (target, next_at) WHERE state = 'parked'`,
  `CREATE UNIQUE INDEX outbox_inbox ON outbox (target, inbox_position) WHERE inbox_position IS NOT NULL`,
  `CREATE INDEX outbox_offered ON outbox (target, inbox_position) WHERE state = 'offered'`,
  `CREATE TABLE delivery_attempt (
    outbox_id uuid NOT NULL REFERENCES outbox,
    number integer NOT NULL,
    epoch bigint NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    outcome text NOT NULL,
    code text,
    detail text,
    PRIMARY KEY (outbox_id, number)
  )`,
  `CREATE TABLE receipt (
    outbox_id uuid PRIMARY KEY REFERENCES outbox,
    message_id uuid NOT NULL REFERENCES message,
    partner_id text NOT NULL REFERENCES partner,
    manifest_sha256 text NOT NULL,
    received_at timestamptz NOT NULL,
    reference text,
    recorded_at timestamptz NOT NULL
  )`,
  `CREATE TABLE partner_state (
    partner_id text PRIMARY KEY REFERENCES partner,
    failures integer NOT NULL DEFAULT 0,
    open_until timestamptz,
    probe_until timestamptz,
    tokens double precision,
    tokens_at timestamptz,
    updated_at timestamptz NOT NULL
  )`,

  `CREATE TABLE postal_order (
    id uuid PRIMARY KEY,
    dossier_code text NOT NULL REFERENCES dossier,
    leg text NOT NULL,
    revision integer NOT NULL,
    carrier text NOT NULL,
    order_number text NOT NULL,
    requested_by text NOT NULL REFERENCES partner,
    detail_sealed bytea NOT NULL,
    state text NOT NULL,
    state_reason text,
    state_at timestamptz NOT NULL,
    tracking_number text,
    carrier_text text,
    created_at timestamptz NOT NULL,
    UNIQUE (dossier_code, leg, revision),
    UNIQUE (carrier, order_number)
  )`,
  `CREATE INDEX postal_order_tracking ON postal_order (tracking_number) WHERE tracking_number IS NOT NULL`,
  `ALTER TABLE outbox ADD FOREIGN KEY (postal_order_id) REFERENCES postal_order`,
  `CREATE TABLE postal_event (
    id uuid PRIMARY KEY,
    carrier text NOT NULL,
    order_number text NOT NULL,
    postal_order_id uuid REFERENCES postal_order,
    source text NOT NULL CHECK (source IN ('webhook', 'poll', 'manual')),
    carrier_event_id text NOT NULL,
    carrier_code text NOT NULL,
    carrier_text text NOT NULL,
    status text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    raw_sealed bytea NOT NULL,
    UNIQUE (carrier, carrier_event_id)
  )`,
  `CREATE INDEX postal_event_order ON postal_event (postal_order_id, occurred_at)`,
  `CREATE TABLE postal_cursor (
    account text PRIMARY KEY,
    cursor text NOT NULL,
    updated_at timestamptz NOT NULL
  )`,

  `CREATE TABLE idempotency (
    partner_id text NOT NULL,
    key text NOT NULL,
    operation text NOT NULL,
    request_sha256 text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done')),
    response_status integer,
    response_sealed bytea,
    lease_until timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, key)
  )`,
  `CREATE INDEX idempotency_expiry ON idempotency (expires_at)`,
  `CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
  )`,
  `CREATE INDEX audit_subject ON audit (subject, at)`,

  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$`,
  ...['dossier_event', 'message', 'message_part', 'receipt', 'postal_event', 'delivery_attempt', 'audit', 'signature_evidence'].map(
    (table) => `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  ),
];
