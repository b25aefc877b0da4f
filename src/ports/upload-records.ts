import type { DocumentId, PartnerId, Sha256Hex } from '../domain/ids.ts';

export interface UploadRecord {
  readonly id: string;
  readonly partnerId: PartnerId;
  readonly name: string;
  readonly mediaType: string;
  readonly lengthBytes: number;
  /** So much is on the disk. */
  readonly receivedBytes: number;
  /** What the sender said of the whole; null: it did not say. */
  readonly expectedSha256: Sha256Hex | null;
  /** Once it is whole. */
  readonly documentId: DocumentId | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface UploadUsage {
  readonly open: number;
  /** Announced, not received: all of it may come. */
  readonly openBytes: number;
}

export interface UploadRecords {
  /** Unfinished ones of a partner; locks the partner's uploads until the end of the transaction. */
  usage(partnerId: PartnerId, now: Date): Promise<UploadUsage>;
  add(upload: UploadRecord): Promise<void>;
  find(id: string): Promise<UploadRecord | null>;
  /** The same, and nobody else finishes it before the end of the transaction. */
  lock(id: string): Promise<UploadRecord | null>;
  /** Those of the ids that are recorded. */
  known(ids: readonly string[]): Promise<readonly string[]>;
  /** The number of a new request that goes on at `offset`, from which on earlier ones count nothing; null: the upload is not at that offset, or is whole. */
  beginPiece(id: string, offset: number): Promise<number | null>;
  /** Bytes of the request's piece that are on the disk. False: another request goes on with the upload. */
  checkpoint(id: string, epoch: number, sizeBytes: number): Promise<boolean>;
  /** Acknowledged pieces in order. */
  pieces(id: string): Promise<readonly { readonly epoch: number; readonly sizeBytes: number }[]>;
  finish(id: string, documentId: DocumentId): Promise<void>;
  remove(id: string): Promise<void>;
  /** Ids of those that ended before they were whole, and of those that were whole for long. */
  expired(now: Date, limit: number): Promise<readonly string[]>;
}
