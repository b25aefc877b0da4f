import { isGatewayError, type ErrorCode } from '../domain/errors.ts';
import type { ParkReason } from '../domain/park-reason.ts';
import { waitAfter, type RetrySchedule } from '../domain/retry-schedule.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Attempt, DeliveryError, Lease, Wake } from '../ports/outbox.ts';
import type { Records } from '../ports/records.ts';
import type { Attributes, Log, Metrics } from '../ports/telemetry.ts';
import type { DeliveryHandlers, Handled } from './delivery-handler.ts';
import { keepLease, type KeptLease } from './hold-lease.ts';

export interface DeliverPorts {
  readonly records: Records;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly handlers: DeliveryHandlers;
  readonly schedule: RetrySchedule;
  /** Left out where nobody counts. */
  readonly metrics?: Pick<Metrics, 'took' | 'parked'> | undefined;
}

const SETTLE_AGAIN_MS = 500;
const SETTLE_FOR_MS = 60_000;

/**
 * One attempt at a leased delivery: the handler acts, and what it found is written in one transaction, only if the lease's epoch is still
 * the row's. Then the next of the lane is woken. Does not throw.
 */
export async function deliver(ports: DeliverPorts, lease: Lease, stop: AbortSignal): Promise<void> {
  const { log, clock } = ports;
  const startedAt = clock.now();
  const held = keepLease(ports.records.outbox, clock, lease, stop);
  try {
    const handled = await attempt(ports, held);
    const next = await settleUntilWritten(ports, lease, handled, startedAt, stop);
    if (next === 'lost') {
      log.warn('delivery.lease-lost', factsOf(lease, handled));
      return;
    }
    log.info('delivery.attempted', factsOf(lease, handled));
    count(ports, lease, handled, startedAt);
    ports.queue.wake(next);
  } catch (error) {
    log.error('delivery.unsettled', error, { deliveryId: lease.id, attempt: lease.attempt });
  } finally {
    held.release();
  }
}

/** Lets a lease go without an attempt, for whoever has room. Does not throw: a lease also ends by itself. */
export async function giveBack({ records, clock, log }: DeliverPorts, lease: Lease): Promise<void> {
  const at = clock.now();
  const { settlement, attempt: nothing } = postponed(lease, at, { code: 'OVERLOADED', detail: 'As much runs for this recipient as may' });
  try {
    await records.outbox.settle(lease, settlement, { ...nothing, startedAt: at, finishedAt: at });
  } catch (error) {
    log.error('delivery.not-given-back', error, { deliveryId: lease.id });
  }
}

/** An expired delivery is parked unsent; an error of the handler is an outcome too. */
async function attempt(ports: DeliverPorts, held: KeptLease): Promise<Handled> {
  const { lease } = held;
  if (lease.expiresAt !== null && lease.expiresAt <= ports.clock.now()) return parked(lease, 'expired', { code: 'DELIVERY_EXPIRED', detail: 'Its time was over before it could be delivered' });
  try {
    return await ports.handlers[lease.kind].attempt(held);
  } catch (error) {
    return handledError(ports, held, error);
  }
}

function handledError(ports: DeliverPorts, held: KeptLease, error: unknown): Handled {
  const { lease } = held;
  if (!isGatewayError(error)) ports.log.error('delivery.handler-failed', error, { deliveryId: lease.id });
  const code: ErrorCode = isGatewayError(error) ? error.code : 'INTERNAL';
  const detail = isGatewayError(error) ? error.message : 'An error inside the gateway: see its log';
  const sent = held.hasBegunSending();
  if (code === 'CANCELLED' && !sent) return postponed(lease, ports.clock.now(), { code, detail });
  return retried(ports, lease, { outcome: sent ? 'unknown' : 'retry', code, detail, retryAfterMs: null });
}

/** Back to the lane without spending a try: nothing was sent, and nobody is to blame. */
export function postponed(lease: Lease, nextAt: Date, error: DeliveryError): Handled {
  return {
    settlement: { state: 'pending', nextAt, outcomeUnknown: lease.outcomeUnknown, spendsTry: false, error },
    attempt: { outcome: 'retry', ...error },
  };
}

export interface FailedTry {
  /** `retry`: nothing took effect in this try; `unknown`: it may have. */
  readonly outcome: 'retry' | 'unknown';
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs: number | null;
}

/** Pending by the schedule, or parked when that is at its end. What an earlier try left unknown stays unknown. */
export function retried(ports: Pick<DeliverPorts, 'clock' | 'chance' | 'schedule'>, lease: Lease, failed: FailedTry): Handled {
  const { outcome, code, detail, retryAfterMs } = failed;
  const outcomeUnknown = lease.outcomeUnknown || outcome === 'unknown';
  const waitMs = waitAfter(ports.schedule, lease.triesSpent + 1, retryAfterMs, ports.chance.fraction());
  if (waitMs === null) return { ...parked(lease, outcomeUnknown ? 'outcome-unknown' : 'exhausted', { code, detail }, outcomeUnknown), attempt: { outcome, code, detail } };
  const nextAt = new Date(ports.clock.now().getTime() + waitMs);
  return { settlement: { state: 'pending', nextAt, outcomeUnknown, spendsTry: true, error: { code, detail } }, attempt: { outcome, code, detail } };
}

/** For a person to decide. */
export function parked(lease: Lease, reason: ParkReason, error: DeliveryError, outcomeUnknown = lease.outcomeUnknown): Handled {
  return { settlement: { state: 'parked', reason, outcomeUnknown, error }, attempt: { outcome: 'refused', ...error } };
}

/**
 * A result that is not written is a message that will be sent again: while the lease is ours, the database is asked again and again.
 * 'lost': another worker has the delivery, and nothing was written.
 */
async function settleUntilWritten(ports: DeliverPorts, lease: Lease, handled: Handled, startedAt: Date, stop: AbortSignal): Promise<readonly Wake[] | 'lost'> {
  const { clock } = ports;
  const attempt: Attempt = { ...handled.attempt, startedAt, finishedAt: clock.now() };
  for (;;) {
    try {
      return await settleOnce(ports, lease, handled, attempt);
    } catch (error) {
      const tooLate = clock.now().getTime() - attempt.finishedAt.getTime() > SETTLE_FOR_MS;
      if (!isGatewayError(error, 'DATABASE_UNAVAILABLE') || tooLate || stop.aborted) throw error;
      await clock.sleep(SETTLE_AGAIN_MS, stop);
    }
  }
}

/** Most attempts have nothing more to record than their settlement, which is whole by itself. */
async function settleOnce({ records, handlers }: DeliverPorts, lease: Lease, { settlement, record }: Handled, attempt: Attempt): Promise<readonly Wake[] | 'lost'> {
  const at = attempt.finishedAt;
  if (record === undefined && settlement.state !== 'parked') return (await records.outbox.settle(lease, settlement, attempt)) ?? 'lost';
  return records.transaction(async (trx) => {
    const next = await trx.outbox.settle(lease, settlement, attempt);
    if (next === null) return 'lost';
    const recorded = (await record?.(trx, at)) ?? [];
    const announced = settlement.state === 'parked' ? ((await handlers[lease.kind].onParked(trx, lease, settlement, at)) ?? []) : [];
    return [...recorded, ...announced, ...next];
  });
}

function count({ metrics, clock }: DeliverPorts, { kind }: Lease, { attempt, settlement }: Handled, startedAt: Date): void {
  metrics?.took('delivery', Math.max(0, clock.now().getTime() - startedAt.getTime()) / 1_000, { kind, outcome: attempt.outcome });
  if (settlement.state === 'parked') metrics?.parked(settlement.reason);
}

function factsOf(lease: Lease, { attempt, settlement }: Handled): Attributes {
  return { deliveryId: lease.id, kind: lease.kind, target: lease.target, attempt: lease.attempt, outcome: attempt.outcome, code: attempt.code, state: settlement.state };
}
