import type { PostalOrder, TrackingEvent } from '../domain/postal-order.ts';
import type { Chance } from '../ports/chance.ts';
import type { Wake } from '../ports/outbox.ts';
import type { RecordSet } from '../ports/records.ts';
import { recordMessage } from './record-message.ts';

/**
 * Tells every party of the dossier how its postal order stands, as a `dossier.progress` message of the gateway's own: the
 * normalised state beside the carrier's raw code and words. No address or name travels in it.
 */
export async function announcePost(records: RecordSet, chance: Chance, order: PostalOrder, event: TrackingEvent | null, at: Date): Promise<readonly Wake[]> {
  const recipients = await records.dossiers.parties(order.dossierCode);
  const body = {
    postal: {
      orderId: order.id,
      orderNumber: order.orderNumber,
      trackingNumber: order.trackingNumber,
      carrier: order.carrier,
      leg: order.leg,
      revision: order.revision,
      state: order.state,
      stateReason: order.stateReason,
      event: event === null ? null : { occurredAt: event.occurredAt.toISOString(), status: event.status, carrierCode: event.carrierCode, carrierText: event.carrierText },
    },
  };
  const recorded = await recordMessage(records, chance, {
    type: 'dossier.progress',
    dossierCode: order.dossierCode,
    fromPartnerId: null,
    fromAgencyCode: null,
    toAgencyCodes: [],
    recipients,
    body,
    parts: [],
    traceparent: null,
    at,
  });
  return recorded.wakes;
}
