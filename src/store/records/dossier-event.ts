import { sql, type RawBuilder } from 'kysely';
import type { DossierChange, NewDossierEvent } from '../../ports/dossier-records.ts';

export const NO_CHANGE: DossierChange = { state: null, parties: [] };

/**
 * An event with what it changes of its dossier, as parts of a larger statement: `counted` locks and changes the dossier's row, `joined` adds
 * parties, `told` is the event as it stands then.
 * @param of a query for the dossier's `code`; where it finds none, nothing is told
 */
export function eventAdded(of: RawBuilder<unknown>, event: NewDossierEvent, { state, parties }: DossierChange = NO_CHANGE): RawBuilder<unknown> {
  return sql`
    counted AS (
      UPDATE dossier AS d SET event_seq = event_seq + 1, state = coalesce(${state}::text, d.state) FROM (${of}) AS told_of WHERE d.code = told_of.code
      RETURNING d.code, event_seq
    ),
    joined AS (
      INSERT INTO dossier_party (dossier_code, partner_id, since) SELECT code, partner_id, ${event.at}::timestamptz FROM counted, unnest(${[...parties]}::text[]) AS partner_id
      ON CONFLICT DO NOTHING
    ),
    told AS (
      INSERT INTO dossier_event (dossier_code, seq, kind, at, actor, message_id, delivery_id, postal_order_id, data)
      SELECT code, event_seq, ${event.kind}, ${event.at}::timestamptz, ${event.actor}::text, ${event.messageId}::uuid, ${event.deliveryId}::uuid,
             ${event.postalOrderId}::uuid, ${JSON.stringify(event.data)}::jsonb
      FROM counted
      RETURNING seq
    )`;
}
