import type { Sha256Hex } from '../domain/ids.ts';

export interface StoredBytes {
  readonly sha256: Sha256Hex;
  readonly sizeBytes: number;
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
  /** @throws DOCUMENT_NOT_FOUND, STORAGE_FAILED */
  stream(sha256: Sha256Hex): Promise<AsyncIterable<Uint8Array>>;
  /** Path of a local file holding the bytes, for random access; read only. @throws DOCUMENT_NOT_FOUND */
  localPath(sha256: Sha256Hex): Promise<string>;
}
