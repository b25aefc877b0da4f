import { z } from 'zod';
import type { JobId } from '../../domain/ids.ts';
import { JOB_ITEM_STATES, JOB_STATES } from '../../domain/job.ts';
import { documentId, instant } from './primitives.ts';
import { signatureOptions } from './signatures.ts';

export const MOST_DOCUMENTS = 1_000;

export const jobId = z
  .uuid()
  .transform((value) => value as JobId)
  .meta({ id: 'JobId' });

/** `POST /v1/signature-batches` */
export const signatureBatchInput = z
  .strictObject({
    documents: z
      .array(documentId)
      .min(1)
      .max(MOST_DOCUMENTS)
      .refine((ids) => new Set(ids).size === ids.length, 'a document stands in it twice')
      .describe('Documents of yours, uploaded before: each is signed by itself, in an order of the gateway’s choosing.'),
    options: signatureOptions,
  })
  .meta({ id: 'SignatureBatchInput' });
export type SignatureBatchInput = z.output<typeof signatureBatchInput>;

export const jobItemView = z
  .strictObject({
    position: z.int().nonnegative().describe('Place in the list that was sent, from 0.'),
    documentId,
    name: z.string(),
    state: z.enum(JOB_ITEM_STATES),
    attempts: z.int().nonnegative().describe('Times the key was used or may have been.'),
    unknownOutcomes: z.int().nonnegative().describe('Of these, how many ended unseen because the gateway’s process died; nothing of them was released.'),
    signatureId: z.uuid().nullable(),
    signedDocumentId: documentId.nullable().describe('The signed document, at GET /v1/documents/{id}.'),
    problem: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
  })
  .meta({ id: 'JobItem' });
export type JobItemView = z.output<typeof jobItemView>;

/** What `GET /v1/jobs/{id}` tells, and each event of `GET /v1/jobs/{id}/events` without the items. */
export const jobProgress = z
  .strictObject({
    id: jobId,
    kind: z.literal('signatures'),
    state: z.enum(JOB_STATES),
    total: z.int().positive(),
    waiting: z.int().nonnegative(),
    signing: z.int().nonnegative(),
    signed: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    cancelled: z.int().nonnegative(),
    createdAt: instant,
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'JobProgress' });
export type JobProgress = z.output<typeof jobProgress>;

export const jobView = jobProgress.extend({ items: z.array(jobItemView).max(MOST_DOCUMENTS) }).meta({ id: 'Job' });
export type JobView = z.output<typeof jobView>;
