import type { Selectable } from 'kysely';
import type { PostalOrderId } from '../../domain/ids.ts';
import type { AddressChange } from '../../domain/postal-address-change.ts';
import type { PostalAddressChanges } from '../../ports/postal-address-changes.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';
import { openJson, sealJson } from './sealed-json.ts';

export const changeContext = (id: string): string => `postal_address_change:${id}`;

export function postalAddressChanges(db: Executor, sealing: Sealing): PostalAddressChanges {
  return {
    async begin({ id, postalOrderId, end, before, after, verifiedBy, requestedBy, askedAt }, abandonedBefore) {
      const open = db.updateTable('postal_address_change').where('postal_order_id', '=', postalOrderId).where('outcome', 'is', null);
      await open.set({ outcome: 'unknown', settled_at: askedAt }).where('asked_at', '<', abandonedBefore).execute();
      const begun = await db
        .insertInto('postal_address_change')
        .values({ id, postal_order_id: postalOrderId, party: end, change_sealed: sealJson(sealing, { before, after }, changeContext(id)), verified_by: verifiedBy, requested_by: requestedBy, asked_at: askedAt, outcome: null, carrier_text: null, settled_at: null })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return begun.numInsertedOrUpdatedRows === 1n;
    },
    async settle(id, outcome, carrierText, at) {
      const settled = await db.updateTable('postal_address_change').set({ outcome, carrier_text: carrierText, settled_at: at }).where('id', '=', id).where('outcome', 'is', null).executeTakeFirst();
      return settled.numUpdatedRows === 1n;
    },
    async of(id) {
      const rows = await db.selectFrom('postal_address_change').selectAll().where('postal_order_id', '=', id).orderBy('asked_at').orderBy('id').execute();
      return rows.map((row) => changeOf(row, sealing));
    },
  };
}

function changeOf(row: Selectable<Database['postal_address_change']>, sealing: Sealing): AddressChange {
  const { before, after } = openJson(sealing, row.change_sealed, changeContext(row.id)) as Pick<AddressChange, 'before' | 'after'>;
  return {
    id: row.id,
    postalOrderId: row.postal_order_id as PostalOrderId,
    end: row.party,
    before,
    after,
    verifiedBy: row.verified_by,
    requestedBy: row.requested_by,
    askedAt: row.asked_at,
    outcome: row.outcome,
    carrierText: row.carrier_text,
  };
}
