import { createHash } from 'node:crypto';
import type { Schemas } from './generated/api.ts';
import { GatewayProblem } from './problem.ts';
import { callGateway, pause, pauseAfter, type GatewayAccess, type GatewayCall } from './transport.ts';

export interface LargeUpload {
  /** Read in pieces, and again from any place: `await openAsBlob(path)` of node:fs, or a File of a browser. */
  readonly blob: Blob;
  readonly name: string;
  /** Default: the blob's own. */
  readonly mediaType?: string;
  /** What `onBegun` told in an earlier run, to go on there. */
  readonly resume?: string;
  /** Told once the upload has its path: keep it to go on after a crash. */
  readonly onBegun?: (path: string) => void | Promise<void>;
  readonly onProgress?: (sentBytes: number, sizeBytes: number) => void;
  readonly signal?: AbortSignal;
}

const PIECE_BYTES = 8 * 1024 * 1024; // the gateway acknowledges as often
const TUS = { 'tus-resumable': '1.0.0' } as const;

/**
 * Uploads a document of any size so that a break costs at most a piece: tus 1.0.0. The whole is checked by the gateway against its SHA-256.
 * @returns the id that messages name
 * @throws GatewayProblem; the last error of the network once nothing arrived in as many attempts as the access allows
 * @see https://tus.io/protocols/resumable-upload
 */
export async function uploadLarge(access: GatewayAccess, upload: LargeUpload): Promise<{ readonly documentId: string }> {
  const path = upload.resume ?? (await begin(access, upload));
  await upload.onBegun?.(path);
  const { size } = upload.blob;
  let standing = await askStanding(access, upload, path);
  for (let failures = 0; standing.documentId === null; ) {
    upload.onProgress?.(standing.receivedBytes, size);
    const before = standing.receivedBytes;
    const failure = await sendPiece(access, upload, path, before);
    if (failure !== null) await bear(access, upload, failure, failures + 1);
    standing = await askStanding(access, upload, path);
    failures = standing.receivedBytes > before ? 0 : failures + 1;
    if (failure !== null && failures >= (access.attempts ?? 5)) throw failure;
  }
  upload.onProgress?.(size, size);
  return { documentId: standing.documentId };
}

/** Waits before it goes on. A conflict says that the offset was wrong, which is asked for next. @throws `failure` when it is no use */
async function bear(access: GatewayAccess, { signal }: LargeUpload, failure: Error, attempt: number): Promise<void> {
  const isConflict = failure instanceof GatewayProblem && failure.code === 'STATE_CONFLICT';
  const waitMs = isConflict ? 200 : pauseAfter(access, failure, attempt);
  if (waitMs === null) throw failure;
  await pause(access, { signal }, waitMs);
}

async function begin(access: GatewayAccess, { blob, name, mediaType, signal }: LargeUpload): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of blob.stream()) hash.update(bytes as Uint8Array);
  const metadata = [['filename', name.normalize('NFC')], ['filetype', mediaType ?? (blob.type || 'application/octet-stream')]].map(([key = '', value = '']) => `${key} ${Buffer.from(value).toString('base64')}`);
  const headers = { ...TUS, 'upload-length': String(blob.size), 'upload-metadata': metadata.join(','), 'repr-digest': `sha-256=:${hash.digest('base64')}:` };
  // An answer that is lost leaves an empty upload behind, which expires: beginning twice does no harm.
  const response = await callGateway(access, { method: 'POST', path: '/v1/uploads', headers, isRepeatable: true, signal });
  await response.arrayBuffer();
  return new URL(response.headers.get('location') ?? '', access.url).pathname;
}

/** The offset is asked for after a failure, so a piece is never sent again as it is. */
async function sendPiece(access: GatewayAccess, { blob, signal }: LargeUpload, path: string, offset: number): Promise<Error | null> {
  const headers = { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) };
  const call: GatewayCall = { method: 'PATCH', path, headers, isRepeatable: false, body: () => blob.slice(offset, offset + PIECE_BYTES), signal };
  try {
    await (await callGateway(access, call)).arrayBuffer();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function askStanding(access: GatewayAccess, { signal }: LargeUpload, path: string): Promise<Schemas['Upload']> {
  return (await (await callGateway(access, { method: 'GET', path, headers: TUS, signal })).json()) as Schemas['Upload'];
}
