import { z } from 'zod';
import { parseDossierCode } from '../../domain/dossier.ts';
import { newPostalOrder, postalAddressChange, postalEntry, postalOrderList, postalOrderView, postalQuote, type PostalOrderView } from '../../formats/api/postal.ts';
import { postalOrderTag } from '../../formats/api/postal-views.ts';
import { postalOrderId } from '../../formats/api/primitives.ts';
import type { JsonReply } from '../reply.ts';
import { defineRoute } from '../route.ts';
import { requestSignal } from '../upload.ts';
import { dossierCodePath } from './parameters.ts';

const CARRIER_LIMIT_MS = 60_000;
const CARRIER_PROBLEMS = ['CARRIER_UNKNOWN', 'CARRIER_NOT_OFFERED', 'CARRIER_REFUSED', 'CARRIER_UNAVAILABLE', 'CARRIER_ANSWER_INVALID'] as const;
const IF_MATCH = { 'If-Match': 'The ETag of the order as you read it; a change since then is answered 412' };

/** With the tag that a later change may name. */
function tagged(body: PostalOrderView): JsonReply<PostalOrderView> {
  return { body, headers: { etag: postalOrderTag(body) } };
}

export const requestPostRoute = defineRoute({
  method: 'POST',
  path: '/v1/postal-orders',
  operationId: 'orderPost',
  summary: 'Order one leg from the post: one order per dossier, leg and revision, whatever crashes when',
  tag: 'Post',
  scope: 'postal:write',
  idempotent: true,
  pathParameters: null,
  query: null,
  body: { kind: 'json', schema: newPostalOrder },
  answer: { kind: 'json', status: 202, description: 'The order has its number and will be placed with the carrier at most once', schema: postalOrderView },
  problems: ['DOSSIER_NOT_FOUND', 'CARRIER_UNKNOWN', 'POSTAL_ORDER_EXISTS', 'STATE_CONFLICT'],
  run: async ({ requestPost }, { body: input }, { call }) => {
    const { body, replayed } = await requestPost(call, input);
    return { body, replayed, headers: { location: `/v1/postal-orders/${body.id}`, etag: postalOrderTag(body) } };
  },
});

const orderPath = z.strictObject({ id: postalOrderId });

export const readPostalOrderRoute = defineRoute({
  method: 'GET',
  path: '/v1/postal-orders/{id}',
  operationId: 'readPostalOrder',
  summary: 'How a postal order stands, with every event the carrier told',
  tag: 'Post',
  scope: 'postal:read',
  idempotent: false,
  pathParameters: orderPath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The order', schema: postalOrderView },
  problems: ['POSTAL_ORDER_NOT_FOUND'],
  run: async ({ readPostalOrder }, { path }, { call }) => tagged(await readPostalOrder(call.caller, path.id)),
});

export const listPostalOrdersRoute = defineRoute({
  method: 'GET',
  path: '/v1/dossiers/{code}/postal-orders',
  operationId: 'listPostalOrders',
  summary: 'The postal orders of a dossier',
  tag: 'Post',
  scope: 'postal:read',
  idempotent: false,
  pathParameters: dossierCodePath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The orders, oldest first', schema: postalOrderList },
  problems: ['DOSSIER_NOT_FOUND', 'DOSSIER_CODE_INVALID'],
  run: async ({ listPostalOrders }, { path }, { call }) => ({ body: await listPostalOrders(call.caller, parseDossierCode(path.code)) }),
});

export const cancelPostalOrderRoute = defineRoute({
  method: 'POST',
  path: '/v1/postal-orders/{id}/cancel',
  operationId: 'cancelPostalOrder',
  summary: 'Cancel an order you placed; cancelling again is answered like the first time',
  tag: 'Post',
  scope: 'postal:write',
  idempotent: false,
  pathParameters: orderPath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The order as it stands now; what was collected all the same is tracked on', schema: postalOrderView },
  problems: ['POSTAL_ORDER_NOT_FOUND', 'PRECONDITION_FAILED', 'STATE_CONFLICT', 'CARRIER_UNKNOWN', 'CARRIER_REFUSED', 'CARRIER_UNAVAILABLE', 'CARRIER_ANSWER_INVALID'],
  requestHeaders: IF_MATCH,
  run: async ({ cancelPostalOrder }, { path }, { call, request, response }) => tagged(await cancelPostalOrder(call, path.id, request.get('if-match') ?? null, requestSignal(response, CARRIER_LIMIT_MS))),
});

export const changePostalAddressRoute = defineRoute({
  method: 'POST',
  path: '/v1/postal-orders/{id}/address',
  operationId: 'changePostalAddress',
  summary: 'Change the address of one end: at once while nothing was sent, otherwise when the carrier agrees',
  tag: 'Post',
  scope: 'postal:write',
  idempotent: false,
  pathParameters: orderPath,
  query: null,
  body: { kind: 'json', schema: postalAddressChange },
  answer: { kind: 'json', status: 200, description: 'The order as it stands now; the change is the last of its `addressChanges`', schema: postalOrderView },
  problems: ['POSTAL_ORDER_NOT_FOUND', 'PRECONDITION_FAILED', 'STATE_CONFLICT', ...CARRIER_PROBLEMS],
  requestHeaders: IF_MATCH,
  run: async ({ changePostalAddress }, { path, body }, { call, request, response }) => tagged(await changePostalAddress(call, path.id, body, request.get('if-match') ?? null, requestSignal(response, CARRIER_LIMIT_MS))),
});

export const quotePostRoute = defineRoute({
  method: 'POST',
  path: '/v1/postal-orders/quote',
  operationId: 'quotePost',
  summary: 'What an order would cost, where its carrier gives prices; nothing is ordered',
  tag: 'Post',
  scope: 'postal:write',
  idempotent: false,
  pathParameters: null,
  query: null,
  body: { kind: 'json', schema: newPostalOrder },
  answer: { kind: 'json', status: 200, description: 'The carrier’s prices', schema: postalQuote },
  problems: ['DOSSIER_NOT_FOUND', ...CARRIER_PROBLEMS],
  run: async ({ quotePost }, { body }, { call, response }) => ({ body: await quotePost(call, body, requestSignal(response, CARRIER_LIMIT_MS)) }),
});

export const quotePostalOrderRoute = defineRoute({
  method: 'GET',
  path: '/v1/postal-orders/{id}/quote',
  operationId: 'quotePostalOrder',
  summary: 'What an order costs by its carrier’s prices of today',
  tag: 'Post',
  scope: 'postal:read',
  idempotent: false,
  pathParameters: orderPath,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The carrier’s prices', schema: postalQuote },
  problems: ['POSTAL_ORDER_NOT_FOUND', ...CARRIER_PROBLEMS],
  run: async ({ quotePostalOrder }, { path }, { call, response }) => ({ body: await quotePostalOrder(call.caller, path.id, requestSignal(response, CARRIER_LIMIT_MS)) }),
});

export const reportPostalEventRoute = defineRoute({
  method: 'POST',
  path: '/v1/postal-orders/{id}/entries',
  operationId: 'reportPostalEvent',
  summary: 'Enter a hand-over with its minutes, or an attempt that failed; the same minutes count once',
  tag: 'Post',
  scope: 'postal:write',
  idempotent: false,
  pathParameters: orderPath,
  query: null,
  body: { kind: 'json', schema: postalEntry },
  answer: { kind: 'json', status: 200, description: 'The order as it stands now', schema: postalOrderView },
  problems: ['POSTAL_ORDER_NOT_FOUND', 'PRECONDITION_FAILED', 'STATE_CONFLICT'],
  requestHeaders: IF_MATCH,
  run: async ({ reportPostalEvent }, { path, body }, { call, request }) => tagged(await reportPostalEvent(call, path.id, body, request.get('if-match') ?? null)),
});
