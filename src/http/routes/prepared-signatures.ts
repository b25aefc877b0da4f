import { z } from 'zod';
import { completeInput, preparedSignature, preparedSignatureId, prepareOptions } from '../../formats/api/prepared-signatures.ts';
import { SIGNING_LIMIT_MS } from '../../usecases/make-signature.ts';
import { defineRoute } from '../route.ts';
import { documentIn, optionsIn, requestSignal, withMultipart } from '../upload.ts';
import { makeSignatureRoute, signedReply } from './signatures.ts';

const OF_KEYS: readonly string[] = ['OTP_REQUIRED', 'OTP_WRONG', 'CONSENT_REQUIRED'];
/** Those of a signature, but for what only keys have that sign at once. */
const problems = makeSignatureRoute.problems.filter((code) => !OF_KEYS.includes(code));

export const prepareSignatureRoute = defineRoute({
  method: 'POST',
  path: '/v1/signatures/prepare',
  operationId: 'prepareSignature',
  summary: 'Prepare a signature for a key that is not here, such as a clerk’s USB token, or whose holder allows each use in a browser: the answer is what that key has to sign',
  tag: 'Signatures',
  scope: 'signatures:write',
  idempotent: true,
  pathParameters: null,
  query: null,
  body: {
    kind: 'multipart',
    files: { document: { description: 'The document, as for a signature.', required: true } },
    fields: { options: { schema: prepareOptions, required: true } },
  },
  answer: { kind: 'json', status: 201, description: 'What is to be signed, within 15 minutes', schema: preparedSignature },
  problems: [...problems, 'CERTIFICATE_MALFORMED'],
  run: (dependencies, _input, { request, response, call }) =>
    withMultipart(dependencies, request, { files: ['document'], fields: ['options'] }, async (upload) => {
      const options = optionsIn(upload, prepareOptions);
      return dependencies.prepareForOther(call, { ...documentIn(upload), options, signal: requestSignal(response, SIGNING_LIMIT_MS) });
    }),
});

export const completeSignatureRoute = defineRoute({
  method: 'POST',
  path: '/v1/signatures/{id}/complete',
  operationId: 'completeSignature',
  summary: 'Hand in the value for a prepared signature, or the code of its signer’s consent, once: the answer is the signed document',
  tag: 'Signatures',
  scope: 'signatures:write',
  idempotent: true,
  pathParameters: z.strictObject({ id: preparedSignatureId }),
  query: null,
  body: { kind: 'json', schema: completeInput },
  answer: makeSignatureRoute.answer.kind === 'bytes' ? { kind: 'bytes', status: 200, description: makeSignatureRoute.answer.description, mediaTypes: makeSignatureRoute.answer.mediaTypes, headers: makeSignatureRoute.answer.headers } : makeSignatureRoute.answer,
  problems: [...problems, 'PREPARED_SIGNATURE_NOT_FOUND', 'PREPARED_SIGNATURE_EXPIRED', 'PREPARED_SIGNATURE_USED', 'CONSENT_REFUSED'],
  run: async (dependencies, { path, body }, { response, call }) => {
    const given = 'code' in body ? body : { value: Uint8Array.from(Buffer.from(body.value, 'base64')) };
    const completion = { id: path.id, given, signal: requestSignal(response, SIGNING_LIMIT_MS) };
    const { body: record, replayed } = await dependencies.completeSignature(call, completion);
    return signedReply(dependencies, record, replayed);
  },
});
