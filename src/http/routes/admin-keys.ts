import { z } from 'zod';
import { apiKeyList, apiKeyRotation, issuedApiKey, newApiKey, newPartnerKey, partnerKeyEnd, partnerKeyList, partnerKeyView } from '../../formats/api/admin-keys.ts';
import { partnerId } from '../../formats/api/primitives.ts';
import { defineRoute } from '../route.ts';
import { partnerPath } from './parameters.ts';

const admin = { tag: 'Administration', scope: 'admin', query: null } as const;
const gone = { kind: 'empty', status: 204, description: 'It is ended', headers: {} } as const;

const listApiKeysRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/partners/{code}/api-keys',
  operationId: 'listApiKeys',
  summary: 'A system’s API keys: what they allow, when they end, when they were used',
  idempotent: false,
  pathParameters: partnerPath,
  body: null,
  answer: { kind: 'json', status: 200, description: 'Its keys, without their secrets', schema: apiKeyList },
  problems: ['PARTNER_NOT_FOUND'],
  run: async ({ administration }, { path }) => ({ body: await administration.listApiKeys(path.code) }),
});

const issueApiKeyRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/partners/{code}/api-keys',
  operationId: 'issueApiKey',
  summary: 'Issue an API key to a system',
  idempotent: true,
  pathParameters: partnerPath,
  body: { kind: 'json', schema: newApiKey },
  answer: { kind: 'json', status: 201, description: 'The key', schema: issuedApiKey },
  problems: ['PARTNER_NOT_FOUND'],
  run: ({ administration }, { path, body }, { call }) => administration.issueApiKey(call, path.code, body),
});

const rotateApiKeyRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/partners/{code}/api-keys/{id}/rotate',
  operationId: 'rotateApiKey',
  summary: 'Issue a successor with the same scopes; the old key ends later, so that the system changes over without a gap',
  idempotent: true,
  pathParameters: z.strictObject({ code: partnerId, id: z.uuid() }),
  body: { kind: 'json', schema: apiKeyRotation },
  answer: { kind: 'json', status: 201, description: 'The successor', schema: issuedApiKey },
  problems: ['PARTNER_NOT_FOUND', 'KEY_NOT_FOUND'],
  run: ({ administration }, { path, body }, { call }) => administration.rotateApiKey(call, path.code, path.id, body.overlapHours),
});

const revokeApiKeyRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/api-keys/{id}/revoke',
  operationId: 'revokeApiKey',
  summary: 'End an API key now',
  idempotent: false,
  pathParameters: z.strictObject({ id: z.uuid() }),
  body: null,
  answer: gone,
  problems: ['KEY_NOT_FOUND'],
  run: async ({ administration }, { path }, { call }) => {
    await administration.revokeApiKey(call, path.id);
    return { headers: {} };
  },
});

const listPartnerKeysRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/partners/{code}/keys',
  operationId: 'listPartnerKeys',
  summary: 'Public keys by which a system signs its requests (RFC 9421)',
  idempotent: false,
  pathParameters: partnerPath,
  body: null,
  answer: { kind: 'json', status: 200, description: 'Its keys', schema: partnerKeyList },
  problems: ['PARTNER_NOT_FOUND'],
  run: async ({ administration }, { path }) => ({ body: await administration.listPartnerKeys(path.code) }),
});

const addPartnerKeyRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/partners/{code}/keys',
  operationId: 'addPartnerKey',
  summary: 'Register a public key by which a system signs its requests',
  idempotent: true,
  pathParameters: partnerPath,
  body: { kind: 'json', schema: newPartnerKey },
  answer: { kind: 'json', status: 201, description: 'The key', schema: partnerKeyView },
  problems: ['PARTNER_NOT_FOUND', 'KEY_EXISTS', 'KEY_UNSUPPORTED'],
  run: ({ administration }, { path, body }, { call }) => administration.addPartnerKey(call, path.code, body),
});

const revokePartnerKeyRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/partners/{code}/keys/revoke',
  operationId: 'revokePartnerKey',
  summary: 'End a public key of a system now',
  idempotent: false,
  pathParameters: partnerPath,
  body: { kind: 'json', schema: partnerKeyEnd },
  answer: gone,
  problems: ['KEY_NOT_FOUND'],
  run: async ({ administration }, { path, body }, { call }) => {
    await administration.revokePartnerKey(call, path.code, body.keyId);
    return { headers: {} };
  },
});

export const partnerKeyRoutes = [listApiKeysRoute, issueApiKeyRoute, rotateApiKeyRoute, revokeApiKeyRoute, listPartnerKeysRoute, addPartnerKeyRoute, revokePartnerKeyRoute];
