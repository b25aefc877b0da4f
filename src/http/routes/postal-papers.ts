import { z } from 'zod';
import { postalPapers, zplDpi, type PostalPapersInput } from '../../formats/api/postal-papers.ts';
import { postalOrderId } from '../../formats/api/primitives.ts';
import type { PostalPaper } from '../../formats/postal-papers/print.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { ContentReply } from '../reply.ts';
import { defineRoute, type Exchange } from '../route.ts';
import { requestSignal } from '../upload.ts';

const PRINT_LIMIT_MS = 60_000;
const PDF = { 'application/pdf': null };
const ZPL = 'text/plain; charset=utf-8';
const orderPath = z.strictObject({ id: postalOrderId });
const common = { tag: 'Post', scope: 'postal:read', idempotent: false, problems: ['POSTAL_ORDER_NOT_FOUND', 'STATE_CONFLICT', 'OVERLOADED'] } as const;

export const labelPdfRoute = defineRoute({
  ...common,
  method: 'GET',
  path: '/v1/postal-orders/{id}/label.pdf',
  operationId: 'printPostalLabel',
  summary: 'The label of the parcel on A6, for the system that placed the order',
  pathParameters: orderPath,
  query: null,
  body: null,
  answer: { kind: 'content', status: 200, description: 'The label; its QR code holds the order’s id and nothing else', forms: PDF },
  run: (dependencies, { path }, exchange) => print(dependencies, exchange, [path.id], { kind: 'label', format: 'pdf' }),
});

export const labelZplRoute = defineRoute({
  ...common,
  method: 'GET',
  path: '/v1/postal-orders/{id}/label.zpl',
  operationId: 'printPostalLabelZpl',
  summary: 'The same label for printers that speak ZPL II',
  pathParameters: orderPath,
  query: z.strictObject({ dpi: z.enum(['203', '300']).default('203') }),
  body: null,
  answer: { kind: 'content', status: 200, description: 'ZPL II, the whole label as one graphic', forms: { 'text/plain': null } },
  run: (dependencies, { path, query }, exchange) => print(dependencies, exchange, [path.id], { kind: 'label', format: 'zpl', dpi: zplDpi(query.dpi) }),
});

export const slipRoute = defineRoute({
  ...common,
  method: 'GET',
  path: '/v1/postal-orders/{id}/slip.pdf',
  operationId: 'printPostalSlip',
  summary: 'The slip that goes with the papers (phiếu gửi), with the contents the law asks for',
  pathParameters: orderPath,
  query: null,
  body: null,
  answer: { kind: 'content', status: 200, description: 'The slip; the layout is ours', forms: PDF },
  run: (dependencies, { path }, exchange) => print(dependencies, exchange, [path.id], { kind: 'slip' }),
});

export const printPapersRoute = defineRoute({
  ...common,
  method: 'POST',
  path: '/v1/postal-papers',
  operationId: 'printPostalPapers',
  summary: 'Labels, slips, or the minutes of a hand-over, of many orders in one file',
  pathParameters: null,
  query: null,
  body: { kind: 'json', schema: postalPapers },
  answer: { kind: 'content', status: 200, description: 'PDF, or ZPL II where asked for', forms: { 'application/pdf': null, 'text/plain': null } },
  run: (dependencies, { body }, exchange) => print(dependencies, exchange, body.orders, paperOf(body)),
});

/** What a request for papers asks for. */
export function paperOf({ paper, format, dpi, handover, minutesNumber }: Omit<PostalPapersInput, 'orders'>): PostalPaper {
  if (paper === 'minutes') return { kind: 'minutes', handover: handover ?? 'AGENCY_TO_POST', minutesNumber: minutesNumber ?? null };
  if (paper === 'slip') return { kind: 'slip' };
  return format === 'pdf' ? { kind: 'label', format } : { kind: 'label', format, dpi: zplDpi(dpi) };
}

async function print({ printPost }: HttpDependencies, { call, response }: Exchange, ids: Parameters<HttpDependencies['printPost']>[1], paper: PostalPaper): Promise<ContentReply> {
  return printed(paper, await printPost(call.caller, ids, paper, requestSignal(response, PRINT_LIMIT_MS)));
}

/** Names no person and no number: file names end up in lists of downloads. */
export function printed(paper: PostalPaper, body: Uint8Array): ContentReply {
  const isZpl = paper.kind === 'label' && paper.format === 'zpl';
  const disposition = `${isZpl ? 'attachment' : 'inline'}; filename="${paper.kind}.${isZpl ? 'zpl' : 'pdf'}"`;
  return { contentType: isZpl ? ZPL : 'application/pdf', body, contentSecurityPolicy: null, headers: { 'content-disposition': disposition } };
}
