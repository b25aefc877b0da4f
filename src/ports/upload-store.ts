/** A piece of an unfinished upload: what one request brought. */
export interface UploadPiece {
  readonly uploadId: string;
  /** Number of the request, counted by the upload. */
  readonly epoch: number;
}

/** Bytes of uploads that are not whole yet. */
export interface UploadStore {
  /**
   * Streams a new piece in. `onDurable` is called with its size whenever that much is on the disk: every few megabytes, at the end, and
   * also when `bytes` break off, before what they threw is thrown on.
   * @throws STORAGE_FULL, STORAGE_FAILED; what `bytes` and `onDurable` throw
   */
  write(piece: UploadPiece, bytes: AsyncIterable<Uint8Array>, onDurable: (sizeBytes: number) => Promise<void>): Promise<void>;
  /** The first `sizeBytes` of a piece; what came after was not acknowledged. @throws STORAGE_FAILED */
  read(piece: UploadPiece, sizeBytes: number): AsyncIterable<Uint8Array>;
  /** Ids of uploads of which there are bytes. */
  list(): Promise<readonly string[]>;
  /** Every piece of an upload, acknowledged or not. */
  remove(uploadId: string): Promise<void>;
}
