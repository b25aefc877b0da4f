import type { DeliveryId } from '../domain/ids.ts';
import type { Leadership } from '../ports/leadership.ts';
import type { Lease, TargetFilter, Wake } from '../ports/outbox.ts';
import type { Metrics } from '../ports/telemetry.ts';
import { bulkhead } from './bulkhead.ts';
import { deliver, giveBack, type DeliverPorts } from './deliver.ts';
import { LEASE_MS } from './hold-lease.ts';
import { slots } from './slots.ts';

export interface DeliveryPorts extends DeliverPorts {
  readonly leadership: Leadership;
  readonly metrics?: Metrics | undefined;
}

export interface DeliverySettings {
  /** Names this process in leases; unique for ever, so that a restarted process is another one. */
  readonly owner: string;
  /** Attempts under way at once in this process. */
  readonly concurrency: number;
  /** Of these, to one recipient: a partner that hangs leaves the rest of the places to others. Default: half. */
  readonly concurrencyPerTarget?: number;
  /** What a recipient has in its place; may change at any time. */
  readonly concurrencyOf?: (target: string) => number | undefined;
  /** Whether this process wakes what is due (the leader among those that do). */
  readonly sweeps: boolean;
  /** Default 2,000: how late a retry may begin. */
  readonly sweepEveryMs?: number;
}

export interface RunningDelivery {
  /** Deals with one wake-up of the queue: leases the delivery and makes an attempt, or does nothing. Does not throw. */
  wake(wake: Pick<Wake, 'id' | 'target'>): Promise<void>;
  /** Wake-ups and attempts under way. */
  active(): number;
  /** Leasing straight from the store, because the queue is out of reach. */
  isDegraded(): boolean;
  /**
   * Takes nothing new, lets attempts finish, and aborts those that are still under way after `graceMs`. Resolves when all are settled.
   */
  stop(graceMs: number): Promise<void>;
}

const SWEEP_EVERY_MS = 2_000;
const SWEEP_LIMIT = 1_000;
/** A wake-up given out may still stand in the queue: only after this long it is taken for lost. */
const WAKE_LOST_AFTER_MS = 4_000;
/**
 * While more stand in the queue than are taken at once, a wake-up that is not dealt with waits its turn: giving out another, and another, was
 * seen to make half of all the work. What was never given out, or lost its worker, is not held up by this.
 */
const WAKE_LOST_IN_CROWD_MS = 30_000;
const DEGRADED_AFTER_MS = 3_000;
const LOOK_EVERY_MS = 250;

/** The worker's part of a process: attempts on wake-ups, the sweep, and leasing without a queue. Ends with `stop`. */
export function startDelivery(ports: DeliveryPorts, settings: DeliverySettings): RunningDelivery {
  const { clock } = ports;
  const { outbox } = ports.records;
  const stopping = new AbortController(); // no new leases
  const cuts = new Set<AbortController>(); // one for each attempt under way
  const places = slots(settings.concurrency);
  const targets = bulkhead(settings.concurrencyPerTarget ?? Math.ceil(settings.concurrency / 2), settings.concurrencyOf);
  const underWay = new Set<Promise<void>>();
  let unhealthySince: number | null = null;
  let degraded = false;

  const track = (work: Promise<void>): Promise<void> => {
    const tracked: Promise<void> = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
    return tracked;
  };
  const now = (): Date => clock.now();
  const leased = <T>(work: Promise<T>, none: T): Promise<T> => work.catch((error: unknown) => (ports.log.error('delivery.lease-failed', error), none)); // the sweep finds it again
  const leaseEnd = (): Date => new Date(now().getTime() + LEASE_MS);
  const leaseOne = (id: DeliveryId): Promise<Lease | null> => leased(outbox.lease(id, settings.owner, now(), leaseEnd()), null);
  const leaseDue = (limit: number, filter: TargetFilter): Promise<readonly Lease[]> => leased(outbox.leaseDue(settings.owner, now(), leaseEnd(), limit, filter), []);

  const attempt = async (lease: Lease): Promise<void> => {
    const cut = new AbortController();
    cuts.add(cut);
    await deliver(ports, lease, cut.signal);
    cuts.delete(cut);
  };
  /** In a place, and past the target's bulkhead. Whoever was turned away there meanwhile waits for nobody but those inside: the next of them is attempted here. */
  const run = async (target: string, first: Lease | null): Promise<void> => {
    if (first !== null) await attempt(first);
    while (targets.takeTurnedAway(target) && !stopping.signal.aborted) {
      const [next] = await leaseDue(1, { onlyFor: target });
      if (next === undefined) continue;
      targets.turnAway(target); // more may wait behind it, for this one or whoever is done sooner
      await attempt(next);
    }
    targets.leave(target);
    places.give();
  };
  const wakeOne = async ({ id, target }: Pick<Wake, 'id' | 'target'>): Promise<void> => {
    if (!(await places.take())) return;
    if (targets.enter(target)) await run(target, await leaseOne(id));
    else places.give();
  };
  const sweep = async (): Promise<void> => {
    if (!(await ports.leadership.isLeader())) return;
    const lostAfterMs = (await ports.queue.backlog()) > settings.concurrency ? WAKE_LOST_IN_CROWD_MS : WAKE_LOST_AFTER_MS;
    const wakes = await outbox.sweep(now(), new Date(now().getTime() - lostAfterMs), SWEEP_LIMIT);
    if (wakes.length > 0) ports.queue.wake(wakes);
    ports.metrics?.swept(now(), wakes.length);
  };
  const look = async (): Promise<void> => {
    unhealthySince = ports.queue.healthy() ? null : (unhealthySince ?? now().getTime());
    const wasDegraded = degraded;
    degraded = unhealthySince !== null && now().getTime() - unhealthySince > DEGRADED_AFTER_MS;
    if (degraded !== wasDegraded) ports.log.warn(degraded ? 'delivery.degraded' : 'delivery.queue-back');
    if (degraded) await leaseFromStore();
  };
  const runLeased = async (lease: Lease): Promise<void> => {
    if (targets.enter(lease.target)) return run(lease.target, lease);
    await giveBack(ports, lease);
    places.give();
  };
  const leaseFromStore = async (): Promise<void> => {
    const free = places.takeFree();
    const leases = free === 0 ? [] : await leaseDue(free, { notFor: targets.passBy() });
    places.give(free - leases.length);
    for (const lease of leases) void track(runLeased(lease));
  };

  const loops = [repeat(ports, 'delivery.look', LOOK_EVERY_MS, stopping.signal, look)];
  if (settings.sweeps) loops.push(repeat(ports, 'delivery.sweep', settings.sweepEveryMs ?? SWEEP_EVERY_MS, stopping.signal, sweep));

  return {
    wake: (wake) => track(wakeOne(wake)),
    active: () => underWay.size,
    isDegraded: () => degraded,
    async stop(graceMs) {
      stopping.abort();
      places.close();
      await Promise.all(loops);
      const finished = new AbortController();
      const deadline = clock.sleep(graceMs, finished.signal).then(
        () => cuts.forEach((cut) => cut.abort()),
        () => {}, // everything ended before the deadline
      );
      while (underWay.size > 0) await Promise.all(underWay);
      finished.abort();
      await deadline;
      await ports.leadership.resign();
    },
  };
}

/** Runs `work` every `everyMs` until `stop`, one at a time; a failed round is logged, and the next one comes. */
async function repeat({ clock, log }: DeliveryPorts, event: string, everyMs: number, stop: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!stop.aborted) {
    try {
      await work();
    } catch (error) {
      log.error(event, error);
    }
    await clock.sleep(everyMs, stop).catch(() => {}); // stopped: the loop's condition ends it
  }
}
