import { GatewayError } from '../domain/errors.ts';
import type { DocumentId, Sha256Hex } from '../domain/ids.ts';
import type { Caller } from '../domain/partner.ts';
import type { UploadView } from '../formats/api/uploads.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentStore } from '../ports/document-store.ts';
import type { Records } from '../ports/records.ts';
import type { UploadRecord } from '../ports/upload-records.ts';
import type { UploadStore } from '../ports/upload-store.ts';
import { checkedBytes } from './store-document.ts';

export interface UploadPorts {
  readonly records: Records;
  readonly documents: DocumentStore;
  readonly uploads: UploadStore;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly maxDocumentBytes: number;
  readonly uploadLimits: UploadLimits;
}

export interface UploadLimits {
  /** How long an upload may be taken up again. */
  readonly keptMs: number;
  /** What the unfinished uploads of one partner may come to. */
  readonly quotaBytes: number;
}

export interface NewUpload {
  readonly lengthBytes: number;
  readonly name: string;
  readonly mediaType: string;
  /** Of the whole; null: the sender does not say. */
  readonly expectedSha256: Sha256Hex | null;
}

const MOST_OPEN = 100;

/**
 * Begins an upload that may be taken up again after its connection, or the gateway, broke off.
 * @throws DOCUMENT_EMPTY, BODY_TOO_LARGE, RATE_LIMITED when the partner has too much unfinished
 */
export async function beginUpload(ports: UploadPorts, caller: Caller, request: NewUpload): Promise<UploadView> {
  const { records, clock, chance, maxDocumentBytes, uploadLimits } = ports;
  if (request.lengthBytes === 0) throw new GatewayError('DOCUMENT_EMPTY', 'The document is empty (0 bytes)');
  if (request.lengthBytes > maxDocumentBytes) throw new GatewayError('BODY_TOO_LARGE', `A document may have at most ${maxDocumentBytes} bytes`);
  const createdAt = clock.now();
  const expiresAt = new Date(createdAt.getTime() + uploadLimits.keptMs);
  const upload: UploadRecord = { ...request, id: chance.uuid(), partnerId: caller.partnerId, receivedBytes: 0, documentId: null, createdAt, expiresAt };
  await records.transaction(async (tx) => {
    const usage = await tx.uploads.usage(caller.partnerId, createdAt);
    if (usage.open >= MOST_OPEN || usage.openBytes + request.lengthBytes > uploadLimits.quotaBytes) {
      throw new GatewayError('RATE_LIMITED', `Unfinished uploads may be ${MOST_OPEN} and come to ${uploadLimits.quotaBytes} bytes: finish or delete some first`, { retryAfterMs: 60_000 });
    }
    await tx.uploads.add(upload);
  });
  return viewOf(upload);
}

/**
 * Takes in what comes from `offset` on, and makes a document of the upload when it is whole. What is on the disk when `bytes` break off
 * stays, and counts. A request that goes on with the upload takes it over from one before.
 * @param bytes at most what is missing
 * @throws UPLOAD_NOT_FOUND; STATE_CONFLICT when the upload is at another offset; as `finishUpload`; what `bytes` throws
 */
export async function continueUpload(ports: UploadPorts, caller: Caller, id: string, offset: number, bytes: (missingBytes: number) => AsyncIterable<Uint8Array>): Promise<UploadView> {
  const { records, uploads } = ports;
  const upload = await findOwn(ports, caller, id);
  const epoch = await records.uploads.beginPiece(id, offset);
  if (epoch === null) throw new GatewayError('STATE_CONFLICT', `The upload is at ${upload.receivedBytes} of ${upload.lengthBytes} bytes: go on from there`);
  await uploads.write({ uploadId: id, epoch }, bytes(upload.lengthBytes - offset), async (sizeBytes) => {
    if (!(await records.uploads.checkpoint(id, epoch, sizeBytes))) throw new GatewayError('STATE_CONFLICT', 'Another request goes on with this upload, or it was deleted');
  });
  return readUpload(ports, caller, id);
}

/**
 * How far an upload has come; whole but not yet a document, because something broke in between, it becomes one now.
 * @throws UPLOAD_NOT_FOUND; as `finishUpload`
 */
export async function readUpload(ports: UploadPorts, caller: Caller, id: string): Promise<UploadView> {
  const upload = await findOwn(ports, caller, id);
  const isDue = upload.receivedBytes === upload.lengthBytes && upload.documentId === null;
  return viewOf(isDue ? await finishUpload(ports, upload) : upload);
}

/** Gives an upload up; nothing of it stays, apart from the document it may have become. @throws UPLOAD_NOT_FOUND */
export async function deleteUpload(ports: UploadPorts, caller: Caller, id: string): Promise<void> {
  await findOwn(ports, caller, id);
  await removeUpload(ports, id);
}

const MOST_AT_ONCE = 100;

/** Removes uploads whose time is over, and bytes that a crash left behind. */
export async function forgetUploads(ports: Pick<UploadPorts, 'records' | 'uploads' | 'clock'>): Promise<{ readonly more: boolean }> {
  const expired = await ports.records.uploads.expired(ports.clock.now(), MOST_AT_ONCE);
  for (const id of expired) await removeUpload(ports, id);
  const kept = await ports.uploads.list();
  const known = new Set(await ports.records.uploads.known(kept));
  for (const id of kept) if (!known.has(id)) await ports.uploads.remove(id);
  return { more: expired.length === MOST_AT_ONCE };
}

/** To anybody but the partner that began it, and after its time, it does not exist. */
async function findOwn({ records, clock }: UploadPorts, caller: Caller, id: string): Promise<UploadRecord> {
  const upload = await records.uploads.find(id);
  if (upload?.partnerId === caller.partnerId && upload.expiresAt > clock.now()) return upload;
  throw new GatewayError('UPLOAD_NOT_FOUND', 'There is no such upload, it is not yours, or its time is over: begin a new one');
}

/** @throws REQUEST_INVALID when the digest is not the one announced: the upload is given up then; STORAGE_FULL, STORAGE_FAILED */
async function finishUpload(ports: UploadPorts, upload: UploadRecord): Promise<UploadRecord> {
  const { records, documents, uploads, chance, clock } = ports;
  const { id, partnerId, name, mediaType } = upload;
  const stored = await documents.put(checkedBytes(wholeOf(ports, id), upload.expectedSha256), upload.lengthBytes).catch(async (error: unknown) => {
    if (error instanceof GatewayError && error.code === 'REQUEST_INVALID') await removeUpload(ports, id);
    throw error;
  });
  const finished = await records.transaction(async (tx) => {
    const found = await tx.uploads.lock(id);
    if (found === null || found.documentId !== null) return found; // two requests that ask for the whole at once make one document
    const documentId = chance.uuid() as DocumentId;
    await tx.documents.add({ id: documentId, partnerId, ...stored, mediaType, name, createdAt: clock.now() });
    await tx.uploads.finish(id, documentId);
    return { ...found, documentId };
  });
  if (finished === null) throw new GatewayError('UPLOAD_NOT_FOUND', 'The upload was deleted meanwhile');
  await uploads.remove(id);
  return finished;
}

async function* wholeOf({ records, uploads }: UploadPorts, uploadId: string): AsyncGenerator<Uint8Array> {
  for (const { epoch, sizeBytes } of await records.uploads.pieces(uploadId)) yield* uploads.read({ uploadId, epoch }, sizeBytes);
}

/** The record first: bytes without one are found and removed later, a record without its bytes would promise what is not there. */
async function removeUpload({ records, uploads }: Pick<UploadPorts, 'records' | 'uploads'>, id: string): Promise<void> {
  await records.uploads.remove(id);
  await uploads.remove(id);
}

function viewOf({ id, name, mediaType, lengthBytes, receivedBytes, documentId, expiresAt }: UploadRecord): UploadView {
  return { id, name, mediaType, lengthBytes, receivedBytes, documentId, expiresAt: expiresAt.toISOString() };
}
