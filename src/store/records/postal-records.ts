import { sql, type Selectable } from 'kysely';
import type { DossierCode } from '../../domain/dossier.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { PartnerId, PostalOrderId } from '../../domain/ids.ts';
import type { PostalDetail, PostalOrder, TrackingEvent } from '../../domain/postal-order.ts';
import { OVER_STATES } from '../../domain/postal-state.ts';
import type { PostalRecords } from '../../ports/postal-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';
import { openJson, sealJson } from './sealed-json.ts';

export function postalRecords(db: Executor, sealing: Sealing): PostalRecords {
  return { ...orders(db, sealing), ...events(db, sealing), ...cursors(db) };
}

export const detailContext = (id: string): string => `postal_order:${id}:detail`;
export const rawContext = (id: string): string => `postal_event:${id}:raw`;

function orders(db: Executor, sealing: Sealing): Pick<PostalRecords, 'add' | 'find' | 'findByNumber' | 'findByTrackingNumber' | 'ofDossier' | 'lock' | 'setState' | 'openOf' | 'placedOn'> {
  const selectAll = db.selectFrom('postal_order').selectAll();
  const orderOf = (row: Selectable<Database['postal_order']>): PostalOrder => buildOrder(row, sealing);
  return {
    add: (order) => addOrder(db, sealing, order),
    async find(id) {
      const row = await selectAll.where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : orderOf(row);
    },
    async findByNumber(carrier, orderNumber) {
      const row = await selectAll.where('carrier', '=', carrier).where('order_number', '=', orderNumber).executeTakeFirst();
      return row === undefined ? null : orderOf(row);
    },
    async findByTrackingNumber(trackingNumber) {
      return (await selectAll.where('tracking_number', '=', trackingNumber).orderBy('created_at', 'desc').limit(10).execute()).map(orderOf);
    },
    async ofDossier(code) {
      return (await selectAll.where('dossier_code', '=', code).orderBy('created_at').orderBy('id').execute()).map(orderOf);
    },
    async lock(id) {
      const row = await selectAll.where('id', '=', id).forUpdate().executeTakeFirst();
      return row === undefined ? null : orderOf(row);
    },
    async setState(id, state, reason, at, carrierText, trackingNumber) {
      await db
        .updateTable('postal_order')
        .set({ state, state_reason: reason, state_at: at, carrier_text: carrierText, tracking_number: trackingNumber })
        .where('id', '=', id)
        .execute();
    },
    async openOf(carrier) {
      const rows = await selectAll.where('carrier', '=', carrier).where('state', 'not in', OVER_STATES).orderBy('created_at').orderBy('id').execute();
      return rows.map(orderOf);
    },
    async placedOn(carrier, day) {
      const from = new Date(`${day}T00:00:00+07:00`);
      const to = new Date(from.getTime() + 86_400_000);
      return (await selectAll.where('carrier', '=', carrier).where('created_at', '>=', from).where('created_at', '<', to).orderBy('created_at').orderBy('id').execute()).map(orderOf);
    },
  };
}

async function addOrder(db: Executor, sealing: Sealing, order: PostalOrder): Promise<void> {
  const added = await db
    .insertInto('postal_order')
    .values({
      id: order.id,
      dossier_code: order.dossierCode,
      leg: order.leg,
      revision: order.revision,
      carrier: order.carrier,
      order_number: order.orderNumber,
      requested_by: order.requestedBy,
      detail_sealed: sealJson(sealing, order.detail, detailContext(order.id)),
      state: order.state,
      state_reason: order.stateReason,
      state_at: order.stateAt,
      tracking_number: order.trackingNumber,
      carrier_text: order.carrierText,
      created_at: order.createdAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (added.numInsertedOrUpdatedRows === 1n) return;
  throw new GatewayError('POSTAL_ORDER_EXISTS', `There is a postal order for ${order.dossierCode}, ${order.leg}, revision ${order.revision} already`);
}

function events(db: Executor, sealing: Sealing): Pick<PostalRecords, 'addEvent' | 'events'> {
  return {
    async addEvent(event) {
      const added = await db
        .insertInto('postal_event')
        .values({
          id: event.id,
          carrier: event.carrier,
          order_number: event.orderNumber,
          postal_order_id: event.postalOrderId,
          source: event.source,
          carrier_event_id: event.carrierEventId,
          carrier_code: event.carrierCode,
          carrier_text: event.carrierText,
          status: event.status,
          occurred_at: event.occurredAt,
          received_at: event.receivedAt,
          raw_sealed: sealJson(sealing, event.raw, rawContext(event.id)),
        })
        .onConflict((conflict) => conflict.columns(['carrier', 'carrier_event_id']).doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
    async events(id) {
      const rows = await db
        .selectFrom('postal_event')
        .selectAll()
        .where('postal_order_id', '=', id)
        .orderBy('occurred_at')
        .orderBy('received_at')
        .orderBy('id')
        .execute();
      return rows.map((row) => buildEvent(row, sealing));
    },
  };
}

function cursors(db: Executor): Pick<PostalRecords, 'cursor' | 'lockCursor' | 'moveCursor'> {
  const cursor = async (account: string): Promise<string | null> =>
    (await db.selectFrom('postal_cursor').select('cursor').where('account', '=', account).executeTakeFirst())?.cursor ?? null;
  return {
    cursor,
    async lockCursor(account) {
      // There may be no row to lock yet.
      await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`postal_cursor:${account}`}, 0))`.execute(db);
      return cursor(account);
    },
    async moveCursor(account, cursor, at) {
      await db
        .insertInto('postal_cursor')
        .values({ account, cursor, updated_at: at })
        .onConflict((conflict) => conflict.column('account').doUpdateSet({ cursor, updated_at: at }))
        .execute();
    },
  };
}

function buildOrder(row: Selectable<Database['postal_order']>, sealing: Sealing): PostalOrder {
  return {
    id: row.id as PostalOrderId,
    dossierCode: row.dossier_code as DossierCode,
    leg: row.leg as PostalOrder['leg'],
    revision: row.revision,
    carrier: row.carrier,
    orderNumber: row.order_number,
    requestedBy: row.requested_by as PartnerId,
    detail: openJson(sealing, row.detail_sealed, detailContext(row.id)) as PostalDetail,
    state: row.state as PostalOrder['state'],
    stateReason: row.state_reason,
    stateAt: row.state_at,
    trackingNumber: row.tracking_number,
    carrierText: row.carrier_text,
    createdAt: row.created_at,
  };
}

function buildEvent(row: Selectable<Database['postal_event']>, sealing: Sealing): TrackingEvent {
  return {
    id: row.id,
    carrier: row.carrier,
    orderNumber: row.order_number,
    postalOrderId: row.postal_order_id as PostalOrderId | null,
    source: row.source as TrackingEvent['source'],
    carrierEventId: row.carrier_event_id,
    carrierCode: row.carrier_code,
    carrierText: row.carrier_text,
    status: row.status as TrackingEvent['status'],
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
    raw: openJson(sealing, row.raw_sealed, rawContext(row.id)) as TrackingEvent['raw'],
  };
}
