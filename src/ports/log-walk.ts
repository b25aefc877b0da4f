import type { AuditEntry } from '../domain/audit.ts';
import type { LogCheckpoint, LogTimestamp } from './log-records.ts';

/** A leaf with what it is about, as both stand in the store: nothing of it is believed. */
export interface WalkedLeaf {
  readonly index: number;
  /** Null: there is no entry. */
  readonly entry: { readonly kind: string; readonly subject: string; readonly recordSha256: Uint8Array; readonly salt: Uint8Array; readonly leafData: Uint8Array } | null;
  /** Digest of what is recorded now; null: the record is gone; undefined: the store does not keep what it was made of. */
  readonly recomputed: Uint8Array | null | undefined;
  /** Whether what is recorded beside a signature is what it covers; true where there is no signature. */
  readonly isBound: boolean;
  /** The row of an audit leaf, whose digest its text has. */
  readonly audit: AuditEntry | null;
}

/** Reads the whole log in order, for those who check it. */
export interface LogWalk {
  /** Leaves `from` (included) to `to` (excluded) that are there, in order. */
  leaves(from: number, to: number): Promise<readonly WalkedLeaf[]>;
  countLeaves(): Promise<{ readonly count: number; readonly highest: number | null }>;
  /** Of at least `from` leaves, in order. */
  checkpoints(from: number, limit: number): Promise<readonly LogCheckpoint[]>;
  stamps(from: number, to: number): Promise<readonly LogTimestamp[]>;
  /** The last checkpoint made before. */
  checkpointBefore(time: Date): Promise<LogCheckpoint | null>;
  /** What is recorded and not in the log though it should be: ids, at most `limit`, and how many in all. */
  unlogged(limit: number): Promise<{ readonly count: number; readonly examples: readonly string[] }>;
  /** Recorded before there was a log. */
  olderThanLog(): Promise<number>;
}
