import { z } from 'zod';
import { inboxPage, receiptInput, receiptView } from '../../formats/api/messages.ts';
import { messageId } from '../../formats/api/primitives.ts';
import { defineRoute } from '../route.ts';
import { limitOf } from './parameters.ts';

export const readInboxRoute = defineRoute({
  method: 'GET',
  path: '/v1/inbox',
  operationId: 'readInbox',
  summary: 'Messages waiting for you, in order; give the last position you saw as "after"',
  tag: 'Inbox',
  scope: 'inbox:read',
  idempotent: false,
  pathParameters: null,
  query: z.strictObject({ after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0), limit: limitOf(100, 50) }),
  body: null,
  answer: { kind: 'json', status: 200, description: 'Messages not acknowledged yet', schema: inboxPage },
  problems: [],
  run: async ({ readInbox }, { query }, { call }) => ({ body: await readInbox(call.caller, query) }),
});

export const acknowledgeMessageRoute = defineRoute({
  method: 'POST',
  path: '/v1/inbox/{messageId}/receipt',
  operationId: 'acknowledgeMessage',
  summary: 'Say that you have a message, after checking its parts against the digests; the next of its dossier comes then',
  tag: 'Inbox',
  scope: 'inbox:read',
  idempotent: true,
  pathParameters: z.strictObject({ messageId }),
  query: null,
  body: { kind: 'json', schema: receiptInput },
  answer: { kind: 'json', status: 200, description: 'The receipt as recorded', schema: receiptView },
  problems: ['MESSAGE_NOT_FOUND', 'RECEIPT_INVALID', 'STATE_CONFLICT'],
  run: ({ acknowledgeMessage }, { path, body }, { call }) => acknowledgeMessage(call, path.messageId, body),
});
