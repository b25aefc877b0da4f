import { z } from 'zod';
import { inboxPage, messageEnvelope, receiptInput, receiptView } from '../../formats/api/messages.ts';
import { messageId } from '../../formats/api/primitives.ts';
import { defineRoute } from '../route.ts';
import { requestSignal } from '../upload.ts';
import { limitOf } from './parameters.ts';

const LONGEST_WAIT_SECONDS = 60;
/** Looking takes time, too. */
const EXTRA_MS = 30_000;

export const readInboxRoute = defineRoute({
  method: 'GET',
  path: '/v1/inbox',
  operationId: 'readInbox',
  summary: 'Messages waiting for you, in order; give the last position you saw as "after"; with "Prefer: wait=30" or waitSeconds the answer comes as soon as there is one',
  tag: 'Inbox',
  scope: 'inbox:read',
  idempotent: false,
  pathParameters: null,
  query: z.strictObject({ after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0), limit: limitOf(100, 50), waitSeconds: z.coerce.number().int().min(0).max(LONGEST_WAIT_SECONDS).optional() }),
  body: null,
  answer: { kind: 'json', status: 200, description: 'Messages not acknowledged yet', schema: inboxPage },
  problems: ['RATE_LIMITED'],
  run: async ({ readInbox, newestNote }, { query: { waitSeconds, ...query } }, { call, request, response }) => {
    const preferred = preferredWait(request.headers.prefer);
    const seconds = waitSeconds ?? preferred ?? 0;
    const body = await readInbox(call.caller, { ...query, waitMs: seconds * 1_000 }, requestSignal(response, seconds * 1_000 + EXTRA_MS));
    const note = await newestNote();
    const headers = {
      ...(waitSeconds === undefined && preferred !== null && { 'preference-applied': `wait=${preferred}` }),
      ...(note !== null && { 'log-checkpoint': Buffer.from(note).toString('base64') }),
    };
    return { body, headers };
  },
});

/** RFC 7240 §4.3, at most what we are ready to; null: no such preference. */
function preferredWait(header: string | string[] | undefined): number | null {
  const seconds = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec([header ?? ''].flat().join(', '))?.[1];
  return seconds === undefined ? null : Math.min(Number(seconds), LONGEST_WAIT_SECONDS);
}

export const readEnvelopeRoute = defineRoute({
  method: 'GET',
  path: '/v1/inbox/{messageId}',
  operationId: 'readInboxMessage',
  summary: 'One message that is for you, as a full push or the inbox brings it: what a thin push leaves for you to fetch',
  tag: 'Inbox',
  scope: 'inbox:read',
  idempotent: false,
  pathParameters: z.strictObject({ messageId }),
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The message', schema: messageEnvelope },
  problems: ['MESSAGE_NOT_FOUND'],
  run: async ({ readEnvelope }, { path }, { call }) => ({ body: await readEnvelope(call.caller, path.messageId) }),
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
  run: ({ acknowledgeMessage }, { path, body }, { call, bodyBytes }) => acknowledgeMessage(call, path.messageId, body, bodyBytes),
});
