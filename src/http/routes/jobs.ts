import { z } from 'zod';
import { jobId, jobItemView, jobProgress, jobView, signatureBatchInput } from '../../formats/api/jobs.ts';
import { defineRoute } from '../route.ts';

export const orderSignaturesRoute = defineRoute({
  method: 'POST',
  path: '/v1/signature-batches',
  operationId: 'orderSignatures',
  summary: 'Sign many documents with one key: upload them first, and follow the job that the answer names',
  tag: 'Signatures',
  scope: 'signatures:write',
  idempotent: true,
  pathParameters: null,
  query: null,
  body: { kind: 'json', schema: signatureBatchInput },
  answer: { kind: 'json', status: 202, description: 'The order is taken: each document will be signed, or its problem be told', schema: jobView },
  problems: ['KEY_NOT_GRANTED', 'ALGORITHM_UNSUPPORTED', 'DOSSIER_NOT_FOUND', 'DOCUMENT_NOT_FOUND'],
  run: async ({ orderSignatures }, { body }, { call }) => {
    const { body: job, replayed } = await orderSignatures(call, body);
    return { body: job, replayed, headers: { location: `/v1/jobs/${job.id}` } };
  },
});

export const readJobRoute = defineRoute({
  method: 'GET',
  path: '/v1/jobs/{id}',
  operationId: 'readJob',
  summary: 'How far a job is, and what became of each of its documents',
  tag: 'Signatures',
  scope: 'signatures:write',
  idempotent: false,
  pathParameters: z.strictObject({ id: jobId }),
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The job', schema: jobView },
  problems: ['JOB_NOT_FOUND'],
  run: async ({ readJob }, { path }, { call }) => ({ body: await readJob(call.caller, path.id) }),
});

export const followJobRoute = defineRoute({
  method: 'GET',
  path: '/v1/jobs/{id}/events',
  operationId: 'followJob',
  summary: 'The events of a job as they happen (server-sent events); Last-Event-ID takes up where a connection broke off',
  tag: 'Signatures',
  scope: 'signatures:write',
  idempotent: false,
  pathParameters: z.strictObject({ id: jobId }),
  query: null,
  body: null,
  answer: { kind: 'events', status: 200, description: 'Each document that came to an end, the progress, and the end of the job, with which the stream ends', events: { item: jobItemView, progress: jobProgress, end: jobProgress } },
  problems: ['JOB_NOT_FOUND'],
  run: async ({ followJob }, { path }, { call }) => ({ follow: (after, signal) => followJob(call.caller, path.id, after, signal) }),
});

const changes = {
  tag: 'Signatures',
  scope: 'signatures:write',
  idempotent: true,
  pathParameters: z.strictObject({ id: jobId }),
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The job as it is now', schema: jobView },
  problems: ['JOB_NOT_FOUND'],
} as const;

export const cancelJobRoute = defineRoute({
  ...changes,
  method: 'POST',
  path: '/v1/jobs/{id}/cancel',
  operationId: 'cancelJob',
  summary: 'Cancel the documents of a job that nobody has begun to sign',
  run: async ({ cancelJob }, { path }, { call }) => cancelJob(call, path.id),
});

export const retryJobRoute = defineRoute({
  ...changes,
  method: 'POST',
  path: '/v1/jobs/{id}/retry',
  operationId: 'retryJob',
  summary: 'Try the documents of a job again that failed or were cancelled',
  run: async ({ retryJob }, { path }, { call }) => retryJob(call, path.id),
});
