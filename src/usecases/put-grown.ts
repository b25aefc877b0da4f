import { appendedSource, chunksOf, type ByteSource } from '../formats/byte-source.ts';
import type { DocumentStore, SpooledBytes, StoredBytes } from '../ports/document-store.ts';

export interface PutGrownPorts {
  readonly documents: DocumentStore;
  readonly maxDocumentBytes: number;
  /** For copying an uploaded file. */
  readonly openSource: (path: string) => ByteSource & { close(): void };
}

/** Stores an uploaded document with what was appended to it. @throws as `DocumentStore.put` */
export async function putGrown({ documents, maxDocumentBytes, openSource }: PutGrownPorts, { path }: Pick<SpooledBytes, 'path'>, appended: Uint8Array): Promise<StoredBytes> {
  const source = openSource(path);
  try {
    return await documents.put(piecesOf(appendedSource(source, appended)), maxDocumentBytes);
  } finally {
    source.close();
  }
}

async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  yield* chunksOf(source, 0, source.sizeBytes);
}
