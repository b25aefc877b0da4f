import { Queue, Worker } from 'bullmq';
import { Cluster, Redis, type CommonRedisOptions } from 'ioredis';
import type { Log } from '../src/ports/telemetry.ts';
import { WORKER_DEFAULTS, type OnError, type QueueBackend } from './backend.ts';
import { QUEUE } from './jobs/deliver.ts';
import type { RedisTarget } from './redis-url.ts';

/** One hash tag for all keys of the queue: in a cluster, BullMQ's scripts need them in one slot. */
const PREFIX = '{lienthong}';
const READY_TIMEOUT_MS = 5_000;

/** BullMQ on Redis, Sentinel or Cluster. What Redis loses, the outbox wakes again. */
export function redisBackend(target: RedisTarget, log: Log): QueueBackend {
  return {
    name: 'redis',
    async openQueue(onError) {
      const client = connect(target, { enableOfflineQueue: false, maxRetriesPerRequest: 1 }, onError);
      try {
        await whenReady(client);
        await checkEviction(client, log);
      } catch (error) {
        client.disconnect();
        throw error;
      }
      const queue = new Queue(QUEUE, { connection: client, prefix: PREFIX, streams: { events: { maxLen: 100 } } });
      queue.on('error', onError);
      return {
        add: async (jobs) => void (await queue.addBulk(jobs.map((job) => ({ ...job })))),
        countWaiting: () => queue.getWaitingCount(),
        close: () => closeWith(client, () => queue.close()),
      };
    },
    async openWorker({ concurrency, process }, onError) {
      const client = connect(target, { maxRetriesPerRequest: null }, onError);
      const worker = new Worker(QUEUE, async (job) => process(job.data as unknown), { ...WORKER_DEFAULTS, concurrency, connection: client, prefix: PREFIX });
      worker.on('error', onError);
      return { close: () => closeWith(client, () => worker.close()) };
    },
  };
}

function connect(target: RedisTarget, options: CommonRedisOptions, onError: OnError): Redis | Cluster {
  const client = target.kind === 'cluster' ? connectCluster(target, options) : connectServer(target, options);
  client.on('error', onError); // stays to the end: a late error of a closed connection must not end the process
  return client;
}

function connectServer(target: RedisTarget, options: CommonRedisOptions): Redis {
  const [first] = target.nodes;
  const place =
    target.masterName === null
      ? { host: first?.host ?? '127.0.0.1', port: first?.port ?? 6379 }
      : { sentinels: target.nodes.map((node) => ({ ...node })), name: target.masterName, ...(target.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}) };
  return new Redis({ ...place, ...accessOf(target), ...options, db: target.db, connectTimeout: READY_TIMEOUT_MS, retryStrategy });
}

function connectCluster(target: RedisTarget, options: CommonRedisOptions): Cluster {
  const { enableOfflineQueue = true, ...redisOptions } = options;
  return new Cluster(
    target.nodes.map((node) => ({ ...node })),
    { enableOfflineQueue, clusterRetryStrategy: retryStrategy, redisOptions: { ...accessOf(target), ...redisOptions } },
  );
}

function accessOf({ username, password, tls }: RedisTarget): CommonRedisOptions {
  return { ...(username === null ? {} : { username }), ...(password === null ? {} : { password }), ...(tls ? { tls: {} } : {}) };
}

/** A province's gateway does not wait 20 s for a Redis that is back after one. */
function retryStrategy(times: number): number {
  return Math.min(100 * 2 ** Math.min(times, 4), 1_000);
}

function whenReady(client: Redis | Cluster): Promise<void> {
  return new Promise((resolve, reject) => {
    if (client.status === 'ready') return resolve();
    const timer = setTimeout(() => settle(new Error('Redis did not become ready in time')), READY_TIMEOUT_MS);
    const ready = (): void => settle(null);
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      client.off('ready', ready);
      client.off('error', settle);
      if (error === null) resolve();
      else reject(error);
    };
    client.once('ready', ready);
    client.once('error', settle);
  });
}

/** Any other policy may throw away the queue's own keys when memory runs short. */
async function checkEviction(client: Redis | Cluster, log: Log): Promise<void> {
  const policy = /^maxmemory_policy:(.+)$/m.exec(await client.info('memory'))?.[1]?.trim();
  if (policy !== undefined && policy !== 'noeviction') log.warn('queue.eviction-policy', { policy, wanted: 'noeviction' });
}

async function closeWith(client: Redis | Cluster, close: () => Promise<void>): Promise<void> {
  try {
    await close();
  } finally {
    client.disconnect();
  }
}
