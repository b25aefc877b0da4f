import type { Sha256Hex } from '../domain/ids.ts';

export interface StoredBytes {
  readonly sha256: Sha256Hex;
  readonly sizeBytes: number;
}

/** Bytes that came in and are not kept: there until `remove`. */
export interface SpooledBytes extends StoredBytes {
  /** Path of a local file holding the bytes, for random access; read only. */
  readonly path: string;
  remove(): Promise<void>;
}

/** First and last byte, both included, as in an HTTP range. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes by their digest. Writing the same bytes twice keeps one copy. What `put` acknowledged survives a crash.
 */
export interface DocumentStore {
  /**
   * Streams `bytes` in, at most `maxBytes`.
   * @throws BODY_TOO_LARGE, STORAGE_FULL, STORAGE_FAILED; nothing half-written stays behind, also when the stream breaks.
   */
  put(bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StoredBytes>;
  /**
   * Streams `bytes` in like `put`, without keeping them: for documents that are worked on and given back. A crash leaves them for a day.
   * @throws as `put`
   */
  spool(bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<SpooledBytes>;
  /**
   * The whole document, its digest checked on the way, or a range of it, unchecked. Iterating throws STORAGE_FAILED when it is damaged.
   * @throws DOCUMENT_NOT_FOUND, STORAGE_FAILED
   */
  stream(sha256: Sha256Hex, range?: ByteRange): Promise<AsyncIterable<Uint8Array>>;
  /** Takes the bytes away, unless they came within the last hour: a record of them may be just being made. @throws STORAGE_FAILED */
  remove(sha256: Sha256Hex): Promise<void>;
  /** Path of a local file holding the bytes, for random access; read only. @throws DOCUMENT_NOT_FOUND */
  localPath(sha256: Sha256Hex): Promise<string>;
}
