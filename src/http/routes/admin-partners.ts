import { z } from 'zod';
import { partnerTest } from '../../formats/api/partner-test.ts';
import { partnerId } from '../../formats/api/primitives.ts';
import { defineRoute } from '../route.ts';

/** One ping may take as long as a push, and there are two. */
const TEST_DEADLINE_MS = 60_000;

export const testPartnerRoute = defineRoute({
  method: 'POST',
  path: '/v1/admin/partners/{code}/test',
  operationId: 'testPartner',
  summary: 'Try the line to a system: a signed ping and a forged one for those that are pushed to, what is missing for those that pull',
  tag: 'Administration',
  scope: 'admin',
  idempotent: false,
  pathParameters: z.strictObject({ code: partnerId }),
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'What came of each step', schema: partnerTest },
  problems: ['PARTNER_NOT_FOUND', 'PARTNER_UNAVAILABLE'],
  run: async ({ testPartner }, { path }, { call }) => ({ body: await testPartner(`operator:key-${call.caller.keyId}`, path.code, AbortSignal.timeout(TEST_DEADLINE_MS)) }),
});
