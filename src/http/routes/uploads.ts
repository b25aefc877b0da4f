import type { Request } from 'express';
import { z } from 'zod';
import { GatewayError } from '../../domain/errors.ts';
import { uploadView, type UploadView } from '../../formats/api/uploads.ts';
import { checkedFileName, expectedDigest, mediaTypeOf } from '../content-headers.ts';
import { bodyBytes, documentPace } from '../request-body.ts';
import { defineRoute } from '../route.ts';

/**
 * Uploads that survive a broken connection: tus 1.0.0 with creation, creation-with-upload, expiration and termination.
 * @see https://tus.io/protocols/resumable-upload (docs/adr/0006)
 */
const VERSION = '1.0.0';
const EXTENSIONS = 'creation,creation-with-upload,expiration,termination';
const PATCH_TYPE = 'application/offset+octet-stream';
const PATH = '/v1/uploads';

const HEADERS = { 'Tus-Resumable': 'Version of the protocol', 'Upload-Offset': 'Bytes received so far', 'Upload-Length': 'Bytes of the whole', 'Upload-Expires': 'When the unfinished upload is removed' };
const uploadPath = z.strictObject({ id: z.uuid() });

export const describeUploadsRoute = defineRoute({
  method: 'OPTIONS',
  path: PATH,
  operationId: 'describeUploads',
  summary: 'What of tus is spoken here',
  tag: 'Documents',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'empty', status: 204, description: 'In headers', headers: { 'Tus-Version': 'Versions', 'Tus-Extension': 'Extensions', 'Tus-Max-Size': 'Bytes a document may have' } },
  problems: [],
  run: ({ limits }) => Promise.resolve({ headers: { 'tus-resumable': VERSION, 'tus-version': VERSION, 'tus-extension': EXTENSIONS, 'tus-max-size': String(limits.maxDocumentBytes) } }),
});

export const beginUploadRoute = defineRoute({
  method: 'POST',
  path: PATH,
  operationId: 'beginUpload',
  summary: 'Begin a resumable upload (tus 1.0.0): Upload-Length, filename and filetype in Upload-Metadata, SHA-256 of the whole in Repr-Digest; the body may bring the first bytes',
  tag: 'Documents',
  scope: 'documents:write',
  idempotent: false,
  pathParameters: null,
  query: null,
  body: { kind: 'bytes', description: `The first bytes as ${PATCH_TYPE}, or nothing` },
  answer: { kind: 'json', status: 201, description: 'The upload, at the address in Location', schema: uploadView },
  problems: ['PROTOCOL_UNSUPPORTED', 'DOCUMENT_EMPTY', 'RATE_LIMITED', 'STATE_CONFLICT', 'UPLOAD_NOT_FOUND', 'STORAGE_FULL', 'STORAGE_FAILED'],
  run: async ({ beginUpload, continueUpload }, _input, { request, call }) => {
    checkVersion(request);
    const { filename, filetype } = metadataOf(request.headers['upload-metadata']);
    const begun = await beginUpload(call.caller, {
      lengthBytes: numberIn(request, 'upload-length'),
      name: filename === undefined ? 'document' : checkedFileName(filename, '/header/upload-metadata'),
      mediaType: mediaTypeOf(filetype),
      expectedSha256: request.headers['repr-digest'] === undefined ? null : expectedDigest(request),
    });
    const hasBody = request.headers['content-type']?.toLowerCase() === PATCH_TYPE;
    const body = hasBody ? await continueUpload(call.caller, begun.id, 0, (missing) => bodyBytes(request, documentPace(missing))) : begun;
    return { body, headers: { ...headersOf(body), location: `${PATH}/${body.id}` } };
  },
});

export const continueUploadRoute = defineRoute({
  method: 'PATCH',
  path: `${PATH}/{id}`,
  operationId: 'continueUpload',
  summary: 'Bring the bytes from Upload-Offset on, in one request or several; whatever arrived before a break counts',
  tag: 'Documents',
  scope: 'documents:write',
  idempotent: false,
  pathParameters: uploadPath,
  query: null,
  body: { kind: 'bytes', description: `The bytes, as ${PATCH_TYPE}` },
  answer: { kind: 'empty', status: 204, description: 'They are on the disk', headers: { ...HEADERS, 'Document-Id': 'The document, when the upload is whole' } },
  problems: ['PROTOCOL_UNSUPPORTED', 'UPLOAD_NOT_FOUND', 'STATE_CONFLICT', 'STORAGE_FULL', 'STORAGE_FAILED'],
  run: async ({ continueUpload }, { path }, { request, call }) => {
    checkVersion(request);
    if (request.headers['content-type']?.toLowerCase() !== PATCH_TYPE) throw new GatewayError('MEDIA_TYPE_UNSUPPORTED', `Send the bytes with "Content-Type: ${PATCH_TYPE}"`);
    const offset = numberIn(request, 'upload-offset');
    return { headers: headersOf(await continueUpload(call.caller, path.id, offset, (missing) => bodyBytes(request, documentPace(missing)))) };
  },
});

export const readUploadRoute = defineRoute({
  method: 'GET',
  path: `${PATH}/{id}`,
  operationId: 'readUpload',
  summary: 'How far an upload has come: in headers for HEAD, as tus asks, and as JSON',
  tag: 'Documents',
  scope: 'documents:write',
  idempotent: false,
  pathParameters: uploadPath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The upload', schema: uploadView },
  problems: ['UPLOAD_NOT_FOUND', 'STORAGE_FULL', 'STORAGE_FAILED'],
  run: async ({ readUpload }, { path }, { call }) => {
    const body = await readUpload(call.caller, path.id);
    return { body, headers: headersOf(body) };
  },
});

export const deleteUploadRoute = defineRoute({
  method: 'DELETE',
  path: `${PATH}/{id}`,
  operationId: 'deleteUpload',
  summary: 'Give an upload up: nothing of it stays, apart from the document it may have become',
  tag: 'Documents',
  scope: 'documents:write',
  idempotent: false,
  pathParameters: uploadPath,
  query: null,
  body: null,
  answer: { kind: 'empty', status: 204, description: 'It is gone', headers: { 'Tus-Resumable': 'Version of the protocol' } },
  problems: ['PROTOCOL_UNSUPPORTED', 'UPLOAD_NOT_FOUND', 'STORAGE_FAILED'],
  run: async ({ deleteUpload }, { path }, { request, call }) => {
    checkVersion(request);
    await deleteUpload(call.caller, path.id);
    return { headers: { 'tus-resumable': VERSION } };
  },
});

function headersOf({ receivedBytes, lengthBytes, expiresAt, documentId }: UploadView): Record<string, string> {
  return {
    'tus-resumable': VERSION,
    'upload-offset': String(receivedBytes),
    'upload-length': String(lengthBytes),
    'upload-expires': new Date(expiresAt).toUTCString(),
    ...(documentId !== null && { 'document-id': documentId }),
  };
}

function checkVersion(request: Request): void {
  if (request.headers['tus-resumable'] !== VERSION) throw new GatewayError('PROTOCOL_UNSUPPORTED', `Send "Tus-Resumable: ${VERSION}": no other version of tus is spoken here`);
}

/** @throws REQUEST_INVALID */
function numberIn(request: Request, name: 'upload-length' | 'upload-offset'): number {
  const text = request.headers[name];
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new GatewayError('REQUEST_INVALID', 'A header of the request is not valid: see "errors"', { faults: [{ pointer: `/header/${name}`, detail: 'is a number of bytes' }] });
}

/** `key base64, key base64 …`; keys we do not know are passed over. */
function metadataOf(header: string | string[] | undefined): { readonly filename?: string; readonly filetype?: string } {
  const pairs = [header ?? ''].flat().join(',').slice(0, 4_096).split(',').map((pair) => pair.trim().split(' '));
  const valueOf = (key: string): string | undefined => {
    const value = pairs.find(([name]) => name === key)?.[1];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
  };
  const [filename, filetype] = [valueOf('filename'), valueOf('filetype')];
  return { ...(filename !== undefined && { filename }), ...(filetype !== undefined && filetype !== '' && { filetype }) };
}
