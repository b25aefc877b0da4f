import type { Wake } from './outbox.ts';

/**
 * Wake-ups for workers: a hint whose loss delays work and never loses it. Calls return at once; a failure is counted and
 * logged, never thrown.
 */
export interface JobQueue {
  wake(deliveries: readonly Wake[]): void;
  /** Whether wake-ups have been reaching the queue lately; false for more than 3 s makes workers lease straight from the store. */
  healthy(): boolean;
  /** How many wake-ups stand in the queue and nobody has taken yet; 0 also when that cannot be found out. */
  backlog(): Promise<number>;
}
