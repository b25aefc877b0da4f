import type { PostalOrder, TrackingFacts } from '../domain/postal-order.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { Wake } from '../ports/outbox.ts';
import type { NewDossierEvent } from '../ports/dossier-records.ts';
import type { RecordSet } from '../ports/records.ts';
import { recordProgress } from './record-message.ts';

export interface PostalNews {
  readonly order: PostalOrder;
  /** What happened to it; null: the gateway itself did something. */
  readonly event: TrackingFacts | null;
  /** What else the dossier's timeline tells of it. */
  readonly told?: NewDossierEvent;
}

/** Tells every party of the dossier how its postal order stands. */
export function announcePost(records: RecordSet, ports: AttestPorts, order: PostalOrder, event: TrackingFacts | null, at: Date): Promise<readonly Wake[]> {
  return announcePosts(records, ports, [{ order, event }], at);
}

/**
 * Tells the parties of each dossier how its postal order stands, as a `dossier.progress` message of the gateway's own: the
 * normalised state beside the carrier's raw code and words. No address or name travels in it.
 */
export async function announcePosts(records: RecordSet, ports: AttestPorts, news: readonly PostalNews[], at: Date): Promise<readonly Wake[]> {
  if (news.length === 0) return [];
  const parties = await records.dossiers.partiesOf(news.map(({ order }) => order.dossierCode));
  const notes = news.map(({ order, event, told }) => ({ dossierCode: order.dossierCode, recipients: parties.get(order.dossierCode) ?? [], body: { postal: bodyOf(order, event) }, ...(told !== undefined && { told }) }));
  return recordProgress(records, ports, notes, at);
}

function bodyOf(order: PostalOrder, event: TrackingFacts | null): Readonly<Record<string, unknown>> {
  return {
    orderId: order.id,
    orderNumber: order.orderNumber,
    trackingNumber: order.trackingNumber,
    carrier: order.carrier,
    leg: order.leg,
    revision: order.revision,
    state: order.state,
    stateReason: order.stateReason,
    event: event === null ? null : { occurredAt: event.occurredAt.toISOString(), status: event.status, carrierCode: event.carrierCode, carrierText: event.carrierText },
  };
}
