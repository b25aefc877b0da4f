import { z } from 'zod';
import { addedPartner, newPartner, partnerChange, partnerList, partnerStandingView, renewedSecret, secretRenewal } from '../../formats/api/admin-partners.ts';
import { partnerTest } from '../../formats/api/partner-test.ts';
import { actorOf } from '../../usecases/administration.ts';
import { defineRoute } from '../route.ts';
import { partnerPath } from './parameters.ts';

/** One ping may take as long as a push, and there are two. */
const TEST_DEADLINE_MS = 60_000;

const admin = { tag: 'Administration', scope: 'admin' } as const;

const listPartnersRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/partners',
  operationId: 'listPartners',
  summary: 'Other agencies’ systems',
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'All of them', schema: partnerList },
  problems: [],
  run: async ({ administration }) => ({ body: { partners: [...(await administration.listPartners())] } }),
});

const addPartnerRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/partners',
  operationId: 'addPartner',
  summary: 'Add a system that is pushed to, or that pulls its messages; then give it an API key and a route',
  idempotent: true,
  pathParameters: null,
  query: null,
  body: { kind: 'json', schema: newPartner },
  answer: { kind: 'json', status: 201, description: 'The system, and its webhook secret if it is pushed to', schema: addedPartner },
  problems: ['PARTNER_EXISTS', 'URL_FORBIDDEN'],
  run: async ({ administration }, { body: input }, { call }) => {
    const { body, replayed } = await administration.addPartner(call, input);
    return { body, replayed, headers: { location: `/v1/admin/partners/${body.partner.id}` } };
  },
});

const readPartnerRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/partners/{code}',
  operationId: 'readPartner',
  summary: 'One system: its settings, the agencies it serves, and how deliveries to it are doing',
  idempotent: false,
  pathParameters: partnerPath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The system', schema: partnerStandingView },
  problems: ['PARTNER_NOT_FOUND'],
  run: async ({ administration }, { path }) => ({ body: await administration.readPartner(path.code) }),
});

const changePartnerRoute = defineRoute({
  ...admin,
  method: 'PATCH',
  path: '/v1/admin/partners/{code}',
  operationId: 'changePartner',
  summary: 'Change a system: suspend it, move it, set its pace, limits, versions, payload; counts from the next call and attempt on. The same change again changes nothing',
  idempotent: false,
  pathParameters: partnerPath,
  query: null,
  body: { kind: 'json', schema: partnerChange },
  answer: { kind: 'json', status: 200, description: 'The system as it is now', schema: partnerStandingView },
  problems: ['PARTNER_NOT_FOUND', 'PARTNER_EXISTS', 'URL_FORBIDDEN', 'STATE_CONFLICT'],
  run: async ({ administration }, { path, body }, { call }) => ({ body: await administration.changePartner(call, path.code, body) }),
});

const enablePartnerRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/partners/{code}/enable',
  operationId: 'enablePartner',
  summary: 'Push again to a system whose address said that it is gone (HTTP 410); what was parked stays so until it is replayed',
  idempotent: true,
  pathParameters: partnerPath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The system as it is now', schema: partnerStandingView },
  problems: ['PARTNER_NOT_FOUND', 'STATE_CONFLICT'],
  run: ({ administration }, { path }, { call }) => administration.enablePartner(call, path.code),
});

const renewWebhookSecretRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/partners/{code}/webhook-secret',
  operationId: 'renewWebhookSecret',
  summary: 'A new webhook secret; the old one signs beside it for a while, so that nothing is missed',
  idempotent: true,
  pathParameters: partnerPath,
  query: null,
  body: { kind: 'json', schema: secretRenewal },
  answer: { kind: 'json', status: 201, description: 'The secret', schema: renewedSecret },
  problems: ['PARTNER_NOT_FOUND'],
  run: ({ administration }, { path, body }, { call }) => administration.renewWebhookSecret(call, path.code, body.overlapHours),
});

const onboardPartnerRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/partners/{code}/onboarding',
  operationId: 'onboardPartner',
  summary: 'What the developers of a system need to begin: calls to copy, without secrets',
  idempotent: false,
  pathParameters: partnerPath,
  query: z.strictObject({ lang: z.enum(['vi', 'en']).default('vi') }),
  body: null,
  answer: { kind: 'content', status: 200, description: 'Markdown', forms: { 'text/markdown': null } },
  problems: ['PARTNER_NOT_FOUND'],
  run: async ({ administration, publicUrl }, { path, query }) => ({
    contentType: 'text/markdown; charset=utf-8',
    body: Buffer.from(await administration.describeOnboarding(path.code, publicUrl ?? 'https://gateway.example', query.lang)),
    contentSecurityPolicy: null,
  }),
});

const testPartnerRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/partners/{code}/test',
  operationId: 'testPartner',
  summary: 'Try the line to a system: a signed ping and a forged one for those that are pushed to, what is missing for those that pull',
  idempotent: false,
  pathParameters: partnerPath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'What came of each step', schema: partnerTest },
  problems: ['PARTNER_NOT_FOUND', 'PARTNER_UNAVAILABLE'],
  run: async ({ testPartner }, { path }, { call }) => ({ body: await testPartner(actorOf(call), path.code, AbortSignal.timeout(TEST_DEADLINE_MS)) }),
});

export const partnerRoutes = [listPartnersRoute, addPartnerRoute, readPartnerRoute, changePartnerRoute, enablePartnerRoute, renewWebhookSecretRoute, onboardPartnerRoute, testPartnerRoute];
