import type { Caller } from '../domain/partner.ts';
import { GatewayError } from '../domain/errors.ts';
import type { DocumentId, Sha256Hex } from '../domain/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentRecord } from '../ports/document-records.ts';
import type { ByteRange, DocumentStore } from '../ports/document-store.ts';
import type { Records } from '../ports/records.ts';

export interface ReadDocumentPorts {
  readonly records: Pick<Records, 'documents' | 'audit'>;
  readonly documents: DocumentStore;
  readonly clock: Clock;
}

export interface ReadableDocument {
  readonly document: DocumentRecord;
  /** Opens nothing until it is iterated. */
  readonly open: (range?: ByteRange) => Promise<AsyncIterable<Uint8Array>>;
}

/**
 * A document for a partner that uploaded it, or is party to a dossier whose messages carry it. To anybody else it does not exist. Each
 * reading is audited: papers of a dossier hold personal data.
 * @throws DOCUMENT_NOT_FOUND
 */
export async function readDocument({ records, documents, clock }: ReadDocumentPorts, caller: Caller, id: DocumentId): Promise<ReadableDocument> {
  const [document] = await records.documents.find([id]);
  if (document === undefined || !(await records.documents.isVisibleTo(id, caller.partnerId))) {
    throw new GatewayError('DOCUMENT_NOT_FOUND', `There is no document ${id}, or it is not yours`);
  }
  await records.audit.add({ at: clock.now(), actor: `partner:${caller.partnerId}`, action: 'read-document', subject: `document:${id}`, detail: { apiKey: caller.keyId } });
  return { document, open: (range) => documents.stream(document.sha256, range) };
}

/** Bytes the gateway itself stored for the caller a moment ago, or on an earlier request with the same key. @throws DOCUMENT_NOT_FOUND */
export function openStoredBytes({ documents }: Pick<ReadDocumentPorts, 'documents'>, sha256: Sha256Hex): Promise<AsyncIterable<Uint8Array>> {
  return documents.stream(sha256);
}
