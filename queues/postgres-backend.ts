import { createPostgresBackend, Queue, Worker } from 'bullmq';
import { WORKER_DEFAULTS, type OnError, type QueueBackend } from './backend.ts';
import { QUEUE } from './jobs/deliver.ts';

/** A socket folder or host with its database, or a `postgres://` URL. */
export type PostgresTarget =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly database: string; readonly user: string; readonly ssl: false };

const SCHEMA = 'bullmq';

/**
 * BullMQ on PostgreSQL, in a schema of its own beside the records. The migrations run before a worker is built, because one that finds
 * no schema spins.
 */
export function postgresBackend(target: PostgresTarget): QueueBackend {
  const connection = (max: number) => ({ ...('url' in target ? { connectionString: target.url } : target), schema: SCHEMA, max, connectionTimeoutMillis: 5_000 });
  return {
    name: 'postgres',
    async openQueue(onError) {
      const queue = new Queue(QUEUE, { connection: { ...connection(2), migrate: true, application_name: 'lienthong-queue' } }, createPostgresBackend);
      queue.on('error', onError);
      try {
        await queue.waitUntilReady();
      } catch (error) {
        queue.close().catch(onError);
        throw error;
      }
      return {
        add: async (jobs) => void (await queue.addBulk(jobs.map((job) => ({ ...job })))),
        countWaiting: () => queue.getWaitingCount(),
        close: () => queue.close(),
      };
    },
    openWorker({ concurrency, process }, onError) {
      const options = { ...WORKER_DEFAULTS, concurrency, connection: { ...connection(4), application_name: 'lienthong-worker' } };
      const worker = new Worker(QUEUE, async (job) => process(job.data as unknown), options, createPostgresBackend);
      worker.on('error', onError);
      return { close: () => closeWhenBuilt(worker, onError) };
    },
  };
}

/** Closed while it is still connecting, a worker would leave its LISTEN connection open for ever. */
async function closeWhenBuilt(worker: Pick<Worker, 'waitUntilReady' | 'close'>, onError: OnError): Promise<void> {
  await worker.waitUntilReady().catch(onError);
  await worker.close(); // never by force: a worker closed over a running fetch was seen to spin
}
