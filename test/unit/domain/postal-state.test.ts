import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEvents, EVENT_STATUSES, isAdopted, isOver, isTracked, mayFollow, OVER_STATES, POSTAL_STATES, TRACKED_STATES, type PostalStanding, type TrackedState } from '../../../src/domain/postal-state.ts';
import type { TrackingEvent } from '../../../src/domain/postal-order.ts';

const START = new Date('2026-11-24T01:00:00Z');
const minute = (count: number): Date => new Date(START.getTime() + count * 60_000);
const submitted: PostalStanding = { state: 'SUBMITTED', at: START, carrierText: null };

function event(status: TrackingEvent['status'], atMinute: number, more: Partial<TrackingEvent> = {}): TrackingEvent {
  return {
    id: `id-${status}-${atMinute}`,
    carrier: 'post-x',
    orderNumber: 'H57.12.03-261124-0001-KQ1',
    postalOrderId: null,
    source: 'poll',
    carrierEventId: `${status}-${atMinute}`,
    carrierCode: status.toLowerCase(),
    carrierText: `text of ${status}`,
    status,
    occurredAt: minute(atMinute),
    receivedAt: minute(100_000),
    raw: '{}',
    ...more,
  };
}

const stateAfter = (...statuses: readonly TrackingEvent['status'][]): string => applyEvents(submitted, statuses.map((status, index) => event(status, index + 1))).standing.state;

describe('the state of a postal order', () => {
  it('follows a delivery from acceptance to delivery', () => {
    const way: TrackedState[] = ['ACCEPTED', 'PICKUP_SCHEDULED', 'PICKUP_FAILED', 'PICKUP_SCHEDULED', 'PICKED_UP', 'IN_TRANSIT', 'AT_DELIVERY_OFFICE', 'OUT_FOR_DELIVERY', 'DELIVERY_FAILED', 'HELD_FOR_COLLECTION', 'DELIVERED'];
    for (let length = 1; length <= way.length; length++) expect(stateAfter(...way.slice(0, length))).toBe(way[length - 1]);
  });

  it.each([
    ['a collected parcel is not collected again', ['PICKED_UP', 'PICKUP_SCHEDULED'], 'PICKED_UP'],
    ['an accepted order is not accepted again', ['IN_TRANSIT', 'ACCEPTED'], 'IN_TRANSIT'],
    ['a second attempt follows a failed one', ['OUT_FOR_DELIVERY', 'DELIVERY_FAILED', 'OUT_FOR_DELIVERY', 'DELIVERED'], 'DELIVERED'],
    ['a forwarded parcel is on its way again', ['OUT_FOR_DELIVERY', 'IN_TRANSIT'], 'IN_TRANSIT'],
    ['delivered is an end', ['DELIVERED', 'IN_TRANSIT', 'RETURNING'], 'DELIVERED'],
    ['returned is an end', ['RETURNING', 'RETURNED', 'DELIVERED'], 'RETURNED'],
    ['what goes back is not delivered to the recipient', ['DELIVERY_FAILED', 'RETURNING', 'DELIVERED'], 'RETURNING'],
    ['scans on the way back do not hide that it goes back', ['RETURNING', 'IN_TRANSIT'], 'RETURNING'],
    ['a parcel collected after its cancellation is where it is', ['CANCELLED', 'PICKED_UP', 'IN_TRANSIT'], 'IN_TRANSIT'],
    ['a lost parcel may be found', ['LOST', 'AT_DELIVERY_OFFICE'], 'AT_DELIVERY_OFFICE'],
  ] as const)('%s', (_rule, statuses, state) => {
    expect(stateAfter(...statuses)).toBe(state);
  });

  it('is never changed by an event of unknown meaning, whose text is shown', () => {
    const { standing } = applyEvents(submitted, [event('IN_TRANSIT', 1), event('UNKNOWN', 2, { carrierCode: '77', carrierText: 'Trạng thái 77' })]);
    expect(standing).toEqual({ state: 'IN_TRANSIT', at: minute(1), carrierText: 'Trạng thái 77' });
    expect(applyEvents({ ...submitted, state: 'UNKNOWN' }, [event('UNKNOWN', 2)]).standing).toMatchObject({ state: 'UNKNOWN', at: START });
  });

  it('does not move back for an event that arrives late', () => {
    const delivered = event('DELIVERED', 9);
    const before = applyEvents(submitted, [delivered]).standing;
    expect(applyEvents(before, [delivered, event('OUT_FOR_DELIVERY', 5)])).toEqual({ standing: before, contradicting: [] });
  });

  it('tells which events contradict the log, and keeps them without effect', () => {
    const odd = event('RETURNING', 9);
    expect(applyEvents(submitted, [event('DELIVERED', 5), odd])).toMatchObject({ standing: { state: 'DELIVERED', at: minute(5) }, contradicting: [odd] });
  });

  it('gives an event from the future no effect', () => {
    const future = event('DELIVERED', 60, { receivedAt: minute(30) });
    expect(applyEvents(submitted, [future])).toMatchObject({ standing: { state: 'SUBMITTED' }, contradicting: [future] });
    expect(applyEvents(submitted, [event('DELIVERED', 39, { receivedAt: minute(30) })]).standing.state).toBe('DELIVERED');
  });

  it('puts events of one second in the order of progress, whichever came first', () => {
    const events = [event('DELIVERED', 5), event('OUT_FOR_DELIVERY', 5)];
    expect(applyEvents(submitted, events).standing.state).toBe('DELIVERED');
    expect(applyEvents(submitted, events.toReversed()).standing.state).toBe('DELIVERED');
  });

  it('tells since when it is so: a repeated scan is no new state', () => {
    expect(applyEvents(submitted, [event('IN_TRANSIT', 3), event('IN_TRANSIT', 8)]).standing.at).toEqual(minute(3));
  });

  it.each(['QUEUED', 'SUBMITTED', 'UNKNOWN', 'CANCELLED'] as const)('%s is proven wrong by any event of the carrier, but not by a note of ours', (state) => {
    expect(isAdopted(state, [event('UNKNOWN', 1)])).toBe(true);
    expect(isAdopted(state, [event('IN_TRANSIT', 1, { source: 'manual' })])).toBe(false);
    expect(isAdopted(state, [])).toBe(false);
  });

  it('stays cancelled where the carrier agreed to it, or says it itself', () => {
    expect(isAdopted('CANCELLED', [event('UNKNOWN', 1), event('CANCELLED', 2, { source: 'manual' })])).toBe(false);
    expect(isAdopted('CANCELLED', [event('CANCELLED', 2)])).toBe(false);
  });
});

describe('the table of transitions', () => {
  it('lets every state confirm itself, and nothing leave delivered or returned', () => {
    for (const state of TRACKED_STATES) expect(mayFollow(state, state)).toBe(true);
    for (const end of ['DELIVERED', 'RETURNED'] as const) expect(TRACKED_STATES.filter((to) => mayFollow(end, to))).toEqual([end]);
  });

  it('lets nothing collected stand as merely accepted or awaiting collection', () => {
    for (const from of ['PICKED_UP', 'IN_TRANSIT', 'AT_DELIVERY_OFFICE', 'OUT_FOR_DELIVERY', 'DELIVERY_FAILED', 'HELD_FOR_COLLECTION', 'DAMAGED', 'LOST', 'RETURNING'] as const) {
      for (const to of ['ACCEPTED', 'PICKUP_SCHEDULED', 'PICKUP_FAILED', 'EXPIRED'] as const) expect(mayFollow(from, to), `${from} → ${to}`).toBe(false);
    }
  });

  it('calls over exactly the states after which nothing is expected', () => {
    expect(POSTAL_STATES.filter(isOver)).toEqual(expect.arrayContaining([...OVER_STATES]));
    expect(POSTAL_STATES.filter(isOver)).toHaveLength(OVER_STATES.length);
    expect(isOver('UNKNOWN')).toBe(false);
    expect(isOver('LOST')).toBe(false);
  });
});

const anyEvent = fc
  .tuple(fc.constantFrom(...EVENT_STATUSES), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 5 }), fc.boolean())
  .map(([status, at, twin, early]) => event(status, at, { carrierEventId: `${status}-${at}-${twin}`, receivedAt: early ? minute(0) : minute(50) }));
const anyLog = fc.uniqueArray(anyEvent, { maxLength: 14, selector: ({ carrierEventId }) => carrierEventId });

describe('properties of the state', () => {
  it('any order of arrival, one by one, gives the state of the ordered log', () => {
    fc.assert(
      fc.property(anyLog, fc.infiniteStream(fc.nat()), (log, choices) => {
        const whole = applyEvents(submitted, log).standing;
        const arrived: TrackingEvent[] = [];
        const left = [...log];
        let standing = submitted;
        while (left.length > 0) {
          const [next] = left.splice((choices.next().value ?? 0) % left.length, 1);
          if (next !== undefined) arrived.push(next);
          standing = applyEvents(standing, arrived).standing;
        }
        expect(standing.state).toBe(whole.state);
        if (whole.state !== 'SUBMITTED') expect(standing.at).toEqual(whole.at);
        expect(standing.carrierText).toBe(whole.carrierText);
      }),
      { numRuns: 10_000 },
    );
  });

  it('doubled events change nothing', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        expect(applyEvents(submitted, [...log, ...log]).standing).toEqual(applyEvents(submitted, log).standing);
      }),
      { numRuns: 500 },
    );
  });

  it('every event is either silent, followed, or told as contradicting; never lost', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const { standing, contradicting } = applyEvents(submitted, log);
        const followed = log.filter(({ status }) => isTracked(status)).filter((one) => !contradicting.includes(one));
        expect(followed.length === 0).toBe(standing.state === 'SUBMITTED');
        if (followed.length > 0) expect(followed.map(({ status }) => status)).toContain(standing.state);
      }),
      { numRuns: 500 },
    );
  });
});
