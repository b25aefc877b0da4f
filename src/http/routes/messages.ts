import { z } from 'zod';
import { parseDossierCode } from '../../domain/dossier.ts';
import { messageView, newMessage } from '../../formats/api/messages.ts';
import { messageId } from '../../formats/api/primitives.ts';
import { defineRoute } from '../route.ts';
import { dossierCodePath } from './parameters.ts';

export const sendMessageRoute = defineRoute({
  method: 'POST',
  path: '/v1/dossiers/{code}/messages',
  operationId: 'sendMessage',
  summary: 'Send a message about a dossier to other agencies',
  tag: 'Messages',
  scope: 'messages:write',
  idempotent: true,
  pathParameters: dossierCodePath,
  query: null,
  body: { kind: 'json', schema: newMessage },
  answer: { kind: 'json', status: 202, description: 'Accepted: it will be delivered once in effect, or be seen as parked with its reason', schema: messageView },
  problems: ['DOSSIER_NOT_FOUND', 'DOSSIER_CODE_INVALID', 'AGENCY_UNKNOWN', 'AGENCY_AMBIGUOUS', 'MESSAGE_VERSION_NOT_TAKEN', 'DOCUMENT_NOT_FOUND'],
  run: async ({ sendMessage }, { path, body: input }, { call }) => {
    const { body, replayed } = await sendMessage(call, parseDossierCode(path.code), input);
    return { body, replayed, headers: { location: `/v1/messages/${body.messageId}` } };
  },
});

const messagePath = z.strictObject({ id: messageId });

export const readMessageRoute = defineRoute({
  method: 'GET',
  path: '/v1/messages/{id}',
  operationId: 'readMessage',
  summary: 'How a message stands: its deliveries and receipts',
  tag: 'Messages',
  scope: 'messages:read',
  idempotent: false,
  pathParameters: messagePath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The sender sees every delivery, a recipient its own', schema: messageView },
  problems: ['MESSAGE_NOT_FOUND'],
  run: async ({ readMessage }, { path }, { call }) => ({ body: await readMessage(call.caller, path.id) }),
});

export const replayMessageRoute = defineRoute({
  method: 'POST',
  path: '/v1/messages/{id}/replay',
  operationId: 'replayMessage',
  summary: 'Send the parked deliveries of a message again, under the same ids',
  tag: 'Messages',
  scope: 'messages:write',
  idempotent: true,
  pathParameters: messagePath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 202, description: 'On their way again', schema: messageView },
  problems: ['MESSAGE_NOT_FOUND', 'STATE_CONFLICT'],
  run: ({ replayMessage }, { path }, { call }) => replayMessage(call, path.id),
});
