import { startQueue, type StartedQueue } from '../../queues/start-queue.ts';
import type { PartnerId } from '../../src/domain/ids.ts';
import type { Partner } from '../../src/domain/partner.ts';
import { DEFAULT_BREAKER, type BreakerSettings } from '../../src/domain/partner-limits.ts';
import type { RetrySchedule } from '../../src/domain/retry-schedule.ts';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import type { Log } from '../../src/ports/telemetry.ts';
import { leadership } from '../../src/store/leadership.ts';
import { webhookSecretContext } from '../../src/usecases/administer-partners.ts';
import type { DeliveryHandler } from '../../src/usecases/delivery-handler.ts';
import { messageHandler } from '../../src/usecases/deliver-message.ts';
import { startDelivery, type RunningDelivery } from '../../src/usecases/run-delivery.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { dossierPartners } from '../../src/wiring/dossier-partners.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { newId } from './ledger.ts';
import { silentLog } from './log.ts';
import type { FreshRecords } from './records.ts';
import { queueConnections } from '../../src/store/queue-connections.ts';

export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** Impatient, so that suites see retries within seconds. */
export const QUICK: RetrySchedule = { delaysMs: [50, 100, 200, 400, 800, 1_600], jitter: 0.1, longestRetryAfterMs: 2_000 };

export interface WorkerOptions {
  readonly schedule?: RetrySchedule;
  readonly timeoutMs?: number;
  readonly quarantineMs?: number;
  readonly concurrency?: number;
  /** Default true. */
  readonly sweeps?: boolean;
  readonly breaker?: BreakerSettings;
  readonly redisUrl?: string | null;
  /** A queue that is not there, instead of a real one. */
  readonly queue?: JobQueue;
  readonly log?: Log;
}

export interface GatewayWorker {
  readonly delivery: RunningDelivery;
  readonly queue: JobQueue;
  stop(graceMs?: number): Promise<void>;
}

/** No queue at all: nothing wakes, and it says so. */
export const noQueue: JobQueue = { wake() {}, healthy: () => false, backlog: () => Promise.resolve(0) };

/** The worker of a process as `serve` wires it, in this process. */
export function startWorker(fresh: FreshRecords, options: WorkerOptions = {}): GatewayWorker {
  const { schedule = QUICK, timeoutMs = 500, quarantineMs = 1_000, log = silentLog } = options;
  const chance = systemChance(systemClock);
  const agent = outboundAgent({ allow: ['127.0.0.1'] });
  const partners = dossierPartners({ records: fresh.records, sealing: fresh.sealing, dispatcher: agent, clock: systemClock, chance, totalTimeoutMs: timeoutMs });
  const started: StartedQueue | null = options.queue === undefined ? startQueue({ postgres: queueConnections(fresh.connection), redisUrl: options.redisUrl ?? null, clock: systemClock, log }) : null;
  const queue = options.queue ?? started?.queue ?? noQueue;
  const message = messageHandler({ records: fresh.records, exchangeKey: fresh.exchangeKey, partners, clock: systemClock, chance, schedule, quarantineMs, breaker: options.breaker ?? DEFAULT_BREAKER });
  const ports = { records: fresh.records, queue, clock: systemClock, chance, log, schedule, handlers: { message, postal: unused }, leadership: leadership(fresh.handle.pool, 'sweep', log) };
  const delivery = startDelivery(ports, { owner: `test-${newId()}`, concurrency: options.concurrency ?? 8, sweeps: options.sweeps ?? true, sweepEveryMs: 100 });
  started?.startConsumer((wake) => delivery.wake(wake), { concurrency: options.concurrency ?? 8 });
  return {
    delivery,
    queue,
    async stop(graceMs = 5_000) {
      await delivery.stop(graceMs);
      await started?.close();
      await agent.destroy();
    },
  };
}

const unused: DeliveryHandler = {
  attempt: () => Promise.reject(new Error('no postal orders in this suite')),
  onParked: () => Promise.resolve(),
};

/** Adds a partner and its webhook secret, sealed as the administration does. */
export async function addPushPartner(fresh: FreshRecords, partner: Partner): Promise<PartnerId> {
  await fresh.records.partners.add(partner);
  const sealed = fresh.sealing.seal(new TextEncoder().encode(WEBHOOK_SECRET), webhookSecretContext(partner.id));
  await fresh.records.partners.setWebhookSecret(partner.id, sealed);
  return partner.id;
}
