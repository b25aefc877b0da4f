import { z } from 'zod';
import { ERROR_FACTS, type ErrorCode } from '../../domain/errors.ts';

/** RFC 9457 problem details with the gateway's members. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    code: z.union([z.enum(Object.keys(ERROR_FACTS) as [ErrorCode, ...ErrorCode[]]), z.string()]).describe('Decide by this; further ones may come.'),
    origin: z.enum(['caller', 'gateway', 'partner', 'carrier']),
    retryable: z.boolean(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
    traceId: z.string(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof problem>;
