import { GatewayError } from '../domain/errors.ts';
import type { DocumentId, JobId } from '../domain/ids.ts';
import type { JobView, SignatureBatchInput } from '../formats/api/jobs.ts';
import type { SignatureOptions } from '../formats/api/signatures.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import type { Chance } from '../ports/chance.ts';
import type { DocumentStore } from '../ports/document-store.ts';
import type { RecordSet } from '../ports/records.ts';
import { answerOnce, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { checkDossier, formatOf, grantedKey, type SignatureUpload } from './make-signature.ts';
import { jobViewOf } from './read-job.ts';

export interface OrderSignaturesPorts extends OncePorts {
  readonly documents: DocumentStore;
  readonly chance: Chance;
  readonly maxDocumentBytes: number;
  readonly openSource: (path: string) => ByteSource & { close(): void };
}

/**
 * Takes an order to sign many documents of the caller's with one key. What the key or the dossier forbids is refused now; each document
 * is judged when its turn comes.
 * @throws KEY_NOT_GRANTED, ALGORITHM_UNSUPPORTED, DOSSIER_NOT_FOUND, DOCUMENT_NOT_FOUND; as `answerOnce`
 */
export function orderSignatures(ports: OrderSignaturesPorts, call: Call, { documents, options }: SignatureBatchInput): Promise<Once<JobView>> {
  const request = { operation: 'POST /v1/signature-batches', status: 202, input: { documents, options } };
  return answerOnce(ports, call, request, async (records) => {
    await checkOrder(records, call, options);
    await checkDocuments(records, call, documents);
    return addJob(ports, records, call, documents, options);
  });
}

/**
 * The same for one document that comes with the order, for callers that do not wait (RFC 7240 §4.1). The document is kept as one of the
 * caller's.
 * @throws as `orderSignatures`; STORAGE_FULL, STORAGE_FAILED
 */
export async function orderSignature(ports: OrderSignaturesPorts, call: Call, { bytes, name, options }: Omit<SignatureUpload, 'signal'>): Promise<Once<JobView>> {
  const mediaType = options.format === 'pades' ? 'application/pdf' : 'application/octet-stream';
  const { sha256, sizeBytes } = await keepUpload(ports, bytes.path);
  const request = { operation: 'POST /v1/signatures (respond-async)', status: 202, input: { sha256, name, options } };
  return answerOnce(ports, call, request, async (records) => {
    await checkOrder(records, call, options);
    const id = ports.chance.uuid() as DocumentId;
    await records.documents.add({ id, partnerId: call.caller.partnerId, sha256, sizeBytes, mediaType, name, createdAt: ports.clock.now() });
    return addJob(ports, records, call, [id], options);
  });
}

/** The bytes of an upload in the document store. @throws STORAGE_FULL, STORAGE_FAILED */
export async function keepUpload({ documents, openSource, maxDocumentBytes }: Pick<OrderSignaturesPorts, 'documents' | 'openSource' | 'maxDocumentBytes'>, path: string) {
  const source = openSource(path);
  try {
    return await documents.put(copied(source), maxDocumentBytes);
  } finally {
    source.close();
  }
}

async function* copied(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (const chunk of chunksOf(source, 0, source.sizeBytes)) yield Uint8Array.from(chunk);
}

async function checkOrder(records: RecordSet, call: Call, options: SignatureOptions): Promise<void> {
  formatOf(options);
  await grantedKey({ records }, call, options);
  await checkDossier({ records }, call, options.dossierCode);
}

async function checkDocuments(records: RecordSet, { caller }: Call, ids: readonly DocumentId[]): Promise<void> {
  const faults: { pointer: string; detail: string }[] = [];
  for (const [index, id] of ids.entries()) if (!(await records.documents.isVisibleTo(id, caller.partnerId))) faults.push({ pointer: `/documents/${index}`, detail: 'is not a document of yours' });
  if (faults.length > 0) throw new GatewayError('DOCUMENT_NOT_FOUND', `${faults.length} of ${ids.length} documents are not there, or not yours: see "errors"`, { faults: faults.slice(0, 50) });
}

async function addJob({ chance, clock }: OrderSignaturesPorts, records: RecordSet, { caller }: Call, documentIds: readonly DocumentId[], options: SignatureOptions): Promise<JobView> {
  const id = chance.uuid() as JobId;
  const createdAt = clock.now();
  const { partnerId } = caller;
  await records.jobs.add({ id, partnerId, options, documentIds, createdAt });
  await records.audit.add({ at: createdAt, actor: `partner:${partnerId}`, action: 'order-signatures', subject: `job:${id}`, detail: { keyId: options.keyId, documents: documentIds.length, apiKey: caller.keyId } });
  return jobViewOf({ id, partnerId, state: 'running', options, total: documentIds.length, eventSeq: 0, createdAt, finishedAt: null }, await records.jobs.items(id));
}
