import { webhookKeyList } from '../../formats/api/webhook-keys.ts';
import { defineRoute } from '../route.ts';

/** Open to everybody: public keys, for systems that check a push before they have any business with us. */
export const listWebhookKeysRoute = defineRoute({
  method: 'GET',
  path: '/v1/webhook-keys',
  operationId: 'listWebhookKeys',
  summary: 'The public keys by which pushes of this gateway are known (Standard Webhooks v1a, RFC 9421)',
  tag: 'Messages',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'Keys that sign now, and those that will', schema: webhookKeyList },
  problems: [],
  run: async ({ listWebhookKeys }) => ({ body: await listWebhookKeys(), headers: { 'cache-control': 'public, max-age=60' } }),
});
