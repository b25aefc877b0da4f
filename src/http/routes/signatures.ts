import type { Request } from 'express';
import { jobView } from '../../formats/api/jobs.ts';
import { keyList, oneTimePassword, signatureOptions, type SignatureRecord } from '../../formats/api/signatures.ts';
import { SIGNING_LIMIT_MS } from '../../usecases/make-signature.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { reprDigest, type BytesReply } from '../reply.ts';
import { defineRoute } from '../route.ts';
import { documentIn, oneTimePasswordIn, optionsIn, requestSignal, withMultipart } from '../upload.ts';

export const listKeysRoute = defineRoute({
  method: 'GET',
  path: '/v1/keys',
  operationId: 'listKeys',
  summary: 'The keys you may sign with',
  tag: 'Signatures',
  scope: 'keys:read',
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'Keys granted to you', schema: keyList },
  problems: [],
  run: async ({ listKeys }, _input, { call }) => ({ body: await listKeys(call.caller) }),
});

export const makeSignatureRoute = defineRoute({
  method: 'POST',
  path: '/v1/signatures',
  operationId: 'makeSignature',
  summary: 'Sign a document: the answer is the signed document, at the level asked for, or a problem',
  tag: 'Signatures',
  scope: 'signatures:write',
  idempotent: true,
  pathParameters: null,
  query: null,
  body: {
    kind: 'multipart',
    files: { document: { description: 'The document. A PDF is signed in an incremental update and stays byte for byte as it was before it.', required: true } },
    fields: { options: { schema: signatureOptions, required: true }, otp: { schema: oneTimePassword, required: false } },
  },
  answer: {
    kind: 'bytes',
    status: 200,
    description: 'The signed document',
    mediaTypes: ['application/pdf', 'application/pkcs7-signature', 'application/pkcs7-mime'],
    headers: {
      'Signature-Id': 'Id of the evidence kept of this signature',
      'Document-Id': 'The signed document is kept under this id, to be sent in messages',
      'Signature-Level': 'The level reached: the one asked for',
      'Repr-Digest': 'SHA-256 of the signed document (RFC 9530)',
    },
    accepted: { description: 'For `Prefer: respond-async`: the document is kept as one of yours, and will be signed by the job told here', schema: jobView },
  },
  problems: [
    'KEY_NOT_GRANTED',
    'DOSSIER_NOT_FOUND',
    'DOCUMENT_EMPTY',
    'PDF_NOT_PDF',
    'PDF_BROKEN',
    'PDF_ENCRYPTED',
    'PDF_LIMIT',
    'PDF_CHANGE_FORBIDDEN',
    'PDF_FIELD_NOT_FOUND',
    'PDF_FIELD_SIGNED',
    'PDF_PAGE_NOT_FOUND',
    'PDF_TEXT_NOT_FOUND',
    'PDF_TEXT_AMBIGUOUS',
    'APPEARANCE_INVALID',
    'CERTIFICATE_EXPIRED',
    'CERTIFICATE_NOT_YET_VALID',
    'CERTIFICATE_USAGE',
    'CERTIFICATE_CHAIN',
    'CERTIFICATE_REVOKED',
    'REVOCATION_UNAVAILABLE',
    'ALGORITHM_UNSUPPORTED',
    'LEVEL_UNSUPPORTED',
    'TSA_NOT_CONFIGURED',
    'TSA_UNAVAILABLE',
    'TSA_ANSWER_INVALID',
    'TSA_REFUSED',
    'TSA_TOKEN_INVALID',
    'SIGNER_UNAVAILABLE',
    'HSM_LOGIN_FAILED',
    'OTP_REQUIRED',
    'OTP_WRONG',
    'CONSENT_REQUIRED',
    'KEY_UNSUPPORTED',
    'KEY_MISMATCH',
    'SIGNATURE_VALUE_WRONG',
    'BUDGET_EXCEEDED',
    'OVERLOADED',
    'STORAGE_FULL',
    'STORAGE_FAILED',
  ],
  run: (dependencies, _input, { request, response, call }) =>
    withMultipart(dependencies, request, { files: ['document'], fields: ['options', 'otp'] }, async (upload) => {
      const options = optionsIn(upload, signatureOptions);
      const { bytes, name } = documentIn(upload);
      if (prefersAsync(request)) {
        const { body: job, replayed } = await dependencies.orderSignature(call, { bytes, name, options });
        return { accepted: true, body: job, replayed, headers: { location: `/v1/jobs/${job.id}`, 'preference-applied': 'respond-async' } };
      }
      const { body, replayed } = await dependencies.makeSignature(call, { bytes, name, options, oneTimePassword: oneTimePasswordIn(upload), signal: requestSignal(response, SIGNING_LIMIT_MS) });
      return signedReply(dependencies, body, replayed);
    }),
});

/** RFC 7240 §4.1; other preferences are not for us to judge. */
function prefersAsync(request: Request): boolean {
  const header = request.headers['prefer'];
  return [header ?? []].flat().some((value) => value.split(',').some((preference) => preference.trim().toLowerCase() === 'respond-async'));
}

/** The signed document as the answer. */
export function signedReply({ openStoredBytes }: HttpDependencies, record: SignatureRecord, replayed: boolean): BytesReply {
  const { mediaType, sizeBytes, name, sha256 } = record;
  return {
    mediaType,
    sizeBytes,
    name,
    headers: {
      'signature-id': record.signatureId,
      'document-id': record.documentId,
      'signature-level': record.level,
      'repr-digest': reprDigest(sha256),
      ...(replayed && { 'idempotency-replayed': 'true' }),
    },
    open: () => openStoredBytes(record.sha256),
  };
}
