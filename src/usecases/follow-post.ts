import { shownCode } from '../domain/carrier-code.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { PostalCarrier, TrackingPage } from '../ports/postal-carrier.ts';
import type { Records } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';
import { recordPostalEvents, type RecordedEvents } from './record-postal-events.ts';

export interface FollowPostPorts extends AttestPorts {
  readonly records: Records;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Reads one page of a carrier's feed and records it: events, cursor, states and what the parties are told, in one transaction, so
 * that no event is lost or told twice whatever crashes when. Asking costs what is new, not what there is.
 * @returns how many events were new, and whether asking again at once is useful
 * @throws CARRIER_UNAVAILABLE, CARRIER_ANSWER_INVALID, DATABASE_UNAVAILABLE
 */
export async function followPost(ports: FollowPostPorts, carrier: PostalCarrier, signal?: AbortSignal): Promise<{ readonly events: number; readonly more: boolean }> {
  const { records, clock, log } = ports;
  const cursor = await records.postal.cursor(carrier.account);
  const page = await carrier.trackingPage(cursor, signal);
  if (page.unreadable.length > 0) log.warn('post.unreadable-events', { carrier: carrier.carrier, count: page.unreadable.length });
  if (page.events.length === 0 && page.nextCursor === cursor) return { events: 0, more: false };
  const recorded = await records.transaction(async (tx) => {
    // Two replicas that read the same page: the second waits here, sees the cursor moved, and leaves it.
    if ((await tx.postal.lockCursor(carrier.account)) !== cursor) return null;
    const at = clock.now();
    await tx.postal.moveCursor(carrier.account, page.nextCursor, at);
    return recordPostalEvents(tx, ports, { carrier: carrier.carrier, source: 'poll', events: page.events, at });
  });
  if (recorded === null) return { events: 0, more: page.more };
  ports.queue.wake(recorded.wakes);
  alarm(log, carrier.carrier, page, recorded);
  return { events: recorded.news.length, more: page.more };
}

/** What an operator has to look at: nobody documented it, or it does not fit. Codes only; a carrier's words may hold personal data. */
function alarm(log: Log, carrier: string, page: TrackingPage, { news, contradicting }: RecordedEvents): void {
  const unmapped = [...new Set(news.filter(({ status }) => status === 'UNKNOWN').map(({ carrierCode }) => shownCode(carrierCode)))];
  if (unmapped.length > 0) log.warn('post.unmapped-codes', { carrier, codes: unmapped.slice(0, 20).join(' ') });
  if (contradicting.length > 0) log.warn('post.contradicting-events', { carrier, count: contradicting.length, of: page.events.length });
  const strange = news.filter(({ postalOrderId }) => postalOrderId === null).length;
  if (strange > 0) log.warn('post.events-of-no-order', { carrier, count: strange });
}
