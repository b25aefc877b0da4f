import type { PartnerId, Sha256Hex } from '../domain/ids.ts';

/** What leaves of the evidence log are about. */
export type LogEntryKind = 'message' | 'receipt' | 'postal' | 'audit' | 'timestamp';

export interface NewLogEntry {
  readonly kind: LogEntryKind;
  /** Id of what was recorded, unique within its kind: the id of a message, `message/name` of a receipt (`evidence`), the id of a postal event, of an audit row. */
  readonly subject: string;
  /** Of the recorded bytes: the signature over a message or receipt as it was made (`evidence.cms_der`), the canonical JSON of a row. */
  readonly recordSha256: Sha256Hex;
  /** Who may see its proof; whoever runs the gateway may see all. */
  readonly partners: readonly PartnerId[];
  readonly at: Date;
}

export interface LogEntry extends NewLogEntry {
  readonly id: string;
  /** 16 bytes; stays with the record, so that a proof holds on after the content was erased. */
  readonly salt: Uint8Array;
  /** SHA-256(salt || SHA-256(recorded bytes)), the entry whose hash is the leaf (RFC 9162 §2.1.1). */
  readonly leafData: Uint8Array;
  /** Its place in the tree; null: recorded, and not under a checkpoint yet. */
  readonly index: number | null;
}

export interface LogCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  /** As it was signed and published. @see https://c2sp.org/tlog-checkpoint */
  readonly note: string;
  readonly keyId: string;
  readonly createdAt: Date;
}

/** An RFC 3161 token over the bytes of a checkpoint's note. */
export interface LogTimestamp {
  readonly id: string;
  readonly size: number;
  readonly authority: string;
  readonly tokenDer: Uint8Array;
  readonly genTime: Date;
  readonly certificateNotAfter: Date;
  readonly digestAlgorithm: string;
  readonly createdAt: Date;
}

export interface LogKeyRecord {
  readonly id: string;
  /** The log's name (the origin of its checkpoints). */
  readonly name: string;
  /** The life of the store that it signs for: a restored store goes on under another name. */
  readonly incarnation: number;
  /** RFC 8032 §5.1.5, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** PKCS#8, sealed under `log-key:<id>`. */
  readonly privateKeySealed: Uint8Array;
  readonly createdAt: Date;
}

/** A tile of 256 hashes; the last of its level has fewer. @see https://c2sp.org/tlog-tiles */
export interface LogTile {
  readonly level: number;
  readonly index: number;
  /** 32 bytes each, one behind the other. */
  readonly hashes: Uint8Array;
}

export interface LogConflict {
  readonly id: string;
  /** fork: the same size, or a smaller one, with another root; rewind: more leaves than this log has. */
  readonly reason: 'fork' | 'rewind';
  /** Who held the checkpoint: `partner:<id>`, or where it was kept. */
  readonly witness: string;
  readonly note: string;
  /** Of this log when it was found. */
  readonly ownSize: number;
  readonly foundAt: Date;
}

export interface Witnessed {
  readonly logName: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  readonly at: Date;
}

export interface GrownTree {
  /** Those that are new or have grown. */
  readonly tiles: readonly LogTile[];
  readonly root: Uint8Array;
  /** The signed checkpoint over it. */
  readonly note: string;
}

/** Adds entries to the tree of `size`, whose last tile of each level is in `edge`, and signs what it has become. */
export type GrowTree = (size: number, edge: readonly LogTile[], leafData: readonly Uint8Array[]) => GrownTree;

/** The evidence log: append-only, places given after commit, proofs against signed checkpoints. */
export interface LogRecords {
  /**
   * Enters what the caller records in the same transaction: the one is there with the other, or neither. Costs no lock; the place in the
   * tree comes with the next checkpoint. The same (kind, subject) twice fails the transaction.
   */
  append(...entries: readonly NewLogEntry[]): Promise<void>;
  find(kind: LogEntryKind, subject: string): Promise<LogEntry | null>;
  at(index: number): Promise<LogEntry | null>;

  /** Whether entries wait for a place. `ofTime` alone: time-stamps of earlier checkpoints, which do not call for one by themselves. */
  pending(): Promise<{ readonly any: boolean; readonly ofTimeAlone: boolean }>;
  /**
   * Gives places to what was committed, at most `limit`, and records the tiles and the checkpoint that `grow` makes of it; one process at a
   * time. @returns null when nothing waited
   */
  advance(request: { readonly limit: number; readonly keyId: string; readonly at: Date; readonly grow: GrowTree }): Promise<LogCheckpoint | null>;

  newest(): Promise<LogCheckpoint | null>;
  /** The newest that has a token; evidence is exported against it. */
  newestTimed(): Promise<LogCheckpoint | null>;
  checkpoint(size: number): Promise<LogCheckpoint | null>;
  /** The first with at least so many leaves, timed or not. */
  checkpointCovering(size: number, timed: boolean): Promise<LogCheckpoint | null>;
  addTimestamp(stamp: LogTimestamp): Promise<void>;
  timestamps(size: number): Promise<readonly LogTimestamp[]>;
  newestTimestamp(authority?: string): Promise<LogTimestamp | null>;
  /** When the oldest checkpoint was made that no time-stamp covers yet: a later one covers all before it. */
  untimedSince(): Promise<Date | null>;
  tile(level: number, index: number): Promise<LogTile | null>;

  keys(): Promise<readonly LogKeyRecord[]>;
  /** Unless there is one for this life of the store. @returns the one there is */
  addKey(key: LogKeyRecord): Promise<LogKeyRecord>;

  witness(partnerId: PartnerId, seen: Witnessed): Promise<void>;
  witnessed(): Promise<readonly (Witnessed & { readonly partnerId: PartnerId })[]>;
  /** Once for each note. @returns whether it is news */
  addConflict(conflict: LogConflict & { readonly noteSha256: Sha256Hex }): Promise<boolean>;
  openConflicts(): Promise<readonly LogConflict[]>;
  settleConflicts(by: string, at: Date): Promise<number>;
}
