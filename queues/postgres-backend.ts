import { createPostgresBackend, Queue, runMigrations, Worker, type PgPool, type PgQueryable } from 'bullmq';
import { WORKER_DEFAULTS, type OnError, type QueueBackend, type WorkerHandle } from './backend.ts';
import { QUEUE } from './jobs/deliver.ts';

/** Opens connections to the server of the records, in the schema named. */
export type OpenConnections = (settings: {
  readonly max: number;
  readonly schema: string;
  readonly applicationName: string;
  readonly onError: OnError;
}) => Connections;

/** A pool of pg whose connections never end the process by an error that nobody listens for. */
interface Connections {
  connect(): Promise<PgQueryable & { release(): void }>;
  end(): Promise<void>;
}

const SCHEMA = 'bullmq';

/** BullMQ on PostgreSQL, in a schema of its own beside the records. */
export function postgresBackend(open: OpenConnections): QueueBackend {
  return {
    name: 'postgres',
    async openQueue(onError) {
      const pool = open({ max: 2, schema: SCHEMA, applicationName: 'lienthong-queue', onError });
      const close = closing(pool);
      try {
        await migrate(pool);
      } catch (error) {
        close(() => Promise.resolve()).catch(onError);
        throw error;
      }
      const queue = new Queue(QUEUE, { connection: asBullMqPool(pool) }, createPostgresBackend);
      queue.on('error', onError);
      return {
        add: async (jobs) => void (await queue.addBulk(jobs.map((job) => ({ ...job })))),
        countWaiting: () => queue.getWaitingCount(),
        close: () => close(() => queue.close()),
      };
    },
    async openWorker({ concurrency, process }, onError) {
      const pool = open({ max: 5, schema: SCHEMA, applicationName: 'lienthong-worker', onError });
      const options = { ...WORKER_DEFAULTS, concurrency, connection: asBullMqPool(pool), autorun: false };
      const worker = new Worker(QUEUE, async (job) => process(job.data as unknown), options, createPostgresBackend);
      worker.on('error', onError);
      const close = closing(pool);
      const handle: WorkerHandle = { close: () => close(() => worker.close()) }; // never by force: a worker closed over a running fetch was seen to spin
      // BullMQ remembers its first look at the server for ever. After one that failed a running worker spins and never lets go of the
      // process: it may run only when that look went well.
      try {
        await worker.waitUntilReady();
      } catch (error) {
        handle.close().catch(onError);
        throw error;
      }
      worker.run().catch(onError);
      return handle;
    },
  };
}

/** BullMQ declares by itself the part of pg that it uses; the two declarations of `on` do not fit, though the functions do. */
function asBullMqPool(pool: Connections): PgPool {
  return pool as unknown as PgPool;
}

async function migrate(pool: Connections): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    client.release();
  }
}

/** Closes what uses the connections, then the connections, once. */
function closing(pool: Connections): (user: () => Promise<void>) => Promise<void> {
  let closed: Promise<void> | null = null;
  const closeBoth = async (user: () => Promise<void>): Promise<void> => {
    try {
      await user();
    } finally {
      await pool.end();
    }
  };
  return (user) => (closed ??= closeBoth(user));
}
