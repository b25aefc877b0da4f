import { z } from 'zod';

const both = z.strictObject({ vi: z.string(), en: z.string() });

export const TEST_STEPS = ['name', 'connection', 'tls', 'answer', 'signature', 'forgery', 'receipt', 'key', 'route', 'inbox'] as const;

/** What came of trying the line to a partner, step by step. */
export const partnerTest = z
  .strictObject({
    partner: z.string(),
    mode: z.enum(['push', 'pull']),
    ok: z.boolean().describe('No step failed; a warning is no failure'),
    steps: z
      .array(z.strictObject({ step: z.enum(TEST_STEPS), status: z.enum(['passed', 'failed', 'warning', 'skipped']), detail: both }))
      .readonly(),
  })
  .meta({ id: 'PartnerTest' });
export type PartnerTest = z.output<typeof partnerTest>;
export type TestStep = PartnerTest['steps'][number];
