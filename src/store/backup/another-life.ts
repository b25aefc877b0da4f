import type pg from 'pg';
import { auditText } from '../../domain/audit.ts';

export interface Beginning {
  readonly manifest: { readonly about: { readonly createdAt: string } };
  readonly at: Date;
  readonly actor: string;
}

/** Codes given out after the backup are forgotten: the day's counters go on well behind them. */
const SERIALS_SKIPPED = 5_000;

/**
 * What a restored store must know of itself: between the backup and its loss things were sent that it does not remember. So it is held, in an
 * incarnation of its own; whatever was unfinished counts as perhaps done; no number that may have been given out is given out again.
 * @returns the incarnation
 */
export async function beginAnotherLife(client: pg.Client, { manifest, at, actor }: Beginning): Promise<number> {
  const { createdAt } = manifest.about;
  const { rows } = await client.query<{ incarnation: string }>(
    `UPDATE standing SET incarnation = greatest(incarnation + 1, $1::bigint), held_since = $2, held_reason = 'restored', restored_at = $2, restored_from = $3, reconciled_at = NULL RETURNING incarnation`,
    [Math.floor(at.getTime() / 1_000), at, createdAt],
  );
  const incarnation = Number(rows[0]?.incarnation);
  await client.query(
    `UPDATE outbox SET state = CASE state WHEN 'leased' THEN 'pending' ELSE state END, lease_owner = NULL, lease_until = NULL, woken_at = NULL,
       lease_epoch = lease_epoch + 1, unknown_since = $1 WHERE state IN ('pending', 'leased', 'parked')`,
    [at],
  );
  // Offered again, at places of this life: whoever read on meanwhile sees them, knows them by their ids, and says so.
  await client.query(`UPDATE outbox SET inbox_position = NULL WHERE state = 'offered'`);
  // An order that stood unsent may have been placed since: it is asked for before anything is placed, or waits for a person.
  await client.query(`UPDATE postal_order SET state = 'UNKNOWN', state_reason = 'restored from a backup: it may have been placed since', state_at = $1 WHERE state IN ('QUEUED', 'SUBMITTED')`, [at]);
  await client.query(`UPDATE postal_number SET state = 'withdrawn', changed_at = $1 WHERE state = 'free'`, [at]);
  await client.query(
    `INSERT INTO dossier_serial (agency_code, day, last_serial)
     SELECT agency_code, to_char($1::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYMMDD'), ${SERIALS_SKIPPED} FROM (SELECT agency_code FROM route UNION SELECT agency_code FROM dossier UNION SELECT agency_code FROM dossier_serial) AS known
     ON CONFLICT (agency_code, day) DO UPDATE SET last_serial = dossier_serial.last_serial + ${SERIALS_SKIPPED}`,
    [at],
  );
  await client.query(`SELECT setval(pg_get_serial_sequence('audit', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM audit), false)`);
  await client.query(`SELECT setval(pg_get_serial_sequence('log_pending', 'position'), (SELECT coalesce(max(position), 0) + 1 FROM log_pending), false)`);
  const restored = { at, actor, action: 'restore', subject: 'store', detail: { incarnation, backupOf: createdAt } };
  await client.query(
    `WITH recorded AS (INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5) RETURNING id),
       entered AS (
         INSERT INTO log_entry (kind, subject, record_sha256, salt, leaf_data, partners, created_at)
         SELECT 'audit', recorded.id::text, digest, salt, sha256(salt || digest), '{}', $1 FROM recorded, (SELECT uuid_send(gen_random_uuid()) AS salt, sha256(convert_to($6, 'UTF8')) AS digest) AS made
         RETURNING id
       )
     INSERT INTO log_pending (entry_id, kind) SELECT id, 'audit' FROM entered`,
    [at, restored.actor, restored.action, restored.subject, restored.detail, auditText(restored)],
  );
  return incarnation;
}
