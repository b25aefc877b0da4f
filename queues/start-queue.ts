import type { JobQueue } from '../src/ports/job-queue.ts';
import type { QueueBackend } from './backend.ts';
import { startConsumer, type Consumer, type ConsumerOptions, type DeliverHandler } from './consumer.ts';
import { postgresBackend, type OpenConnections } from './postgres-backend.ts';
import { startProducer, type QueueDependencies } from './producer.ts';
import { redisBackend } from './redis-backend.ts';
import { readRedisUrl } from './redis-url.ts';

export interface QueueSettings extends QueueDependencies {
  /** Beside the records, unless there is a Redis. */
  readonly postgres: OpenConnections;
  readonly redisUrl: string | null;
}

export interface StartedQueue {
  readonly backend: QueueBackend['name'];
  readonly queue: JobQueue;
  /** Wake-ups that did not reach the queue since the start. */
  failures(): number;
  startConsumer(handler: DeliverHandler, options: ConsumerOptions): Consumer;
  /** Consumers first. */
  close(): Promise<void>;
}

/**
 * Starts the producer's side. Needs no server to be there: until one answers, `queue.healthy()` is false.
 * @throws CONFIG_INVALID for a Redis URL that cannot be read
 */
export function startQueue(settings: QueueSettings): StartedQueue {
  const backend = settings.redisUrl === null ? postgresBackend(settings.postgres) : redisBackend(readRedisUrl(settings.redisUrl), settings.log);
  const producer = startProducer(backend, settings);
  const consumers: Consumer[] = [];
  return {
    backend: backend.name,
    queue: producer.queue,
    failures: () => producer.failures(),
    startConsumer(handler, options) {
      const consumer = startConsumer(backend, handler, options, settings);
      consumers.push(consumer);
      return consumer;
    },
    async close() {
      await Promise.all(consumers.map((consumer) => consumer.close()));
      await producer.close();
    },
  };
}
