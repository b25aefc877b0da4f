import { z } from 'zod';
import { parseDossierCode } from '../../domain/dossier.ts';
import { messageView, newMessage } from '../../formats/api/messages.ts';
import { messageId } from '../../formats/api/primitives.ts';
import { ASIC_E } from '../../formats/asic/names.ts';
import { defineRoute } from '../route.ts';
import { requestSignal } from '../upload.ts';
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

const EXPORT_LIMIT_MS = 60_000;

export const readEvidenceRoute = defineRoute({
  method: 'GET',
  path: '/v1/messages/{id}/evidence',
  operationId: 'readEvidence',
  summary: 'Evidence of a message as ASiC-E: its manifest and papers, receipts, signatures, places in the log with time-stamps; checked offline by "lienthong evidence verify"',
  tag: 'Messages',
  scope: 'messages:read',
  idempotent: false,
  pathParameters: messagePath,
  query: null,
  body: null,
  answer: { kind: 'bytes', status: 200, description: 'The container. The sender gets every receipt, a recipient its own; 409 EVIDENCE_PENDING with Retry-After until a time-stamped checkpoint covers all of it', mediaTypes: [ASIC_E], headers: {} },
  problems: ['MESSAGE_NOT_FOUND', 'EVIDENCE_NOT_KEPT', 'EVIDENCE_PENDING', 'STORAGE_FAILED'],
  run: async ({ exportEvidence }, { path }, { call, response }) => {
    const { name, open } = await exportEvidence(call.caller, path.id, requestSignal(response, EXPORT_LIMIT_MS));
    return { mediaType: ASIC_E, name, sizeBytes: null, headers: {}, open: () => Promise.resolve(open()) };
  },
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
