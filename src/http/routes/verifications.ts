import { verifyPage } from '../../console/verify-page.ts';
import type { ValidationReport } from '../../domain/validation-report.ts';
import { documentPassword, validationReport, verificationOptions, verifyPageQuery } from '../../formats/api/verifications.ts';
import { reportStyleHashes } from '../../formats/report/html.ts';
import { REPORT_MEDIA_TYPES, type ReportMediaType } from '../../formats/report/render-report.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { HttpDependencies, Spooled } from '../dependencies.ts';
import type { ContentReply } from '../reply.ts';
import { defineRoute, parse, type Exchange } from '../route.ts';
import { documentIn, optionsIn, requestSignal, withMultipart, withRawBody, type Upload } from '../upload.ts';

const VERIFYING_LIMIT_MS = 120_000;
const PAGE = '/verify';

const FILES = {
  document: { description: 'A PDF, or a CMS signature. Instead of multipart/form-data the body may also be the document itself.', required: true },
  detached: { description: 'What a detached CMS signature is about', required: false },
} as const;
const PASSWORD = { password: { schema: documentPassword, required: false } } as const;
const PARTS = { files: Object.keys(FILES), fields: ['options', ...Object.keys(PASSWORD)] };
const PAGE_PARTS = { ...PARTS, fields: Object.keys(PASSWORD) };
const PROBLEMS = ['BUDGET_EXCEEDED', 'OVERLOADED', 'STORAGE_FULL', 'STORAGE_FAILED'] as const;

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
  body: { kind: 'multipart', files: FILES, fields: { options: { schema: verificationOptions, required: false }, ...PASSWORD } },
  answer: {
    kind: 'content',
    status: 200,
    description: 'The report: JSON, a page, a paper or ETSI TS 119 102-2, as Accept asks. A bad signature and a document that cannot be read (UNREADABLE) are answers, not errors',
    forms: { 'application/json': validationReport, 'text/html': null, 'application/pdf': null, 'application/xml': null },
  },
  problems: PROBLEMS,
  run: (dependencies, _input, exchange) => {
    const { request } = exchange;
    const form = formOf(exchange);
    const language = request.acceptsLanguages('en', 'vi') === 'vi' ? 'vi' : 'en';
    const answer = (upload: Upload): Promise<ContentReply> => verify(dependencies, exchange, upload, { mediaType: form, language });
    const isMultipart = /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
    return isMultipart ? withMultipart(dependencies, request, PARTS, answer) : withRawBody(dependencies, request, answer);
  },
});

/** The public page: anybody has a file checked, without an account. */
export const verifyPageRoute = defineRoute({
  method: 'GET',
  path: PAGE,
  operationId: 'showVerifyPage',
  summary: 'A page on which anybody has a file checked',
  tag: 'Verification',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: verifyPageQuery,
  body: null,
  answer: { kind: 'content', status: 200, description: 'The page, Vietnamese or English', forms: { 'text/html': null } },
  problems: [],
  run: ({ limits }, { query }) => {
    const { html, contentSecurityPolicy } = verifyPage({ language: query.lang, action: PAGE, maxBytes: limits.maxDocumentBytes, reportStyleHashes: reportStyleHashes() });
    return Promise.resolve({ contentType: 'text/html; charset=utf-8', body: Buffer.from(html), contentSecurityPolicy });
  },
});

export const verifyFormRoute = defineRoute({
  method: 'POST',
  path: PAGE,
  operationId: 'verifyOnPage',
  summary: 'The form of the page: the report as a page',
  tag: 'Verification',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: verifyPageQuery,
  body: { kind: 'multipart', files: FILES, fields: PASSWORD },
  answer: { kind: 'content', status: 200, description: 'The report', forms: { 'text/html': null } },
  problems: PROBLEMS,
  run: (dependencies, { query }, exchange) =>
    withMultipart(dependencies, exchange.request, PAGE_PARTS, (upload) => verify(dependencies, exchange, upload, { mediaType: 'text/html', language: query.lang })),
});

/** @throws REQUEST_INVALID when none of the forms is acceptable */
function formOf({ request }: Exchange): ReportMediaType {
  const accepted = request.accepts([...REPORT_MEDIA_TYPES]);
  const form = REPORT_MEDIA_TYPES.find((type) => type === accepted);
  if (form === undefined) throw new GatewayError('REQUEST_INVALID', `A report comes as ${REPORT_MEDIA_TYPES.join(', ')}: let Accept name one of them`);
  return form;
}

/** null when none was given: the empty one, which a form sends, is tried anyway. @throws REQUEST_INVALID */
function passwordIn(upload: Upload): string | null {
  const password = parse(documentPassword, upload.fields.get('password'), '/password');
  return password === undefined || password === '' ? null : password;
}

interface Form {
  readonly mediaType: ReportMediaType;
  readonly language: 'vi' | 'en';
}

async function verify(dependencies: HttpDependencies, { response }: Exchange, upload: Upload, form: Form): Promise<ContentReply> {
  const { at } = optionsIn(upload, verificationOptions);
  const { bytes, name } = documentIn(upload);
  const detached: Spooled | null = upload.files.get('detached')?.taken ?? null;
  const password = passwordIn(upload);
  const signal = requestSignal(response, VERIFYING_LIMIT_MS);
  const report: ValidationReport = await dependencies.verifyFile({ path: bytes.path, detachedPath: detached?.path ?? null, file: name, at: at === undefined ? null : new Date(at), password }, signal);
  return dependencies.renderReport({ report, path: bytes.path, password, ...form }, signal);
}
