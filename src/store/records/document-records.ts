import type { Selectable } from 'kysely';
import type { DocumentId, PartnerId, Sha256Hex } from '../../domain/ids.ts';
import type { DocumentRecord, DocumentRecords } from '../../ports/document-records.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';

export function documentRecords(db: Executor): DocumentRecords {
  return {
    async add(document) {
      await db
        .insertInto('document')
        .values({
          id: document.id,
          partner_id: document.partnerId,
          sha256: document.sha256,
          size_bytes: String(document.sizeBytes),
          media_type: document.mediaType,
          name: document.name,
          created_at: document.createdAt,
        })
        .execute();
    },
    async find(ids) {
      if (ids.length === 0) return [];
      const rows = await db.selectFrom('document').selectAll().where('id', 'in', ids).execute();
      return rows.map(documentOf);
    },
    async isVisibleTo(id, partnerId) {
      const row = await db
        .selectFrom('document as d')
        .select('d.id')
        .where('d.id', '=', id)
        .where('d.erased_at', 'is', null)
        .where((is) =>
          is.or([
            is('d.partner_id', '=', partnerId),
            is.exists(
              is
                .selectFrom('message_part as p')
                .innerJoin('message as m', 'm.id', 'p.message_id')
                .innerJoin('dossier_party as y', 'y.dossier_code', 'm.dossier_code')
                .select('p.message_id')
                .whereRef('p.document_id', '=', 'd.id')
                .where('y.partner_id', '=', partnerId),
            ),
          ]),
        )
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}

function documentOf(row: Selectable<Database['document']>): DocumentRecord {
  return {
    id: row.id as DocumentId,
    partnerId: row.partner_id as PartnerId,
    sha256: row.sha256 as Sha256Hex,
    sizeBytes: Number(row.size_bytes),
    mediaType: row.media_type,
    name: row.name,
    createdAt: row.created_at,
  };
}
