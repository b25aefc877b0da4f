import type { PostalOrderId } from '../domain/ids.ts';

export interface NumberCounts {
  readonly free: number;
  readonly taken: number;
  readonly withdrawn: number;
}

/** Numbers of parcels that a carrier gave out beforehand; each goes to one order, once. */
export interface PostalNumbers {
  /** How many of them were not there before. */
  add(carrier: string, numbers: readonly string[], at: Date): Promise<number>;
  /** The number of this order: the one it has, else the oldest free one; null: none is left. Two orders at once get two numbers. */
  take(carrier: string, order: PostalOrderId, at: Date): Promise<string | null>;
  /** Whose it is, locked until the transaction ends; null: there is no such number. */
  lock(carrier: string, number: string): Promise<{ readonly state: 'free' | 'taken' | 'withdrawn'; readonly order: PostalOrderId | null } | null>;
  /** `free`: back to the others. `withdrawn`: never given out any more. */
  release(carrier: string, number: string, to: 'free' | 'withdrawn', at: Date): Promise<void>;
  counts(carrier: string): Promise<NumberCounts>;
}
