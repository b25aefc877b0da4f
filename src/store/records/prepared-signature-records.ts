import type { PartnerId } from '../../domain/ids.ts';
import type { PreparedSignatureRecords } from '../../ports/prepared-signature-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Executor } from './executor.ts';
import { openJson, sealJson } from './sealed-json.ts';

export function preparedSignatureRecords(db: Executor, sealing: Sealing): PreparedSignatureRecords {
  return {
    async add({ id, partnerId, state, createdAt, expiresAt }) {
      await db
        .insertInto('prepared_signature')
        .values({ id, partner_id: partnerId, state_sealed: sealJson(sealing, state, contextOf(id)), created_at: createdAt, expires_at: expiresAt })
        .execute();
    },
    async find(id, partnerId) {
      const row = await db.selectFrom('prepared_signature').selectAll().where('id', '=', id).where('partner_id', '=', partnerId).executeTakeFirst();
      if (row === undefined) return null;
      const open = (sealed: Uint8Array | null): unknown => (sealed === null ? null : openJson(sealing, sealed, contextOf(id)));
      return {
        id,
        partnerId: row.partner_id as PartnerId,
        state: open(row.state_sealed),
        expiresAt: row.expires_at,
        used: row.value_sha256 === null ? null : { valueSha256: row.value_sha256, answer: open(row.answer_sealed) },
      };
    },
    async use(id, { valueSha256, answer }, at) {
      const result = await db
        .updateTable('prepared_signature')
        .set({ value_sha256: valueSha256, answer_sealed: sealJson(sealing, answer, contextOf(id)), used_at: at, state_sealed: null })
        .where('id', '=', id)
        .where('used_at', 'is', null)
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
    async removeExpired(before, limit) {
      const expired = db.selectFrom('prepared_signature').select('id').where('expires_at', '<', before).limit(limit);
      const result = await db.deleteFrom('prepared_signature').where('id', 'in', expired).executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}

function contextOf(id: string): string {
  return `prepared_signature:${id}`;
}
