import { sql, type Selectable } from 'kysely';
import type { DossierCode } from '../../domain/dossier.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { PartnerId, PostalOrderId } from '../../domain/ids.ts';
import type { PostalDetail, PostalOrder } from '../../domain/postal-order.ts';
import { OVER_STATES, SENDING_STATES } from '../../domain/postal-state.ts';
import type { Lease } from '../../ports/outbox.ts';
import type { PostalRecords } from '../../ports/postal-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';
import { postalEvents } from './postal-events.ts';
import { isHeldBy } from './outbox-leases.ts';
import { openJson, sealJson } from './sealed-json.ts';
import { throughConflicts } from './through-conflicts.ts';

export function postalRecords(db: Executor, sealing: Sealing): PostalRecords {
  return { ...orders(db, sealing), ...postalEvents(db, sealing), ...cursors(db) };
}

export const detailContext = (id: string): string => `postal_order:${id}:detail`;

function orders(db: Executor, sealing: Sealing): Pick<PostalRecords, 'add' | 'find' | 'findByNumber' | 'findByTrackingNumber' | 'ofDossier' | 'lock' | 'lockByNumbers' | 'markSubmitted' | 'movePlacing' | 'setState' | 'setStates' | 'setDetail' | 'openOf' | 'placedOn'> {
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
    async lockByNumbers(carrier, orderNumbers) {
      if (orderNumbers.length === 0) return [];
      const rows = await selectAll.where('carrier', '=', carrier).where('order_number', '=', sql<string>`ANY(${[...orderNumbers]}::text[])`).orderBy(sql`order_number COLLATE "C"`).forUpdate().execute();
      return rows.map(orderOf);
    },
    async markSubmitted(lease, until, at) {
      const mark = (): Promise<SubmittedRow | undefined> => markSubmitted(db, lease, until, at);
      const row = await (db.isTransaction ? mark() : throughConflicts(mark));
      if (row === undefined) return 'lease-lost';
      return row.id === null ? null : orderOf(row);
    },
    async movePlacing(id, { state, reason, carrierText, trackingNumber }, at) {
      const row = await db
        .updateTable('postal_order')
        .set({ state, state_reason: reason, state_at: at, ...(carrierText !== null && { carrier_text: carrierText }), ...(trackingNumber !== null && { tracking_number: trackingNumber }) })
        .where('id', '=', id)
        .where('state', 'in', SENDING_STATES)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : orderOf(row);
    },
    async setState(id, state, reason, at, carrierText, trackingNumber) {
      await db
        .updateTable('postal_order')
        .set({ state, state_reason: reason, state_at: at, carrier_text: carrierText, tracking_number: trackingNumber })
        .where('id', '=', id)
        .execute();
    },
    setStates: (orders) => setStates(db, orders),
    async setDetail(id, detail) {
      await db.updateTable('postal_order').set({ detail_sealed: sealJson(sealing, detail, detailContext(id)) }).where('id', '=', id).execute();
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

type OrderRow = Selectable<Database['postal_order']>;
type SubmittedRow = OrderRow | { readonly id: null };

/** The lease's row first, as when an attempt is settled. */
async function markSubmitted(db: Executor, lease: Lease, until: Date, at: Date): Promise<SubmittedRow | undefined> {
  const { rows } = await sql<SubmittedRow>`
    WITH held AS (
      UPDATE outbox SET lease_until = ${until} WHERE ${isHeldBy(lease)} RETURNING postal_order_id
    ), marked AS (
      UPDATE postal_order AS o SET state = 'SUBMITTED', state_reason = NULL, state_at = ${at} FROM held
      WHERE o.id = held.postal_order_id AND o.state = ANY(${[...SENDING_STATES]}::text[])
      RETURNING o.*
    )
    SELECT marked.* FROM held LEFT JOIN marked ON true
  `.execute(db);
  return rows[0];
}

async function setStates(db: Executor, orders: readonly PostalOrder[]): Promise<void> {
  const rows = orders.map(({ id, state, stateReason, stateAt, carrierText, trackingNumber }) => ({ id, state, state_reason: stateReason, state_at: stateAt, carrier_text: carrierText, tracking_number: trackingNumber }));
  if (rows.length === 0) return;
  await sql`
    UPDATE postal_order AS o SET state = n.state, state_reason = n.state_reason, state_at = n.state_at, carrier_text = n.carrier_text, tracking_number = n.tracking_number
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS n (id uuid, state text, state_reason text, state_at timestamptz, carrier_text text, tracking_number text)
    WHERE o.id = n.id
  `.execute(db);
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
