import { z } from 'zod';
import type { DeliveryId } from '../../domain/ids.ts';
import { decidedDelivery, deliveryDecision, parkedList, parkedQuery, recipientList, replayedDeliveries, replaySinceOrder, supersedeDecision } from '../../formats/api/admin-deliveries.ts';
import { messageView } from '../../formats/api/messages.ts';
import { messageId } from '../../formats/api/primitives.ts';
import type { DeliveryDecisionName } from '../../usecases/administration.ts';
import { defineRoute, type Route } from '../route.ts';

const admin = { tag: 'Administration', scope: 'admin' } as const;
const deliveryPath = z.strictObject({ id: z.uuid().transform((value) => value as DeliveryId) });
const decided = { kind: 'json', status: 200, description: 'How it stands now', schema: decidedDelivery } as const;

const listParkedRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/deliveries/parked',
  operationId: 'listParked',
  summary: 'Deliveries that wait for a person, and why; the longest first',
  idempotent: false,
  pathParameters: null,
  query: parkedQuery,
  body: null,
  answer: { kind: 'json', status: 200, description: 'What is parked', schema: parkedList },
  problems: [],
  run: async ({ administration }, { query }) => ({ body: await administration.listParked(query) }),
});

const listRecipientsRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/recipients',
  operationId: 'listRecipients',
  summary: 'Who has unfinished deliveries: how many, since when, and whether the recipient is being called',
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'At most 500, that with the oldest first', schema: recipientList },
  problems: [],
  run: async ({ administration }) => ({ body: await administration.listRecipients() }),
});

const readAnyMessageRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/messages/{id}',
  operationId: 'readAnyMessage',
  summary: 'How any message travels: all its deliveries and receipts, never what it says',
  idempotent: false,
  pathParameters: z.strictObject({ id: messageId }),
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The message without its body', schema: messageView },
  problems: ['MESSAGE_NOT_FOUND'],
  run: async ({ administration }, { path }) => ({ body: await administration.readAnyMessage(path.id) }),
});

function decisionRoute(name: DeliveryDecisionName, operationId: string, summary: string): Route {
  return defineRoute({
    ...admin,
    method: 'POST',
    path: `/v1/admin/deliveries/{id}/${name}`,
    operationId,
    summary,
    idempotent: true,
    pathParameters: deliveryPath,
    query: null,
    body: { kind: 'json', schema: deliveryDecision },
    answer: decided,
    problems: ['MESSAGE_NOT_FOUND', 'STATE_CONFLICT'],
    run: ({ administration }, { path, body }, { call }) => administration.decideDelivery(call, name, path.id, body),
  });
}

const supersedeRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/deliveries/{id}/supersede',
  operationId: 'supersedeDelivery',
  summary: 'Replace a delivery by a later one for the same dossier and recipient, which takes its place',
  idempotent: true,
  pathParameters: deliveryPath,
  query: null,
  body: { kind: 'json', schema: supersedeDecision },
  answer: decided,
  problems: ['MESSAGE_NOT_FOUND', 'STATE_CONFLICT'],
  run: ({ administration }, { path, body }, { call }) => administration.supersedeDelivery(call, path.id, body),
});

const replaySinceRoute = defineRoute({
  ...admin,
  method: 'POST',
  path: '/v1/admin/deliveries/replay',
  operationId: 'replaySince',
  summary: 'Send again everything to a recipient that was parked since a time; a second call finds only what is parked then',
  idempotent: false,
  pathParameters: null,
  query: null,
  body: { kind: 'json', schema: replaySinceOrder },
  answer: { kind: 'json', status: 200, description: 'What is sent again', schema: replayedDeliveries },
  problems: [],
  run: async ({ administration }, { body }, { call }) => ({ body: { replayed: [...(await administration.replaySince(call, body))] } }),
});

export const deliveryRoutes: readonly Route[] = [
  listParkedRoute,
  listRecipientsRoute,
  readAnyMessageRoute,
  decisionRoute('replay', 'replayDelivery', 'Send a parked delivery again: the same id, a new attempt'),
  decisionRoute('adopt', 'adoptDelivery', 'The recipient says that it has a parked delivery: record that, and let the lane go on'),
  decisionRoute('skip', 'skipDelivery', 'Pass over a delivery that holds up its lane: it will never be sent'),
  decisionRoute('cancel', 'cancelDelivery', 'Take a delivery back before it was delivered'),
  supersedeRoute,
  replaySinceRoute,
];
