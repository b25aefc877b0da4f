import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrackingEvent } from '../../../src/domain/postal-order.ts';
import { EVENT_STATUSES, isTracked, POSTAL_STATES, standingAfter, type PostalState } from '../../../src/domain/postal-state.ts';

/** How events come in must not matter: 10,000 logs, each told in order, and again shuffled, doubled and late. */

const START = Date.parse('2026-11-24T02:00:00Z');
const CASES = 10_000;

/** Times repeat on purpose: carriers give whole seconds. */
const told = fc.record({ status: fc.constantFrom(...EVENT_STATUSES), second: fc.integer({ min: 0, max: 12 }), source: fc.constantFrom('poll' as const, 'webhook' as const, 'manual' as const) });
const log = fc.array(told, { minLength: 1, maxLength: 12 });
const arrivals = fc.array(fc.record({ which: fc.nat(), delayS: fc.nat({ max: 100_000 }) }), { maxLength: 24 });
const before = fc.constantFrom(...POSTAL_STATES.filter((state) => state === 'SUBMITTED' || state === 'UNKNOWN' || state === 'ACCEPTED' || state === 'CANCELLED'));

interface Stand {
  readonly state: PostalState;
  readonly stateAt: Date;
  readonly stateReason: string | null;
  readonly carrierText: string | null;
}

/** As the store keeps it: each event once, and the order settled after each that is new. */
function tell(state: PostalState, events: readonly TrackingEvent[]): Stand {
  const known = new Map<string, TrackingEvent>();
  let order: Stand = { state, stateAt: new Date(START), stateReason: null, carrierText: null };
  for (const event of events) {
    if (known.has(event.carrierEventId)) continue;
    known.set(event.carrierEventId, event);
    const { standing, reason } = standingAfter(order, [...known.values()], event.receivedAt);
    order = { state: standing.state, stateAt: standing.at, stateReason: reason, carrierText: standing.carrierText };
  }
  return order;
}

function eventOf({ status, second, source }: { status: TrackingEvent['status']; second: number; source: TrackingEvent['source'] }, index: number): TrackingEvent {
  const at = new Date(START + second * 1_000);
  return { id: String(index), carrier: 'c', orderNumber: 'n', postalOrderId: null, source, carrierEventId: String(index).padStart(3, '0'), carrierCode: status, carrierText: `${status} ${index}`, status, occurredAt: at, receivedAt: at, raw: '' };
}

describe('the state of an order', () => {
  it(`is the same however its events come: shuffled, doubled, late (${CASES} logs)`, () => {
    let moved = 0;
    fc.assert(
      fc.property(before, log, arrivals, (state, log, arrivals) => {
        const events = log.map(eventOf);
        const inOrder = [...events].sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime());
        // The doubles first, in their own order, then whatever is left, latest first: each comes at least once.
        const shuffled = [...arrivals.map(({ which, delayS }) => late(events[which % events.length] as TrackingEvent, delayS)), ...[...inOrder].reverse().map((event) => late(event, 7_200))];
        const [expected, found] = [tell(state, inOrder), tell(state, shuffled)];
        if (expected.state !== state) moved += 1;
        expect([found.state, found.carrierText]).toEqual([expected.state, expected.carrierText]);
        if (log.some(({ status }) => isTracked(status))) expect(found.stateAt).toEqual(expected.stateAt);
      }),
      { numRuns: CASES },
    );
    expect(moved).toBeGreaterThan(CASES / 2);
  });
});

function late(event: TrackingEvent, delayS: number): TrackingEvent {
  return { ...event, receivedAt: new Date(event.occurredAt.getTime() + delayS * 1_000) };
}
