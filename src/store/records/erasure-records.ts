import { sql } from 'kysely';
import type { DossierCode } from '../../domain/dossier.ts';
import { ERASED_BODY, ERASED_TEXT, erasedAddress, erasedPostalDetail } from '../../domain/erased.ts';
import type { DocumentId, Sha256Hex } from '../../domain/ids.ts';
import type { AddressChange } from '../../domain/postal-address-change.ts';
import type { PostalDetail } from '../../domain/postal-order.ts';
import type { ErasureRecords } from '../../ports/erasure-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Executor } from './executor.ts';
import { bodyContext } from './message-records.ts';
import { OPEN } from './outbox-rules.ts';
import { changeContext } from './postal-address-changes.ts';
import { rawContext } from './postal-events.ts';
import { detailContext } from './postal-records.ts';
import { openJson, sealJson } from './sealed-json.ts';

export function erasureRecords(db: Executor, sealing: Sealing): ErasureRecords {
  return { ...erasing(db, sealing), ...terms(db) };
}

/** States a dossier does not leave by itself. */
const AT_ITS_END = ['refused', 'result-sent', 'result-taken-in', 'withdrawn', 'recalled'];

function erasing(db: Executor, sealing: Sealing): Pick<ErasureRecords, 'countOpen' | 'erase' | 'erasedDocuments' | 'orphanedBytes' | 'due'> {
  return {
    async countOpen(code) {
      const { rows } = await sql<{ count: string }>`
        SELECT count(*) AS count FROM outbox AS o WHERE o.${OPEN}
          AND (o.message_id IN (SELECT id FROM message WHERE dossier_code = ${code}) OR o.postal_order_id IN (SELECT id FROM postal_order WHERE dossier_code = ${code}))
      `.execute(db);
      return Number(rows[0]?.count ?? 0);
    },
    async erase(code, at) {
      const dossier = await db.updateTable('dossier').set({ applicant_sealed: null, title: ERASED_TEXT, erased_at: at }).where('code', '=', code).executeTakeFirst();
      if (dossier.numUpdatedRows !== 1n) return null;
      return { messages: await eraseBodies(db, sealing, code), postalOrders: await erasePostalOrders(db, sealing, code), documents: await eraseDocuments(db, code, at) };
    },
    async erasedDocuments(code) {
      const { rows } = await sql<{ id: DocumentId }>`
        SELECT DISTINCT d.id FROM document AS d JOIN message_part AS p ON p.document_id = d.id JOIN message AS m ON m.id = p.message_id
        WHERE m.dossier_code = ${code} AND d.erased_at IS NOT NULL
      `.execute(db);
      return rows.map(({ id }) => id);
    },
    async orphanedBytes(since) {
      const { rows } = await sql<{ sha256: Sha256Hex }>`
        SELECT DISTINCT e.sha256 FROM document AS e WHERE e.erased_at >= ${since} AND NOT EXISTS (SELECT 1 FROM document AS o WHERE o.sha256 = e.sha256 AND o.erased_at IS NULL)
      `.execute(db);
      return rows.map(({ sha256 }) => sha256);
    },
    async due(now, limit) {
      const { rows } = await sql<{ code: DossierCode }>`
        SELECT d.code FROM dossier AS d
        JOIN LATERAL (SELECT keep_days FROM retention WHERE procedure_code IN (d.procedure_code, '*') ORDER BY procedure_code = '*' LIMIT 1) AS r ON true
        WHERE d.erased_at IS NULL AND d.state = ANY(${AT_ITS_END})
          AND (SELECT max(e.at) FROM dossier_event AS e WHERE e.dossier_code = d.code) < ${now}::timestamptz - r.keep_days * interval '1 day'
        ORDER BY d.created_at LIMIT ${limit}
      `.execute(db);
      return rows.map(({ code }) => code);
    },
  };
}

async function eraseBodies(db: Executor, sealing: Sealing, code: DossierCode): Promise<number> {
  const messages = await db.selectFrom('message').select('id').where('dossier_code', '=', code).execute();
  for (const { id } of messages) await db.updateTable('message').set({ body_sealed: sealJson(sealing, ERASED_BODY, bodyContext(id)) }).where('id', '=', id).execute();
  return messages.length;
}

async function erasePostalOrders(db: Executor, sealing: Sealing, code: DossierCode): Promise<number> {
  const orders = await db.selectFrom('postal_order').select(['id', 'detail_sealed']).where('dossier_code', '=', code).execute();
  for (const { id, detail_sealed } of orders) {
    const detail = erasedPostalDetail(openJson(sealing, detail_sealed, detailContext(id)) as PostalDetail);
    await db.updateTable('postal_order').set({ detail_sealed: sealJson(sealing, detail, detailContext(id)) }).where('id', '=', id).execute();
    const events = await db.selectFrom('postal_event').select('id').where('postal_order_id', '=', id).execute();
    const changes = await db.selectFrom('postal_address_change').select(['id', 'change_sealed']).where('postal_order_id', '=', id).execute();
    for (const change of changes) await eraseChange(db, sealing, change);
    for (const event of events) await db.updateTable('postal_event').set({ raw_sealed: sealJson(sealing, ERASED_TEXT, rawContext(event.id)) }).where('id', '=', event.id).execute();
  }
  return orders.length;
}

async function eraseChange(db: Executor, sealing: Sealing, { id, change_sealed }: { readonly id: string; readonly change_sealed: Uint8Array }): Promise<void> {
  const { before, after } = openJson(sealing, change_sealed, changeContext(id)) as Pick<AddressChange, 'before' | 'after'>;
  const erased = sealJson(sealing, { before: erasedAddress(before), after: erasedAddress(after) }, changeContext(id));
  await db.updateTable('postal_address_change').set({ change_sealed: erased }).where('id', '=', id).execute();
}

/** A document that another dossier carries stays: it is that dossier's, too. */
async function eraseDocuments(db: Executor, code: DossierCode, at: Date): Promise<number> {
  const result = await sql`
    UPDATE document AS d SET name = ${ERASED_TEXT}, erased_at = ${at}
    WHERE d.erased_at IS NULL
      AND d.id IN (SELECT p.document_id FROM message_part AS p JOIN message AS m ON m.id = p.message_id WHERE m.dossier_code = ${code})
      AND NOT EXISTS (
        SELECT 1 FROM message_part AS p JOIN message AS m ON m.id = p.message_id JOIN dossier AS y ON y.code = m.dossier_code
        WHERE p.document_id = d.id AND m.dossier_code <> ${code} AND y.erased_at IS NULL
      )
  `.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}

function terms(db: Executor): Pick<ErasureRecords, 'setRetention' | 'removeRetention' | 'retentions'> {
  return {
    async setRetention({ procedureCode, keepDays, basis }, at) {
      await db
        .insertInto('retention')
        .values({ procedure_code: procedureCode, keep_days: keepDays, basis, created_at: at })
        .onConflict((conflict) => conflict.column('procedure_code').doUpdateSet({ keep_days: keepDays, basis, created_at: at }))
        .execute();
    },
    async removeRetention(procedureCode) {
      return (await db.deleteFrom('retention').where('procedure_code', '=', procedureCode).executeTakeFirst()).numDeletedRows === 1n;
    },
    async retentions() {
      const rows = await db.selectFrom('retention').selectAll().orderBy('procedure_code').execute();
      return rows.map((row) => ({ procedureCode: row.procedure_code, keepDays: row.keep_days, basis: row.basis }));
    },
  };
}
