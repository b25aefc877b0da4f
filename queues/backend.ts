import type { DeliverJob } from './jobs/deliver.ts';

/** What a queue needs from BullMQ, the same on PostgreSQL and on Redis. Objects built while the server was down are thrown away, not waited for. */
export interface QueueBackend {
  readonly name: 'postgres' | 'redis';
  /** Connects, brings BullMQ's own tables up to date where it has any, and is ready when it resolves. */
  openQueue(onError: OnError): Promise<QueueHandle>;
  /** Resolves with a worker that takes jobs. Throws when the server is not there: a worker built without it is no use. */
  openWorker(options: WorkerOptions, onError: OnError): Promise<WorkerHandle>;
}

export type OnError = (error: unknown) => void;

export interface QueueHandle {
  add(jobs: readonly DeliverJob[]): Promise<void>;
  /** Jobs nobody has taken yet; also asks whether the server is there at all. */
  countWaiting(): Promise<number>;
  close(): Promise<void>;
}

export interface WorkerOptions {
  readonly concurrency: number;
  /** Must not throw; resolves when the wake-up has been dealt with. */
  readonly process: (data: unknown) => Promise<void>;
}

export interface WorkerHandle {
  /** Takes no more jobs, and waits for those under way. */
  close(): Promise<void>;
}

/** Locks of BullMQ matter little here: the outbox has leases of its own, and wakes again what was lost. A stalled job is dropped, not repeated. */
export const WORKER_DEFAULTS = { lockDuration: 30_000, stalledInterval: 15_000, maxStalledCount: 0, runRetryDelay: 1_000, drainDelay: 5 } as const;
