import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { PostalCarrier } from '../ports/postal-carrier.ts';
import type { Records } from '../ports/records.ts';
import { accountOf, type PostalAccount } from './order-post.ts';
import { recordPostalEvents } from './record-postal-events.ts';

export interface HearCarrierPorts extends AttestPorts {
  readonly records: Records;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly accounts: readonly PostalAccount[];
}

/** A call about more orders is heard for the first of them: the feed tells about the others. */
const MOST_ORDERS = 50;

/**
 * Takes a call of a carrier as a hint: every order of ours that it points at is read again from the carrier, and what comes of that is
 * recorded. Nothing of the call itself is believed, so a forged or repeated one costs a question and changes nothing.
 * @returns how many orders were read again, and how many events were new
 * @throws CARRIER_UNKNOWN also for carriers that do not call; UNAUTHENTICATED, REQUEST_MALFORMED; CARRIER_UNAVAILABLE, CARRIER_ANSWER_INVALID
 */
export async function hearCarrier(ports: HearCarrierPorts, carrierName: string, body: Uint8Array, signal?: AbortSignal): Promise<{ readonly orders: number; readonly events: number }> {
  const { carrier } = accountOf(ports.accounts, carrierName);
  if (carrier.readHint === null || carrier.trackOrder === null) throw new GatewayError('CARRIER_UNKNOWN', `The carrier ${carrierName} does not call: its feed is read`);
  const numbers = carrier.readHint(body).slice(0, MOST_ORDERS);
  let orders = 0;
  let events = 0;
  for (const orderNumber of numbers) {
    if ((await ports.records.postal.findByNumber(carrier.carrier, orderNumber)) === null) continue;
    orders += 1;
    events += await readAgain(ports, carrier, carrier.trackOrder, orderNumber, signal);
  }
  return { orders, events };
}

async function readAgain(ports: HearCarrierPorts, carrier: PostalCarrier, trackOrder: NonNullable<PostalCarrier['trackOrder']>, orderNumber: string, signal: AbortSignal | undefined): Promise<number> {
  const { records, clock, queue } = ports;
  const events = await trackOrder(orderNumber, signal);
  if (events.length === 0) return 0;
  const { wakes, news } = await records.transaction((tx) => recordPostalEvents(tx, ports, { carrier: carrier.carrier, source: 'webhook', events, at: clock.now() }));
  queue.wake(wakes);
  return news.length;
}
