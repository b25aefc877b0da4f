import { createPostgresBackend, Queue, runMigrations, Worker, type PgPool } from 'bullmq';
import pg from 'pg';
import { WORKER_DEFAULTS, type OnError, type QueueBackend, type WorkerHandle } from './backend.ts';
import { QUEUE } from './jobs/deliver.ts';

/** A socket folder or host with its database, or a `postgres://` URL. */
export type PostgresTarget =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly database: string; readonly user: string; readonly ssl: false };

const SCHEMA = 'bullmq';

/**
 * BullMQ on PostgreSQL, in a schema of its own beside the records. The connections are ours: BullMQ's own end the process when the server
 * dies between two of its listeners.
 */
export function postgresBackend(target: PostgresTarget): QueueBackend {
  return {
    name: 'postgres',
    async openQueue(onError) {
      const pool = openPool(target, { max: 2, name: 'lienthong-queue' }, onError);
      const close = closing(pool);
      try {
        await migrate(pool);
        const queue = new Queue(QUEUE, { connection: asBullMqPool(pool) }, createPostgresBackend);
        queue.on('error', onError);
        return {
          add: async (jobs) => void (await queue.addBulk(jobs.map((job) => ({ ...job })))),
          countWaiting: () => queue.getWaitingCount(),
          close: () => close(() => queue.close()),
        };
      } catch (error) {
        close(() => Promise.resolve()).catch(onError);
        throw error;
      }
    },
    async openWorker({ concurrency, process }, onError) {
      const pool = openPool(target, { max: 5, name: 'lienthong-worker' }, onError);
      const worker = new Worker(
        QUEUE,
        async (job) => process(job.data as unknown),
        { ...WORKER_DEFAULTS, concurrency, connection: asBullMqPool(pool), autorun: false },
        createPostgresBackend,
      );
      worker.on('error', onError);
      const close = closing(pool);
      const handle: WorkerHandle = { close: () => close(() => worker.close()) }; // never by force: a worker closed over a running fetch was seen to spin
      // BullMQ remembers its first look at the server for ever. One that failed makes a running worker spin without ever letting go of the
      // process: it may run only after that look went well.
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

function openPool(target: PostgresTarget, { max, name }: { readonly max: number; readonly name: string }, onError: OnError): pg.Pool {
  const pool = new pg.Pool({
    ...('url' in target ? { connectionString: target.url } : target),
    options: `-c search_path=${SCHEMA}`,
    application_name: name,
    max,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    Client: HandledClient,
  });
  pool.on('error', onError);
  return pool;
}

/** Errors of a connection reach its queries; the event that repeats them ends the process when nobody listens, and BullMQ takes all listeners away. */
class HandledClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', ignore);
  }

  override removeAllListeners(event?: string | symbol): this {
    super.removeAllListeners(event);
    return this.on('error', ignore);
  }
}

function ignore(): void {
  // 'end' follows, and what waits for an answer is told
}

/** BullMQ declares the part of pg that it uses by itself, and the two declarations of `on` do not fit though the functions do. */
function asBullMqPool(pool: pg.Pool): PgPool {
  return pool as unknown as PgPool;
}

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    client.release();
  }
}

/** Closes what uses the connections, then the connections, once. */
function closing(pool: pg.Pool): (user: () => Promise<void>) => Promise<void> {
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
