import type { DocumentId, PartnerId, Sha256Hex } from '../domain/ids.ts';

export interface DocumentRecord {
  readonly id: DocumentId;
  readonly partnerId: PartnerId;
  readonly sha256: Sha256Hex;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly name: string;
  readonly createdAt: Date;
}

export interface DocumentRecords {
  add(document: DocumentRecord): Promise<void>;
  /** Those of `ids` that exist, in no order. */
  find(ids: readonly DocumentId[]): Promise<readonly DocumentRecord[]>;
  /** Whether the partner uploaded the document or is party to a dossier one of whose messages carries it. */
  isVisibleTo(id: DocumentId, partnerId: PartnerId): Promise<boolean>;
}
