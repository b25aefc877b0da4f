import type { Database } from '../schema.ts';

/**
 * Every table of ours, so that none is forgotten: a new one does not compile until it is decided here whether backups hold it. Order: what
 * is referred to stands before what refers to it. Alarms are found anew from what they are about. Unfinished uploads are begun anew after a restoration, and say so (UPLOAD_NOT_FOUND).
 */
const IN_BACKUP = {
  partner: true,
  partner_state: true,
  partner_key: true,
  route: true,
  api_key: true,
  signing_key: true,
  key_grant: true,
  key_use: true,
  webhook_key: true,
  pin_guard: true,
  signature_evidence: true,
  prepared_signature: true,
  request_nonce: true,
  idempotency: true,
  retention: true,
  document: true,
  dossier: true,
  dossier_serial: true,
  dossier_party: true,
  dossier_event: true,
  message: true,
  message_part: true,
  postal_order: true,
  postal_address_change: true,
  postal_event: true,
  postal_number: true,
  postal_task: true,
  postal_cursor: true,
  lane: true,
  outbox: true,
  delivery_attempt: true,
  receipt: true,
  job: true,
  job_item: true,
  audit: true,
  standing: true,
  alarm: false,
  alarm_notice: false,
  upload: false,
  upload_piece: false,
} as const satisfies Record<keyof Database, boolean>;

export const TABLES: readonly string[] = Object.entries(IN_BACKUP).flatMap(([table, isKept]) => (isKept ? [table] : []));
