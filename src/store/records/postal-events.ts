import { sql, type Selectable } from 'kysely';
import type { PostalOrderId } from '../../domain/ids.ts';
import type { TrackingEvent, TrackingFacts } from '../../domain/postal-order.ts';
import type { PostalRecords } from '../../ports/postal-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';
import { openJson, sealJson } from './sealed-json.ts';

export const rawContext = (id: string): string => `postal_event:${id}:raw`;

const FACTS = ['id', 'carrier', 'order_number', 'postal_order_id', 'source', 'carrier_event_id', 'carrier_code', 'carrier_text', 'status', 'occurred_at', 'received_at'] as const;

export function postalEvents(db: Executor, sealing: Sealing): Pick<PostalRecords, 'addEvent' | 'addEvents' | 'events' | 'histories'> {
  return {
    addEvent: async (event) => (await addEvents(db, sealing, [event])).size === 1,
    addEvents: (events) => addEvents(db, sealing, events),
    async events(id) {
      const rows = await db.selectFrom('postal_event').selectAll().where('postal_order_id', '=', id).orderBy('occurred_at').orderBy('received_at').orderBy('id').execute();
      return rows.map((row) => ({ ...factsOf(row), raw: openJson(sealing, row.raw_sealed, rawContext(row.id)) as TrackingEvent['raw'] }));
    },
    async histories(ids) {
      const histories = new Map<PostalOrderId, TrackingFacts[]>();
      if (ids.length === 0) return histories;
      const ofThese = sql<boolean>`postal_order_id = ANY(${[...ids]}::uuid[])`;
      for (const row of await db.selectFrom('postal_event').select(FACTS).where(ofThese).orderBy('occurred_at').orderBy('received_at').orderBy('id').execute()) {
        const id = row.postal_order_id as PostalOrderId;
        const history = histories.get(id);
        if (history === undefined) histories.set(id, [factsOf(row)]);
        else history.push(factsOf(row));
      }
      return histories;
    },
  };
}

/** What the carrier sent goes beside the JSON: sealed, it is bytes. */
async function addEvents(db: Executor, sealing: Sealing, events: readonly TrackingEvent[]): Promise<ReadonlySet<string>> {
  if (events.length === 0) return new Set();
  const facts = events.map((event) => ({
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
  }));
  const sealed = events.map(({ id, raw }) => sealJson(sealing, raw, rawContext(id)));
  const { rows } = await sql<{ id: string }>`
    INSERT INTO postal_event (id, carrier, order_number, postal_order_id, source, carrier_event_id, carrier_code, carrier_text, status, occurred_at, received_at, raw_sealed)
    SELECT * FROM ROWS FROM (
      jsonb_to_recordset(${JSON.stringify(facts)}::jsonb) AS (id uuid, carrier text, order_number text, postal_order_id uuid, source text, carrier_event_id text,
        carrier_code text, carrier_text text, status text, occurred_at timestamptz, received_at timestamptz),
      unnest(${sealed}::bytea[])
    )
    ON CONFLICT (carrier, carrier_event_id) DO NOTHING
    RETURNING id
  `.execute(db);
  return new Set(rows.map(({ id }) => id));
}

function factsOf(row: Pick<Selectable<Database['postal_event']>, (typeof FACTS)[number]>): TrackingFacts {
  return {
    id: row.id,
    carrier: row.carrier,
    orderNumber: row.order_number,
    postalOrderId: row.postal_order_id as PostalOrderId | null,
    source: row.source as TrackingFacts['source'],
    carrierEventId: row.carrier_event_id,
    carrierCode: row.carrier_code,
    carrierText: row.carrier_text,
    status: row.status as TrackingFacts['status'],
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
  };
}
