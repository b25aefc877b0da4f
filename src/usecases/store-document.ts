import { createHash } from 'node:crypto';
import { GatewayError } from '../domain/errors.ts';
import type { DocumentId, Sha256Hex } from '../domain/ids.ts';
import type { DocumentView } from '../formats/api/documents.ts';
import type { Chance } from '../ports/chance.ts';
import type { DocumentRecord } from '../ports/document-records.ts';
import type { DocumentStore } from '../ports/document-store.ts';
import { answerOnce, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';

export interface StoreDocumentPorts extends OncePorts {
  readonly documents: DocumentStore;
  readonly chance: Chance;
  readonly maxDocumentBytes: number;
}

export interface Upload {
  /** May throw what its sender did; nothing half-written stays behind. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What the sender says the digest is; null: it did not say. */
  readonly expectedSha256: Sha256Hex | null;
  readonly mediaType: string;
  readonly name: string;
}

/**
 * Keeps a document for the partner that uploads it, and for whomever it sends the document to later. Does not look inside.
 * @throws DOCUMENT_EMPTY, BODY_TOO_LARGE, REQUEST_INVALID when the digest differs, STORAGE_FULL, STORAGE_FAILED; as `answerOnce`
 */
export async function storeDocument(ports: StoreDocumentPorts, call: Call, upload: Upload): Promise<Once<DocumentView>> {
  const { mediaType, name } = upload;
  const { sha256, sizeBytes } = await ports.documents.put(checkedBytes(upload.bytes, upload.expectedSha256), ports.maxDocumentBytes);
  const request = { operation: 'POST /v1/documents', status: 201, input: { sha256, mediaType, name } };
  return answerOnce(ports, call, request, async (records) => {
    const id = ports.chance.uuid() as DocumentId;
    const document = { id, partnerId: call.caller.partnerId, sha256, sizeBytes, mediaType, name, createdAt: ports.clock.now() };
    await records.documents.add(document);
    return documentViewOf(document);
  });
}

export function documentViewOf({ id, sha256, sizeBytes, mediaType, name, createdAt }: DocumentRecord): DocumentView {
  return { id, sha256, sizeBytes, mediaType, name, createdAt: createdAt.toISOString() };
}

/** Fails at the end of the bytes, before the store has given them a name. */
export async function* checkedBytes(bytes: AsyncIterable<Uint8Array>, expectedSha256: Sha256Hex | null): AsyncGenerator<Uint8Array> {
  const hash = expectedSha256 === null ? null : createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    sizeBytes += chunk.length;
    hash?.update(chunk);
    yield chunk;
  }
  if (sizeBytes === 0) throw new GatewayError('DOCUMENT_EMPTY', 'The document is empty (0 bytes)');
  if (hash === null || hash.digest('hex') === expectedSha256) return;
  const faults = [{ pointer: '/header/content-digest', detail: 'is not the SHA-256 of the body received' }];
  throw new GatewayError('REQUEST_INVALID', 'The document was changed on its way: send it again', { faults });
}
