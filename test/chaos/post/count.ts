/** What both sides saw at the end, and what happened to them; everything that is counted is counted from these. */
export interface PostHistories {
  /** Orders that the API took (202). */
  readonly client: readonly { readonly orderId: string; readonly orderNumber: string; readonly carrier: string; readonly dossier: string; readonly leg: number }[];
  readonly gateway: readonly { readonly orderId: string; readonly state: string; readonly delivery: string; readonly resumedMs: readonly number[]; readonly unknownMs: number }[];
  readonly carriers: readonly { readonly carrier: string; readonly lookup: string; readonly placed: number; readonly lines: readonly { readonly orderNumber: string; readonly couriers: number }[] }[];
  readonly faults: readonly { readonly at: number; readonly kind: 'kill' | 'fault'; readonly what: string }[];
}

export interface PostCount {
  readonly accepted: number;
  /** Placed, and one courier booked. */
  readonly delivered: number;
  /** Unknown, waiting for a person. */
  readonly parked: number;
  /** Of those, with a carrier that can be asked by number: none should. */
  readonly parkedByNumber: number;
  /** Of those, known to a carrier whose feed tells of them: its reading passed them over. None should be. */
  readonly parkedThoughTold: number;
  readonly open: number;
  /** Told as placed, and no courier knows of it; or taken by the API and not on record. */
  readonly lost: number;
  /** Couriers beyond the first for one order number. */
  readonly duplicateEffects: number;
  /** Second legs booked before the first of their dossier. */
  readonly orderViolations: number;
  /** Calls to place an order beyond one an order. */
  readonly repeatsOnWire: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly resumeP99Ms: number;
  /** Longest time that an order's outcome was unknown before it was resolved or waited for a person. */
  readonly slowestUnknownMs: number;
}

const LONGEST_UNKNOWN_MS = 15 * 60_000;

/** States in which nothing says yet what became of an order. */
const PLACING: readonly string[] = ['QUEUED', 'SUBMITTED', 'UNKNOWN'];

export function countPost({ client, gateway, carriers, faults }: PostHistories): PostCount {
  const records = new Map(gateway.map((entry) => [entry.orderId, entry]));
  const lookups = new Map(carriers.map(({ carrier, lookup }) => [carrier, lookup]));
  const couriers = new Map(carriers.flatMap(({ carrier, lines }) => lines.map((line) => [`${carrier} ${line.orderNumber}`, line.couriers] as const)));
  const judged = client.map((order) => {
    const record = records.get(order.orderId);
    const booked = couriers.get(`${order.carrier} ${order.orderNumber}`) ?? 0;
    if (record === undefined) return { order, is: 'lost' as const };
    if (!PLACING.includes(record.state)) return { order, is: record.state === 'REJECTED' || booked === 0 ? ('lost' as const) : ('delivered' as const) };
    const wasTold = booked > 0 && lookups.get(order.carrier) === 'feed-only';
    return { order, is: record.state === 'UNKNOWN' && record.delivery === 'parked' ? ('parked' as const) : ('open' as const), wasTold };
  });
  const parked = judged.filter(({ is }) => is === 'parked');
  const resumed = gateway.flatMap(({ resumedMs }) => resumedMs).sort((a, b) => a - b);
  return {
    accepted: client.length,
    delivered: judged.filter(({ is }) => is === 'delivered').length,
    parked: parked.length,
    parkedByNumber: parked.filter(({ order }) => lookups.get(order.carrier) === 'by-number').length,
    parkedThoughTold: parked.filter((one) => 'wasTold' in one && one.wasTold).length,
    open: judged.filter(({ is }) => is === 'open').length,
    lost: judged.filter(({ is }) => is === 'lost').length,
    duplicateEffects: [...couriers.values()].reduce((sum, count) => sum + Math.max(0, count - 1), 0),
    orderViolations: carriers.reduce((sum, { carrier, lines }) => sum + legsOutOfOrder(client.filter((order) => order.carrier === carrier), lines), 0),
    repeatsOnWire: carriers.reduce((sum, { placed }) => sum + placed, 0) - couriers.size,
    kills: tally(faults.filter(({ kind }) => kind === 'kill')),
    faults: tally(faults.filter(({ kind }) => kind === 'fault')),
    slowestUnknownMs: Math.max(0, ...gateway.map(({ unknownMs }) => unknownMs)),
    resumeP99Ms: resumed[Math.min(resumed.length - 1, Math.floor(resumed.length * 0.99))] ?? 0,
  };
}

/** Whether every promise was kept, and it was a trial at all. */
export function isPostPassed(result: PostCount, orders: number, expected: readonly string[]): boolean {
  const whole = result.accepted >= orders && result.accepted === result.delivered + result.parked;
  const clean = result.lost + result.duplicateEffects + result.open + result.orderViolations + result.parkedByNumber + result.parkedThoughTold === 0 && result.slowestUnknownMs <= LONGEST_UNKNOWN_MS;
  const happened = { ...result.kills, ...result.faults };
  return whole && clean && expected.every((kind) => (happened[kind] ?? 0) > 0);
}

function legsOutOfOrder(orders: PostHistories['client'], lines: readonly { readonly orderNumber: string }[]): number {
  const place = new Map(lines.map(({ orderNumber }, index) => [orderNumber, index]));
  return orders.filter(({ dossier, leg, orderNumber }) => {
    const before = orders.find((other) => other.dossier === dossier && other.leg === leg - 1);
    const [mine, earlier] = [place.get(orderNumber), before === undefined ? undefined : place.get(before.orderNumber)];
    return before !== undefined && mine !== undefined && (earlier === undefined || earlier > mine);
  }).length;
}

function tally(events: readonly { readonly what: string }[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { what } of events) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
}
