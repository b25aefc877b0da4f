import type { Clock } from '../src/ports/clock.ts';
import type { JobQueue } from '../src/ports/job-queue.ts';
import type { Log } from '../src/ports/telemetry.ts';
import type { Wake } from '../src/ports/outbox.ts';
import type { QueueBackend, QueueHandle } from './backend.ts';
import { errorLog } from './error-log.ts';
import { buildDeliverJob } from './jobs/deliver.ts';
import { pause } from './pause.ts';
import { within } from '../src/ports/within.ts';

export interface Producer {
  readonly queue: JobQueue;
  /** Wake-ups that did not reach the queue since the start. */
  failures(): number;
  close(): Promise<void>;
}

export interface QueueDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

const OPEN_LIMIT_MS = 15_000; // BullMQ's migrations run in it
const ADD_LIMIT_MS = 500;
const PROBE_EVERY_MS = 1_000;
const MISSES_BEFORE_REBUILD = 3;
const BATCH = 500;
const MOST_PENDING = 10_000;

/**
 * Sends wake-ups in the background, many at once when they come fast. While the queue is away they are counted and dropped: the sweep
 * finds every delivery again.
 */
export function startProducer(backend: QueueBackend, { clock, log }: QueueDependencies): Producer {
  const stop = new AbortController();
  const nap = pause(clock, stop.signal);
  const reportError = errorLog(clock, log);
  const pending: Wake[] = [];
  let handle: QueueHandle | null = null;
  let healthy = false;
  let misses = 0;
  let failures = 0;

  const onError = (error: unknown): void => reportError('queue.connection', error, { backend: backend.name });
  const discard = (): void => {
    const old = handle;
    handle = null;
    if (old !== null) old.close().catch(onError);
  };
  const sendOrProbe = async (batch: readonly Wake[]): Promise<void> => {
    handle ??= await openWithin(clock, backend, onError);
    const work: Promise<unknown> = batch.length > 0 ? handle.add(batch.map(buildDeliverJob)) : handle.countWaiting();
    await within(clock, ADD_LIMIT_MS, work);
  };
  const round = async (): Promise<void> => {
    const batch = pending.splice(0, BATCH);
    try {
      await sendOrProbe(batch);
      if (!healthy) log.info('queue.reached', { backend: backend.name });
      [healthy, misses] = [true, 0];
    } catch (error) {
      [healthy, misses] = [false, misses + 1];
      failures += batch.length;
      reportError('queue.unreachable', error, { backend: backend.name });
      if (misses >= MISSES_BEFORE_REBUILD) discard();
    }
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await round();
      if (pending.length === 0 || !healthy) await nap.sleep(PROBE_EVERY_MS, { interruptible: healthy });
    }
  };
  const running = run();

  return {
    queue: {
      wake(deliveries) {
        if (deliveries.length === 0) return;
        const room = Math.max(0, MOST_PENDING - pending.length);
        pending.push(...deliveries.slice(0, room));
        failures += Math.max(0, deliveries.length - room);
        nap.interrupt();
      },
      healthy: () => healthy,
      backlog: async () => (healthy && handle !== null ? within(clock, ADD_LIMIT_MS, handle.countWaiting()).catch(() => 0) : 0),
    },
    failures: () => failures,
    async close() {
      stop.abort();
      await running;
      await handle?.close().catch(onError);
    },
  };
}

/** A handle that is ready only after its time is closed, not leaked. */
export async function openWithin(clock: Clock, backend: QueueBackend, onError: (error: unknown) => void): Promise<QueueHandle> {
  const opening = backend.openQueue(onError);
  try {
    return await within(clock, OPEN_LIMIT_MS, opening);
  } catch (error) {
    opening.then((late) => late.close()).catch(onError);
    throw error;
  }
}
