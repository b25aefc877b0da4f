import { validationReport, verificationOptions } from '../../formats/api/verifications.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { defineRoute, type Exchange } from '../route.ts';
import { documentIn, optionsIn, requestSignal, withMultipart, withRawBody, type Upload } from '../upload.ts';
import type { ValidationReport } from '../../domain/validation-report.ts';

const VERIFYING_LIMIT_MS = 120_000;

export const verifyRoute = defineRoute({
  method: 'POST',
  path: '/v1/verifications',
  operationId: 'verifyDocument',
  summary: 'Verify a document: every signature with its indication and the evidence of every check. The document is not kept',
  tag: 'Verification',
  scope: 'verifications:write',
  idempotent: false,
  pathParameters: null,
  query: null,
  body: {
    kind: 'multipart',
    files: {
      document: { description: 'A PDF, or a CMS signature. Instead of multipart/form-data the body may also be the document itself.', required: true },
      detached: { description: 'What a detached CMS signature is about', required: false },
    },
    fields: { options: { schema: verificationOptions, required: false } },
  },
  answer: { kind: 'json', status: 200, description: 'The report. A bad signature and a document that cannot be read (UNREADABLE) are answers, not errors', schema: validationReport },
  problems: ['BUDGET_EXCEEDED', 'OVERLOADED', 'STORAGE_FULL', 'STORAGE_FAILED'],
  run: (dependencies, _input, exchange) => {
    const { request } = exchange;
    const answer = async (upload: Upload): Promise<{ body: ValidationReport }> => ({ body: await verify(dependencies, exchange, upload) });
    const isMultipart = /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
    return isMultipart ? withMultipart(dependencies, request, ['document', 'detached'], answer) : withRawBody(dependencies, request, answer);
  },
});

function verify({ verifyFile }: HttpDependencies, { response }: Exchange, upload: Upload): Promise<ValidationReport> {
  const { at } = optionsIn(upload, verificationOptions);
  const { bytes, name } = documentIn(upload);
  const detached = upload.files.get('detached')?.taken ?? null;
  const request = { path: bytes.path, detachedPath: detached?.path ?? null, file: name, at: at === undefined ? null : new Date(at) };
  return verifyFile(request, requestSignal(response, VERIFYING_LIMIT_MS));
}
