import { sql, type Selectable } from 'kysely';
import type { DocumentId, PartnerId, Sha256Hex } from '../../domain/ids.ts';
import type { UploadRecord, UploadRecords } from '../../ports/upload-records.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';

export function uploadRecords(db: Executor): UploadRecords {
  return { ...wholes(db), ...pieces(db) };
}

function wholes(db: Executor): Pick<UploadRecords, 'usage' | 'add' | 'find' | 'lock' | 'known' | 'finish' | 'remove' | 'expired'> {
  return {
    async usage(partnerId, now) {
      await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`uploads:${partnerId}`}, 0))`.execute(db);
      const { rows } = await sql<{ open: string; bytes: string }>`
        SELECT count(*) AS open, coalesce(sum(length_bytes), 0) AS bytes FROM upload WHERE partner_id = ${partnerId} AND document_id IS NULL AND expires_at > ${now}
      `.execute(db);
      return { open: Number(rows[0]?.open ?? 0), openBytes: Number(rows[0]?.bytes ?? 0) };
    },
    async add(upload) {
      await db
        .insertInto('upload')
        .values({
          id: upload.id,
          partner_id: upload.partnerId,
          name: upload.name,
          media_type: upload.mediaType,
          length_bytes: String(upload.lengthBytes),
          expected_sha256: upload.expectedSha256,
          document_id: upload.documentId,
          created_at: upload.createdAt,
          expires_at: upload.expiresAt,
        })
        .execute();
    },
    async find(id) {
      const row = await db.selectFrom('upload').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : uploadOf(row);
    },
    async lock(id) {
      const row = await db.selectFrom('upload').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
      return row === undefined ? null : uploadOf(row);
    },
    async known(ids) {
      if (ids.length === 0) return [];
      return (await db.selectFrom('upload').select('id').where('id', 'in', ids).execute()).map(({ id }) => id);
    },
    async finish(id, documentId) {
      await db.updateTable('upload').set({ document_id: documentId }).where('id', '=', id).execute();
    },
    async remove(id) {
      await db.deleteFrom('upload').where('id', '=', id).execute();
    },
    async expired(now, limit) {
      return (await db.selectFrom('upload').select('id').where('expires_at', '<=', now).orderBy('expires_at').limit(limit).execute()).map(({ id }) => id);
    },
  };
}

function pieces(db: Executor): Pick<UploadRecords, 'beginPiece' | 'checkpoint' | 'pieces'> {
  return {
    async beginPiece(id, offset) {
      const { rows } = await sql<{ epoch: number }>`
        WITH begun AS (
          UPDATE upload SET epoch = epoch + 1 WHERE id = ${id} AND received_bytes = ${offset} AND received_bytes < length_bytes AND document_id IS NULL
          RETURNING id, epoch, received_bytes
        )
        INSERT INTO upload_piece (upload_id, epoch, start_bytes, size_bytes) SELECT id, epoch, received_bytes, 0 FROM begun RETURNING epoch
      `.execute(db);
      return rows[0]?.epoch ?? null;
    },
    async checkpoint(id, epoch, sizeBytes) {
      const { rows } = await sql`
        WITH moved AS (
          UPDATE upload AS u SET received_bytes = p.start_bytes + ${sizeBytes}::bigint FROM upload_piece AS p
          WHERE u.id = ${id} AND u.epoch = ${epoch} AND p.upload_id = u.id AND p.epoch = u.epoch
          RETURNING u.id, u.epoch
        )
        UPDATE upload_piece AS p SET size_bytes = ${sizeBytes} FROM moved WHERE p.upload_id = moved.id AND p.epoch = moved.epoch RETURNING p.epoch
      `.execute(db);
      return rows.length === 1;
    },
    async pieces(id) {
      const rows = await db.selectFrom('upload_piece').select(['epoch', 'size_bytes']).where('upload_id', '=', id).where('size_bytes', '>', '0').orderBy('start_bytes').execute();
      return rows.map(({ epoch, size_bytes }) => ({ epoch, sizeBytes: Number(size_bytes) }));
    },
  };
}

function uploadOf(row: Selectable<Database['upload']>): UploadRecord {
  return {
    id: row.id,
    partnerId: row.partner_id as PartnerId,
    name: row.name,
    mediaType: row.media_type,
    lengthBytes: Number(row.length_bytes),
    receivedBytes: Number(row.received_bytes),
    expectedSha256: row.expected_sha256 as Sha256Hex | null,
    documentId: row.document_id as DocumentId | null,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
