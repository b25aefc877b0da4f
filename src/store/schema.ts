import type { Generated } from 'kysely';

/** Rows as PostgreSQL holds them (migration 0001 onwards). Types only; meaning and rules stand in `domain` and in the migrations. */

type Json = Readonly<Record<string, unknown>>;

export interface Database {
  partner: {
    id: string;
    name: string;
    mode: string;
    url: string | null;
    repeat_rule: string;
    webhook_secret_sealed: Uint8Array | null;
    /** Signs beside its successor until then. */
    previous_secret_sealed: Uint8Array | null;
    previous_secret_until: Date | null;
    status: Generated<string>;
    settings: Generated<Json>;
    created_at: Date;
  };
  route: { agency_code: string; partner_id: string; created_at: Date };
  api_key: {
    id: string;
    partner_id: string;
    secret_sha256: Uint8Array;
    label: string;
    scopes: string[];
    created_at: Date;
    expires_at: Date | null;
    revoked_at: Date | null;
    last_used_at: Date | null;
  };
  signing_key: {
    id: string;
    purpose: string;
    kind: string;
    scheme: string;
    chain_der: Uint8Array[];
    certificate_sha256: string;
    not_after: Date;
    private_key_sealed: Uint8Array | null;
    picture_png: Uint8Array | null;
    settings: Generated<Json>;
    created_at: Date;
    disabled_at: Date | null;
  };
  prepared_signature: {
    id: string;
    partner_id: string;
    state_sealed: Uint8Array | null;
    created_at: Date;
    expires_at: Date;
    used_at: Date | null;
    value_sha256: string | null;
    answer_sealed: Uint8Array | null;
  };
  key_use: { id: string; key_id: string; partner_id: string | null; at: Date };
  key_grant: { partner_id: string; key_id: string; created_at: Date };
  signature_evidence: {
    id: string;
    at: Date;
    partner_id: string | null;
    key_id: string;
    use_id: string | null;
    input_sha256: string;
    output_sha256: string | null;
    level: string;
    policy: string;
    result: string;
    detail: Generated<Json>;
  };
  document: { id: string; partner_id: string; sha256: string; size_bytes: string; media_type: string; name: string; created_at: Date; erased_at: Date | null };
  dossier: {
    code: string;
    owner_partner_id: string;
    agency_code: string;
    procedure_code: string;
    procedure_name: string;
    title: string;
    applicant_sealed: Uint8Array | null;
    state: string;
    event_seq: Generated<string>;
    created_at: Date;
    erased_at: Date | null;
  };
  dossier_serial: { agency_code: string; day: string; last_serial: number };
  dossier_party: { dossier_code: string; partner_id: string; since: Date };
  dossier_event: {
    dossier_code: string;
    seq: string;
    kind: string;
    at: Date;
    actor: string | null;
    message_id: string | null;
    delivery_id: string | null;
    postal_order_id: string | null;
    data: Json;
  };
  message: {
    id: string;
    dossier_code: string;
    type: string;
    from_partner_id: string | null;
    from_agency_code: string | null;
    to_agency_codes: string[];
    body_sealed: Uint8Array;
    manifest: string;
    manifest_sha256: string;
    traceparent: string | null;
    created_at: Date;
    schema_version: Generated<number>;
  };
  message_part: { message_id: string; position: number; document_id: string; name: string; role: string };
  lane: { id: string; last_seq: Generated<string> };
  outbox: {
    id: string;
    kind: 'message' | 'postal';
    lane_id: string;
    seq: string;
    /** Partner id, or carrier for postal orders. */
    target: string;
    message_id: string | null;
    postal_order_id: string | null;
    state: string;
    /** Begun so far; what never got as far as sending is taken off again. */
    attempts: Generated<number>;
    /** Attempts before the last replay: the running retry schedule counts from here. */
    schedule_from: Generated<number>;
    next_at: Date;
    wake: Generated<number>;
    woken_at: Date | null;
    lease_owner: string | null;
    leased_at: Date | null;
    lease_until: Date | null;
    lease_epoch: Generated<string>;
    /** End of the last attempt that may have taken effect unseen. */
    unknown_since: Date | null;
    parked_reason: string | null;
    last_error: Json | null;
    expires_at: Date | null;
    created_at: Date;
    finished_at: Date | null;
    /** Place in a pulling partner's inbox, given after commit. */
    inbox_position: string | null;
  };
  delivery_attempt: {
    outbox_id: string;
    number: number;
    epoch: string;
    started_at: Date;
    finished_at: Date;
    outcome: string;
    code: string | null;
    detail: string | null;
  };
  receipt: {
    outbox_id: string;
    message_id: string;
    partner_id: string;
    manifest_sha256: string;
    received_at: Date;
    reference: string | null;
    recorded_at: Date;
  };
  evidence: {
    message_id: string;
    name: string;
    kind: string;
    partner_id: string | null;
    /** RFC 8785, as signed. */
    statement: string | null;
    own_signature: string | null;
    manifest_xml: Uint8Array;
    cms_der: Uint8Array;
    at: Date;
  };
  partner_state: {
    partner_id: string;
    /** Attempts in a row that found the partner not working. */
    failures: Generated<number>;
    /** The circuit is open: nothing is sent before. */
    open_until: Date | null;
    /** The circuit is half open, and one attempt is finding out. */
    probe_until: Date | null;
    /** Its address answered that it is gone: nothing is sent before an operator says so. */
    disabled_at: Date | null;
    /** Token bucket of the partner's rate. */
    tokens: number | null;
    tokens_at: Date | null;
    updated_at: Date;
  };
  postal_order: {
    id: string;
    dossier_code: string;
    leg: string;
    revision: number;
    carrier: string;
    order_number: string;
    requested_by: string;
    detail_sealed: Uint8Array;
    state: string;
    state_reason: string | null;
    state_at: Date;
    tracking_number: string | null;
    carrier_text: string | null;
    created_at: Date;
  };
  postal_event: {
    id: string;
    carrier: string;
    order_number: string;
    postal_order_id: string | null;
    source: string;
    carrier_event_id: string;
    carrier_code: string;
    carrier_text: string;
    status: string;
    occurred_at: Date;
    received_at: Date;
    raw_sealed: Uint8Array;
  };
  postal_number: { carrier: string; number: string; state: Generated<'free' | 'taken' | 'withdrawn'>; postal_order_id: string | null; added_at: Date; changed_at: Date };
  postal_task: { id: string; carrier: string; kind: string; order_number: string; postal_order_id: string | null; fact: string; day: string; opened_at: Date; closed_at: Date | null };
  postal_address_change: {
    id: string;
    postal_order_id: string;
    party: 'sender' | 'recipient';
    change_sealed: Uint8Array;
    verified_by: 'otp' | 'officer';
    requested_by: string;
    asked_at: Date;
    outcome: 'accepted' | 'rejected' | 'unknown' | null;
    carrier_text: string | null;
    settled_at: Date | null;
  };
  postal_cursor: { account: string; cursor: string; updated_at: Date };
  idempotency: {
    partner_id: string;
    key: string;
    operation: string;
    request_sha256: string;
    state: 'running' | 'done';
    response_status: number | null;
    response_sealed: Uint8Array | null;
    lease_until: Date | null;
    holder: string | null;
    created_at: Date;
    expires_at: Date;
  };
  audit: { id: Generated<string>; at: Date; actor: string; action: string; subject: string; detail: Generated<Json> };
  webhook_key: { id: string; public_key: Uint8Array; private_key_sealed: Uint8Array; created_at: Date; signs_from: Date; signs_until: Date | null };
  upload: {
    id: string;
    partner_id: string;
    name: string;
    media_type: string;
    length_bytes: string;
    received_bytes: Generated<string>;
    /** Requests that brought pieces, so far: the last one counts. */
    epoch: Generated<number>;
    expected_sha256: string | null;
    document_id: string | null;
    created_at: Date;
    expires_at: Date;
  };
  upload_piece: { upload_id: string; epoch: number; start_bytes: string; size_bytes: string };
  partner_key: { partner_id: string; key_id: string; algorithm: string; spki_der: Uint8Array; created_at: Date; revoked_at: Date | null };
  request_nonce: { partner_id: string; nonce: string; kept_until: Date };
  standing: {
    single: Generated<boolean>;
    incarnation: string;
    held_since: Date | null;
    held_reason: string | null;
    restored_at: Date | null;
    restored_from: Date | null;
    reconciled_at: Date | null;
  };
  retention: { procedure_code: string; keep_days: number; basis: string; created_at: Date };
  pin_guard: { token: string; failures: number; last_attempt_at: Date };
  job: {
    id: string;
    partner_id: string;
    options_sealed: Uint8Array;
    total: number;
    /** Documents that came to an end. */
    ended: Generated<number>;
    event_seq: Generated<string>;
    state: Generated<string>;
    created_at: Date;
    finished_at: Date | null;
  };
  job_item: {
    job_id: string;
    position: number;
    document_id: string;
    state: Generated<string>;
    attempts: Generated<number>;
    /** Attempts before it was last asked to be tried again. */
    schedule_from: Generated<number>;
    unknown_outcomes: Generated<number>;
    next_at: Date;
    lease_owner: string | null;
    lease_until: Date | null;
    epoch: Generated<string>;
    signature_id: string | null;
    signed_document_id: string | null;
    problem: Json | null;
    event_seq: string | null;
  };
  alarm: {
    id: string;
    kind: string;
    severity: string;
    subject: string;
    figures: Json;
    since: Date;
    raised_at: Date | null;
    told_at: Date | null;
    resolved_at: Date | null;
    acknowledged_at: Date | null;
    acknowledged_by: string | null;
  };
  alarm_notice: {
    id: string;
    position: Generated<string>;
    alarm_id: string;
    channel: string;
    payload: Json;
    created_at: Date;
    next_at: Date;
    tries: Generated<number>;
    last_failure: string | null;
    sent_at: Date | null;
  };
  log_key: { id: string; name: string; incarnation: string; public_key: Uint8Array; private_key_sealed: Uint8Array; created_at: Date };
  log_entry: {
    id: Generated<string>;
    kind: string;
    subject: string;
    record_sha256: Uint8Array;
    salt: Uint8Array;
    leaf_data: Uint8Array;
    /** Who may see its proof. */
    partners: string[];
    created_at: Date;
  };
  log_pending: { position: Generated<string>; entry_id: string; kind: string };
  log_leaf: { leaf_index: string; entry_id: string };
  log_tile: { level: number; tile_index: string; hashes: Uint8Array };
  log_checkpoint: { size: string; root: Uint8Array; key_id: string; note: string; created_at: Date };
  log_timestamp: { id: string; size: string; authority: string; token_der: Uint8Array; gen_time: Date; certificate_not_after: Date; digest_algorithm: string; created_at: Date };
  log_witness: { partner_id: string; log_name: string; size: string; root: Uint8Array; note: string; seen_at: Date };
  log_conflict: { id: string; reason: 'fork' | 'rewind'; witness: string; note: string; note_sha256: string; own_size: string; found_at: Date; settled_at: Date | null; settled_by: string | null };
}
