import type { Dispatcher } from 'undici';
import type { StartedQueue } from '../../queues/start-queue.ts';
import type { Config } from '../config.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { leadership } from '../store/leadership.ts';
import { messageHandler } from '../usecases/deliver-message.ts';
import { followPost } from '../usecases/follow-post.ts';
import { postalHandler } from '../usecases/place-postal-order.ts';
import { startDelivery } from '../usecases/run-delivery.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { dossierPartners } from './dossier-partners.ts';
import type { Store } from './open-store.ts';
import type { RunningAccount } from './postal.ts';

export interface WorkerParts {
  readonly config: Config;
  readonly store: Store;
  readonly queue: StartedQueue;
  readonly accounts: readonly RunningAccount[];
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

export interface RunningWorker {
  /** Takes nothing new, lets attempts finish for `graceMs`, aborts the rest, and resolves when all is settled. */
  stop(graceMs: number): Promise<void>;
}

/** Delivers messages and postal orders, sweeps, and reads the carriers' feeds. */
export function startWorker(parts: WorkerParts): RunningWorker {
  const { config, store, queue, accounts, dispatcher, clock, chance, log } = parts;
  const { records, sealing } = store;
  const { timeoutMs, ...pace } = readDeliverySettings(config.LIENTHONG_DELIVERY_FILE);
  const ports = { records, queue: queue.queue, clock, chance, log, ...pace };
  const delivery = startDelivery(
    {
      ...ports,
      leadership: leadership(store.database.pool, 'sweep', log),
      handlers: {
        message: messageHandler({ ...ports, partners: dossierPartners({ records, sealing, clock, dispatcher, totalTimeoutMs: timeoutMs }) }),
        postal: postalHandler({ ...ports, accounts }),
      },
    },
    { owner: chance.uuid(), concurrency: config.LIENTHONG_DELIVERY_CONCURRENCY, sweeps: true },
  );
  const consumer = queue.startConsumer((id) => delivery.wake(id), { concurrency: config.LIENTHONG_DELIVERY_CONCURRENCY });
  const stopping = new AbortController();
  const feeds = accounts.map((account) => followFeed(parts, account, stopping.signal));
  return {
    async stop(graceMs) {
      stopping.abort();
      await Promise.all([consumer.close(), delivery.stop(graceMs), ...feeds]);
    },
  };
}

/** Reads an account's feed until stopped; a failed round is logged and the next one comes. Replicas do it in turns of chance: reading twice is harmless. */
async function followFeed({ store, queue, clock, chance, log }: WorkerParts, { carrier, pollMs }: RunningAccount, stop: AbortSignal): Promise<void> {
  const ports = { records: store.records, queue: queue.queue, clock, chance, log };
  while (!stop.aborted) {
    let more = false;
    try {
      more = (await followPost(ports, carrier, stop)).more;
    } catch (error) {
      if (!stop.aborted) log.error('post.feed-failed', error, { carrier: carrier.carrier });
    }
    if (!more) await clock.sleep(pollMs, stop).catch(() => undefined); // stopped: the loop's condition ends it
  }
}
