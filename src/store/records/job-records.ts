import { sql, type Selectable } from 'kysely';
import type { DocumentId, JobId, PartnerId } from '../../domain/ids.ts';
import type { JobItemState, JobProblem, JobState } from '../../domain/job.ts';
import type { ClaimedItem, ItemEnd, JobItem, JobRecord, JobRecords } from '../../ports/job-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Database } from '../schema.ts';
import { isReleased } from './standing-records.ts';
import type { Executor } from './executor.ts';
import { openJson, sealJson } from './sealed-json.ts';

export function jobRecords(db: Executor, sealing: Sealing): JobRecords {
  return { ...reading(db, sealing), ...asking(db, sealing), ...working(db, sealing) };
}

function reading(db: Executor, sealing: Sealing): Pick<JobRecords, 'find' | 'items'> {
  return {
    async find(id, partnerId) {
      const row = await db.selectFrom('job').selectAll().where('id', '=', id).where('partner_id', '=', partnerId).executeTakeFirst();
      return row === undefined ? null : jobOf(row, sealing);
    },
    async items(id, after) {
      let query = db.selectFrom('job_item as i').innerJoin('document as d', 'd.id', 'i.document_id').selectAll('i').select('d.name').where('i.job_id', '=', id);
      query = after === undefined ? query.orderBy('i.position') : query.where('i.event_seq', '>', String(after)).orderBy('i.event_seq');
      return (await query.execute()).map(itemOf);
    },
  };
}

function asking(db: Executor, sealing: Sealing): Pick<JobRecords, 'add' | 'cancel' | 'retry'> {
  return {
    async add({ id, partnerId, options, documentIds, createdAt }) {
      await db
        .insertInto('job')
        .values({ id, partner_id: partnerId, options_sealed: sealJson(sealing, options, contextOf(id)), total: documentIds.length, created_at: createdAt })
        .execute();
      await db
        .insertInto('job_item')
        .values(documentIds.map((documentId, position) => ({ job_id: id, position, document_id: documentId, next_at: createdAt })))
        .execute();
    },
    async cancel(id, at) {
      const { numUpdatedRows } = await db.updateTable('job_item').set({ state: 'cancelled' }).where('job_id', '=', id).where('state', '=', 'waiting').executeTakeFirst();
      if (numUpdatedRows > 0n) await countEnded(db, id, Number(numUpdatedRows), at);
      return Number(numUpdatedRows);
    },
    async retry(id, at) {
      const { numUpdatedRows } = await db
        .updateTable('job_item')
        .set((is) => ({ state: 'waiting', next_at: at, problem: null, event_seq: null, schedule_from: is.ref('attempts') }))
        .where('job_id', '=', id)
        .where('state', 'in', ['failed', 'cancelled'])
        .executeTakeFirst();
      const count = Number(numUpdatedRows);
      if (count > 0) await db.updateTable('job').set((is) => ({ ended: is('ended', '-', count), state: 'running', finished_at: null })).where('id', '=', id).execute();
      return count;
    },
  };
}

function working(db: Executor, sealing: Sealing): Pick<JobRecords, 'claim' | 'renew' | 'end' | 'postpone'> {
  return {
    async claim(owner, now, leaseUntil) {
      const { rows } = await sql<ClaimedRow>`
        WITH due AS (
          SELECT job_id, position, state FROM job_item
          WHERE ((state = 'waiting' AND next_at <= ${now}) OR (state = 'signing' AND lease_until <= ${now})) AND ${isReleased}
          ORDER BY position, next_at LIMIT 1 FOR UPDATE SKIP LOCKED
        ), taken AS (
          UPDATE job_item AS i SET state = 'signing', attempts = attempts + 1, epoch = epoch + 1, lease_owner = ${owner}, lease_until = ${leaseUntil},
            unknown_outcomes = unknown_outcomes + (due.state = 'signing')::int
          FROM due WHERE i.job_id = due.job_id AND i.position = due.position
          RETURNING i.*, due.state AS state_before
        )
        SELECT taken.*, j.partner_id, j.options_sealed FROM taken JOIN job AS j ON j.id = taken.job_id
      `.execute(db);
      return rows[0] === undefined ? null : claimedOf(rows[0], sealing);
    },
    async renew(owner, leaseUntil) {
      await db.updateTable('job_item').set({ lease_until: leaseUntil }).where('lease_owner', '=', owner).where('state', '=', 'signing').execute();
    },
    async end(item, end, at) {
      if (!(await settle(db, item, rowOfEnd(end)))) return false;
      const eventSeq = await countEnded(db, item.jobId, 1, at);
      await db.updateTable('job_item').set({ event_seq: eventSeq }).where('job_id', '=', item.jobId).where('position', '=', item.position).execute();
      return true;
    },
    postpone: (item, problem, nextAt) => settle(db, item, { state: 'waiting', problem: { ...problem }, next_at: nextAt }),
  };
}

/** Only while the claim is the newest one. */
async function settle(db: Executor, { jobId, position, epoch }: ClaimedItem, change: Partial<Pick<ItemRow, 'state' | 'problem' | 'next_at' | 'signature_id' | 'signed_document_id'>>): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('job_item')
    .set({ ...change, lease_owner: null, lease_until: null })
    .where('job_id', '=', jobId)
    .where('position', '=', position)
    .where('epoch', '=', String(epoch))
    .where('state', '=', 'signing')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

function rowOfEnd(end: ItemEnd) {
  if (end.state === 'failed') return { state: 'failed', problem: { ...end.problem } };
  return { state: 'signed', problem: null, signature_id: end.signatureId, signed_document_id: end.signedDocumentId };
}

/** @returns the number of the event. The job's row orders the events of its documents. */
async function countEnded(db: Executor, id: JobId, count: number, at: Date): Promise<string> {
  const { rows } = await sql<{ event_seq: string }>`
    UPDATE job SET ended = ended + ${count}, event_seq = event_seq + 1,
      state = CASE WHEN ended + ${count} < total THEN state WHEN EXISTS (SELECT FROM job_item WHERE job_id = ${id} AND state = 'cancelled') THEN 'cancelled' ELSE 'done' END,
      finished_at = CASE WHEN ended + ${count} >= total THEN ${at}::timestamptz ELSE finished_at END
    WHERE id = ${id} RETURNING event_seq
  `.execute(db);
  return rows[0]?.event_seq ?? '0';
}

type ItemRow = Selectable<Database['job_item']>;
type ClaimedRow = ItemRow & { readonly state_before: string; readonly partner_id: string; readonly options_sealed: Uint8Array };

function jobOf(row: Selectable<Database['job']>, sealing: Sealing): JobRecord {
  return {
    id: row.id as JobId,
    partnerId: row.partner_id as PartnerId,
    state: row.state as JobState,
    options: openJson(sealing, row.options_sealed, contextOf(row.id)),
    total: row.total,
    eventSeq: Number(row.event_seq),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

function itemOf(row: ItemRow & { readonly name: string }): JobItem {
  return {
    position: row.position,
    documentId: row.document_id as DocumentId,
    name: row.name,
    state: row.state as JobItemState,
    attempts: row.attempts,
    unknownOutcomes: row.unknown_outcomes,
    signatureId: row.signature_id,
    signedDocumentId: row.signed_document_id as DocumentId | null,
    problem: row.problem as JobProblem | null,
    eventSeq: row.event_seq === null ? null : Number(row.event_seq),
  };
}

function claimedOf(row: ClaimedRow, sealing: Sealing): ClaimedItem {
  return {
    jobId: row.job_id as JobId,
    position: row.position,
    documentId: row.document_id as DocumentId,
    partnerId: row.partner_id as PartnerId,
    options: openJson(sealing, row.options_sealed, contextOf(row.job_id)),
    attempts: row.attempts,
    triesSpent: row.attempts - row.schedule_from,
    unknownOutcomes: row.unknown_outcomes,
    afterUnknown: row.state_before === 'signing',
    epoch: Number(row.epoch),
  };
}

function contextOf(id: string): string {
  return `job:${id}`;
}
