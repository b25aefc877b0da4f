import { z } from 'zod';

/** `GET /healthz`: the process runs. */
export const liveness = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Liveness' });

const part = z.enum(['up', 'degraded', 'down', 'off']);

/** `GET /readyz`: 200 when requests can be taken, 503 otherwise. Degraded is ready: what is accepted is kept, and done later. */
export const readiness = z
  .strictObject({
    ready: z.boolean(),
    degraded: z.boolean(),
    draining: z.boolean().describe('This process was told to stop and takes no more work'),
    parts: z.strictObject({ database: part, documents: part, queue: part, timestamps: part, certificates: part.describe('Degraded: a certificate of a key in use ends within 7 days, or has ended'), evidence: part.describe('Degraded: the evidence log has had no time-stamp for ten minutes, or somebody holds a checkpoint that it does not lead to') }).readonly(),
    held: z.boolean().describe('After a restoration, or by an operator: requests are answered and what is accepted is kept; nothing is sent before the release'),
    incarnation: z.int().nullable().describe('Changes when the records were restored from a backup: send again, under the same Idempotency-Key, what was accepted shortly before'),
    lastTimestampAt: z.string().nullable(),
    nextCertificateEndAt: z.string().nullable().describe('When the next certificate of a key in use ends, if that is within 60 days'),
  })
  .meta({ id: 'Readiness' });
