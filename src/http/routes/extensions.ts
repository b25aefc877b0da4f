import { extensionOptions, type ExtensionRecord } from '../../formats/api/extensions.ts';
import { SIGNING_LIMIT_MS } from '../../usecases/make-signature.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { reprDigest, type BytesReply } from '../reply.ts';
import { defineRoute } from '../route.ts';
import { documentIn, optionsIn, requestSignal, withMultipart } from '../upload.ts';

export const extendDocumentRoute = defineRoute({
  method: 'POST',
  path: '/v1/extensions',
  operationId: 'extendDocument',
  summary: 'Raise signatures of a PDF or a CAdES file, whoever made them, or renew their protection: the answer is the document at the level asked for, or a problem',
  tag: 'Signatures',
  scope: 'signatures:write',
  idempotent: true,
  pathParameters: null,
  query: null,
  body: {
    kind: 'multipart',
    files: {
      document: { description: 'The signed PDF, which stays byte for byte as it was, with what is added in incremental updates; or a CAdES signature (DER, BER or PEM), in which what is signed stays as it was.', required: true },
      detached: { description: 'What a detached CAdES signature signs', required: false },
    },
    fields: { options: { schema: extensionOptions, required: true } },
  },
  answer: {
    kind: 'bytes',
    status: 200,
    description: 'The document with its signatures at the level asked for',
    mediaTypes: ['application/pdf', 'application/pkcs7-signature'],
    headers: {
      'Document-Id': 'The document is kept under this id, to be sent in messages',
      'Signature-Level': 'The level reached by every signature that was to be raised: at least the one asked for',
      'Repr-Digest': 'SHA-256 of the document (RFC 9530)',
    },
  },
  problems: [
    'DOCUMENT_EMPTY',
    'PDF_BROKEN',
    'PDF_ENCRYPTED',
    'PDF_LIMIT',
    'PDF_FIELD_NOT_FOUND',
    'MEDIA_TYPE_UNSUPPORTED',
    'CMS_MALFORMED',
    'ASN1_LIMIT',
    'NOT_SIGNED',
    'SIGNATURE_INVALID',
    'LEVEL_UNSUPPORTED',
    'CERTIFICATE_EXPIRED',
    'CERTIFICATE_NOT_YET_VALID',
    'CERTIFICATE_CHAIN',
    'CERTIFICATE_REVOKED',
    'REVOCATION_UNAVAILABLE',
    'ALGORITHM_UNSUPPORTED',
    'TRUST_NOT_CONFIGURED',
    'TSA_NOT_CONFIGURED',
    'TSA_UNAVAILABLE',
    'TSA_ANSWER_INVALID',
    'TSA_REFUSED',
    'TSA_TOKEN_INVALID',
    'BUDGET_EXCEEDED',
    'OVERLOADED',
    'STORAGE_FULL',
    'STORAGE_FAILED',
  ],
  run: (dependencies, _input, { request, response, call }) =>
    withMultipart(dependencies, request, { files: ['document', 'detached'], fields: ['options'] }, async (upload) => {
      const options = optionsIn(upload, extensionOptions);
      const { bytes, name } = documentIn(upload);
      const { body, replayed } = await dependencies.extendDocument(call, { bytes, detached: upload.files.get('detached')?.taken ?? null, name, options, signal: requestSignal(response, SIGNING_LIMIT_MS) });
      return extendedReply(dependencies, body, replayed);
    }),
});

function extendedReply({ openStoredBytes }: HttpDependencies, record: ExtensionRecord, replayed: boolean): BytesReply {
  const { mediaType, sizeBytes, name, sha256 } = record;
  return {
    mediaType,
    sizeBytes,
    name,
    headers: {
      'document-id': record.documentId,
      'signature-level': record.level,
      'repr-digest': reprDigest(sha256),
      ...(replayed && { 'idempotency-replayed': 'true' }),
    },
    open: () => openStoredBytes(sha256),
  };
}
