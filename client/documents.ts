import { createHash } from 'node:crypto';
import { callGateway, type GatewayAccess, type GatewayCall } from './transport.ts';

export interface NamedBytes {
  readonly bytes: Uint8Array;
  /** For people; no path. */
  readonly name: string;
  readonly mediaType: string;
}

export interface Download {
  /** For people. */
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Of the whole, in hexadecimal digits, as the gateway names it. */
  readonly sha256: string;
  /**
   * To be read once. A broken connection is taken up where it broke; the stream ends with an error when the bytes are not those that the
   * gateway named, so what was written so far counts only when it ended well.
   */
  readonly stream: ReadableStream<Uint8Array>;
}

/** The bytes that arrived do not match the digest that the gateway named: damaged on the way. */
export class DamagedBytes extends Error {
  override readonly name = 'DamagedBytes';
}

/** @throws GatewayProblem, such as DOCUMENT_NOT_FOUND */
export async function downloadDocument(access: GatewayAccess, id: string, signal?: AbortSignal): Promise<Download> {
  const call: GatewayCall = { method: 'GET', path: `/v1/documents/${encodeURIComponent(id)}`, headers: { accept: '*/*' }, signal };
  const response = await callGateway(access, call);
  const sha256 = namedDigest(response);
  return {
    name: nameIn(response.headers.get('content-disposition')),
    mediaType: response.headers.get('content-type') ?? 'application/octet-stream',
    sizeBytes: Number(response.headers.get('content-length')),
    sha256,
    stream: ReadableStream.from<Uint8Array>(wholeBytes(access, call, response, sha256)),
  };
}

async function* wholeBytes(access: GatewayAccess, call: GatewayCall, first: Response, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const etag = first.headers.get('etag') ?? '';
  let response = first;
  let received = 0;
  for (let breaks = 0; ; breaks++) {
    const before = received;
    try {
      for await (const bytes of response.body ?? []) {
        hash.update(bytes as Uint8Array);
        received += (bytes as Uint8Array).length;
        yield bytes as Uint8Array;
      }
      break;
    } catch (error) {
      if (call.signal?.aborted === true || access.signal?.aborted === true) throw error;
      if (received === before && breaks >= (access.attempts ?? 5)) throw error;
      response = await callGateway(access, { ...call, headers: { ...call.headers, range: `bytes=${received}-`, 'if-range': etag } });
      if (response.status !== 206) throw error; // not the rest of the same bytes
    }
  }
  if (hash.digest('hex') !== sha256) throw new DamagedBytes('The bytes that arrived do not match the digest that the gateway named');
}

/** What becomes of a document at `path`: its bytes, checked against the digest that the answer names. */
export async function bytesFor(access: GatewayAccess, path: string, document: NamedBytes, options: unknown, headers: Readonly<Record<string, string>>): Promise<{ readonly bytes: Uint8Array; readonly headers: Headers }> {
  const response = await callGateway(access, { method: 'POST', path, headers: { accept: '*/*', ...headers }, body: () => formOf(document, options) });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (sha256Hex(bytes) !== namedDigest(response)) throw new DamagedBytes('The bytes that arrived do not match the digest that the gateway named');
  return { bytes, headers: response.headers };
}

/** Repr-Digest (RFC 9530). */
function namedDigest({ headers }: Response): string {
  return Buffer.from(/sha-256=:([^:]+):/.exec(headers.get('repr-digest') ?? '')?.[1] ?? '', 'base64').toString('hex');
}

/** Of an upload in one request: name, type and digest. */
export function uploadHeaders({ bytes, name, mediaType }: NamedBytes): Record<string, string> {
  return { 'content-type': mediaType, 'content-disposition': `attachment; filename*=UTF-8''${extendedValue(name)}`, 'repr-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:` };
}

/** RFC 8187 §3.2.1: what encodeURIComponent leaves alone and the rule does not allow is escaped too. */
function extendedValue(text: string): string {
  return encodeURIComponent(text.normalize('NFC')).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function nameIn(disposition: string | null): string {
  const [, encoded] = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '') ?? [];
  const [, plain] = /filename="([^"]*)"/.exec(disposition ?? '') ?? [];
  try {
    return encoded === undefined ? (plain ?? 'document') : decodeURIComponent(encoded);
  } catch {
    return plain ?? 'document'; // an escape that is none
  }
}

/** multipart/form-data of a document and its options. */
export function formOf({ bytes, name, mediaType }: NamedBytes, options?: unknown): FormData {
  const form = new FormData();
  if (options !== undefined) form.append('options', JSON.stringify(options));
  form.append('document', new Blob([new Uint8Array(bytes)], { type: mediaType }), name);
  return form;
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
