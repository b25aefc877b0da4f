import type { Wake } from '../src/ports/outbox.ts';
import type { QueueBackend, QueueHandle } from './backend.ts';
import { errorLog } from './error-log.ts';
import { readDeliverJob } from './jobs/deliver.ts';
import { pause } from './pause.ts';
import { openWithin, type QueueDependencies } from './producer.ts';
import { within } from '../src/ports/within.ts';

/** Deals with one wake-up. What it throws is logged; the outbox tries again by itself. */
export type DeliverHandler = (wake: Wake) => Promise<void>;

export interface ConsumerOptions {
  readonly concurrency: number;
}

export interface Consumer {
  /** Takes no more jobs, and resolves when those under way are done. */
  close(): Promise<void>;
}

const WATCH_EVERY_MS = 5_000;
const COUNT_LIMIT_MS = 2_000;
const CLOSE_LIMIT_MS = 60_000;

/**
 * Hands wake-ups to `handler`. A watchdog rebuilds the worker when jobs wait, it has hands free, and it still takes none over two looks:
 * after a fail-over BullMQ's workers have been seen to fall silent for good.
 */
export function startConsumer(backend: QueueBackend, handler: DeliverHandler, { concurrency }: ConsumerOptions, { clock, log }: QueueDependencies): Consumer {
  const stop = new AbortController();
  const nap = pause(clock, stop.signal);
  const reportError = errorLog(clock, log);
  const onError = (error: unknown): void => reportError('queue.worker', error, { backend: backend.name });
  const work = { taken: 0, active: 0 };
  const abandoned: Promise<void>[] = [];

  const process = async (data: unknown): Promise<void> => {
    work.taken += 1;
    work.active += 1;
    try {
      const job = readDeliverJob(data);
      if (job === null) log.warn('queue.job-unreadable', { backend: backend.name });
      else await handler(job);
    } catch (error) {
      reportError('queue.handler', error);
    } finally {
      work.active -= 1;
    }
  };

  /** Returns when the worker has to be rebuilt or everything stops. */
  const watch = async (queue: QueueHandle): Promise<void> => {
    for (let silent = 0; !stop.signal.aborted && silent < 2; ) {
      const { taken } = work;
      await nap.sleep(WATCH_EVERY_MS);
      const waiting = await within(clock, COUNT_LIMIT_MS, queue.countWaiting()).catch(() => null);
      if (waiting === null) return; // the server is away: start afresh when it is back
      silent = waiting > 0 && work.taken === taken && work.active < concurrency ? silent + 1 : 0;
    }
    if (!stop.signal.aborted) log.warn('queue.worker-silent', { backend: backend.name });
  };

  const life = async (): Promise<void> => {
    const queue = await openWithin(clock, backend, onError);
    const worker = await backend.openWorker({ concurrency, process }, onError).catch((error: unknown) => {
      queue.close().catch(onError);
      throw error;
    });
    await watch(queue);
    const isTrouble = !stop.signal.aborted;
    const ended = within(clock, CLOSE_LIMIT_MS, worker.close())
      .catch(onError)
      .then(() => queue.close())
      .catch(onError);
    if (isTrouble) abandoned.push(ended); // the next worker does not wait for it
    else await ended;
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await life().catch(onError);
      await nap.sleep(1_000);
    }
  };
  const running = run();
  return {
    async close() {
      stop.abort();
      await running;
      await Promise.all(abandoned);
    },
  };
}
