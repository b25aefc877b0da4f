import { setMaxListeners } from 'node:events';
import type { Dispatcher } from 'undici';
import type { StartedQueue } from '../../queues/start-queue.ts';
import type { Config } from '../config.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import { NO_TELEMETRY, type Log, type Telemetry } from '../ports/telemetry.ts';
import { leadership } from '../store/leadership.ts';
import type { DeliveryHandler } from '../usecases/delivery-handler.ts';
import { messageHandler } from '../usecases/deliver-message.ts';
import { followPost } from '../usecases/follow-post.ts';
import { forgetAnswers } from '../usecases/forget-answers.ts';
import { postalHandler } from '../usecases/place-postal-order.ts';
import { forgetNonces } from '../usecases/check-request-signature.ts';
import { eraseDue } from '../usecases/erase-dossier.ts';
import { forgetUploads } from '../usecases/resumable-upload.ts';
import { watchNumbers } from '../usecases/watch-numbers.ts';
import { startDelivery } from '../usecases/run-delivery.ts';
import { warnOfEndingCertificates } from '../usecases/watch-certificates.ts';
import { readDeliverySettings } from './delivery-settings.ts';
import { dossierPartners } from './dossier-partners.ts';
import { rememberNote, watchSilence } from './evidence.ts';
import type { Store } from './open-store.ts';
import type { RunningAccount } from './postal.ts';
import { tracedHandler } from './traced.ts';
import { takeTurns, type Turns } from './turns.ts';

export interface WorkerParts {
  readonly config: Config;
  readonly store: Store;
  readonly queue: StartedQueue;
  readonly accounts: readonly RunningAccount[];
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly telemetry?: Telemetry | undefined;
}

export interface RunningWorker {
  /** Takes nothing new, lets attempts finish for `graceMs`, aborts the rest, and resolves when all is settled. */
  stop(graceMs: number): Promise<void>;
}

/** How late a changed concurrency counts. */
const READ_CONCURRENCIES_EVERY_MS = 5_000;
const FORGET_EVERY_MS = 3_600_000;
const WATCH_NUMBERS_EVERY_MS = 10 * 60_000;
const FORGET_NONCES_EVERY_MS = 600_000;
const LOOK_AT_CERTIFICATES_EVERY_MS = 24 * 3_600_000;

/** Delivers messages and postal orders, sweeps, reads the carriers' feeds, and forgets the answers of POSTs that are past their time. */
export function startWorker(parts: WorkerParts): RunningWorker {
  const { config, store, queue, accounts, dispatcher, clock, chance, log } = parts;
  const { records, sealing, exchangeKey } = store;
  const { metrics, tracing } = parts.telemetry ?? NO_TELEMETRY;
  const { timeoutMs, ...pace } = readDeliverySettings(config.LIENTHONG_DELIVERY_FILE);
  const silence = watchSilence(store, clock, config.LIENTHONG_EVIDENCE_SILENT_HOURS * 3_600_000);
  const evidence = { isSilent: () => silence.isSilent(), policy: config.LIENTHONG_TSA_URLS.length > 0 ? 'strict' : 'degraded' } as const;
  const ports = { records, exchangeKey, queue: queue.queue, clock, chance, log, ...pace };
  const traced = (handler: DeliveryHandler): DeliveryHandler => tracedHandler(handler, records.messages, tracing);
  let concurrencies: ReadonlyMap<string, number> = new Map();
  const delivery = startDelivery(
    {
      ...ports,
      metrics,
      leadership: leadership(store.database.pool, 'sweep', log),
      handlers: {
        message: traced(messageHandler({ ...ports, evidence, partners: dossierPartners({ records, sealing, clock, chance, dispatcher, totalTimeoutMs: timeoutMs, newestNote: rememberNote(store, clock) }) })),
        postal: traced(postalHandler({ ...ports, accounts })),
      },
    },
    { owner: chance.uuid(), concurrency: config.LIENTHONG_DELIVERY_CONCURRENCY, concurrencyOf: (target) => concurrencies.get(target), sweeps: true },
  );
  const consumer = queue.startConsumer((wake) => delivery.wake(wake), { concurrency: config.LIENTHONG_DELIVERY_CONCURRENCY });
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every turn waits on it
  const readConcurrencies = async (): Promise<{ readonly more: false }> => {
    concurrencies = await records.partnerStates.concurrencies();
    return { more: false };
  };
  const turns: readonly Turns[] = [
    { event: 'partner.concurrencies-unread', everyMs: READ_CONCURRENCIES_EVERY_MS, turn: readConcurrencies },
    { event: 'log.silence-unread', everyMs: READ_CONCURRENCIES_EVERY_MS, turn: () => silence.look() },
    ...accounts.map(({ carrier, pollMs }): Turns => ({ event: 'post.feed-failed', carrier: carrier.carrier, everyMs: pollMs, turn: (stop) => followPost(ports, carrier, stop) })),
    { event: 'upload.forget-failed', everyMs: FORGET_EVERY_MS, turn: () => forgetUploads({ records, uploads: store.uploads, clock }) },
    { event: 'post.numbers-unwatched', everyMs: WATCH_NUMBERS_EVERY_MS, turn: () => watchNumbers(ports, accounts) },
    { event: 'nonce.forget-failed', everyMs: FORGET_NONCES_EVERY_MS, turn: () => forgetNonces({ records, clock }) },
    { event: 'dossier.erase-failed', everyMs: FORGET_EVERY_MS, turn: () => eraseDue({ records, documents: store.documents, exchangeKey, chance, clock }) },
    { event: 'idempotency.forget-failed', everyMs: FORGET_EVERY_MS, turn: () => forgetAnswers({ records, clock }) },
    { event: 'key.certificates-unseen', everyMs: LOOK_AT_CERTIFICATES_EVERY_MS, turn: () => warnOfEndingCertificates({ records, clock, log }) },
  ];
  const taken = turns.map((each) => takeTurns(parts, each, stopping.signal));
  return {
    async stop(graceMs) {
      stopping.abort();
      await Promise.all([consumer.close(), delivery.stop(graceMs), ...taken]);
    },
  };
}
