import { z } from 'zod';
import { documentView } from '../../formats/api/documents.ts';
import { documentId } from '../../formats/api/primitives.ts';
import { expectedDigest, fileNameOf, mediaTypeOf } from '../content-headers.ts';
import { reprDigest, type BytesReply } from '../reply.ts';
import { bodyBytes, documentPace } from '../request-body.ts';
import { defineRoute } from '../route.ts';

export const storeDocumentRoute = defineRoute({
  method: 'POST',
  path: '/v1/documents',
  operationId: 'storeDocument',
  summary: 'Upload a document: the body is the document itself; its name in Content-Disposition, its SHA-256 in Content-Digest or Repr-Digest',
  tag: 'Documents',
  scope: 'documents:write',
  idempotent: true,
  pathParameters: null,
  query: null,
  body: { kind: 'bytes', description: 'The document. Content-Type is kept as its media type.' },
  answer: { kind: 'json', status: 201, description: 'The document is kept', schema: documentView },
  problems: ['DOCUMENT_EMPTY', 'BODY_TOO_LARGE', 'STORAGE_FULL', 'STORAGE_FAILED'],
  run: async ({ storeDocument, limits }, _input, { request, call }) => {
    const upload = {
      bytes: bodyBytes(request, documentPace(limits.maxDocumentBytes)),
      expectedSha256: expectedDigest(request),
      mediaType: mediaTypeOf(request.headers['content-type']),
      name: fileNameOf(request.headers['content-disposition']) ?? 'document',
    };
    const { body, replayed } = await storeDocument(call, upload);
    return { body, replayed, headers: { location: `/v1/documents/${body.id}` } };
  },
});

export const readDocumentRoute = defineRoute({
  method: 'GET',
  path: '/v1/documents/{id}',
  operationId: 'readDocument',
  summary: 'Download a document, whole or in ranges',
  tag: 'Documents',
  scope: 'documents:read',
  idempotent: false,
  pathParameters: z.strictObject({ id: documentId }),
  query: null,
  body: null,
  answer: {
    kind: 'bytes',
    status: 200,
    description: 'The document; 206 for a range',
    mediaTypes: ['application/octet-stream'],
    headers: { 'Repr-Digest': 'SHA-256 of the whole document (RFC 9530)', ETag: 'Strong; changes never', 'Accept-Ranges': 'bytes' },
  },
  problems: ['DOCUMENT_NOT_FOUND', 'STORAGE_FAILED'],
  run: async ({ readDocument }, { path }, { request, call }): Promise<BytesReply> => {
    const { document, open } = await readDocument(call.caller, path.id);
    const { mediaType, name, sizeBytes, sha256 } = document;
    const headers = { etag: `"${sha256}"`, 'accept-ranges': 'bytes', 'repr-digest': reprDigest(sha256) };
    const range = rangeOf(request.headers, sizeBytes, `"${sha256}"`);
    if (range === null) return { mediaType, name, sizeBytes, headers, open };
    const contentRange = `bytes ${range.start}-${range.end}/${sizeBytes}`;
    return { status: 206, mediaType, name, sizeBytes: range.end + 1 - range.start, headers: { ...headers, 'content-range': contentRange }, open: () => open(range) };
  },
});

/** A single range (RFC 9110 §14.1.2), when `If-Range` agrees; anything else is answered with the whole, as the standard allows. */
function rangeOf(headers: { readonly range?: string | undefined; readonly 'if-range'?: string | string[] | undefined }, sizeBytes: number, etag: string): { readonly start: number; readonly end: number } | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.range ?? '') ?? [];
  if ((first === '' && last === '') || (headers['if-range'] !== undefined && headers['if-range'] !== etag)) return null;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return start <= end && start < sizeBytes ? { start, end } : null;
}
