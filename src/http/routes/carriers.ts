import { z } from 'zod';
import { carrierList } from '../../formats/api/postal.ts';
import { JSON_PACE } from '../json.ts';
import { wholeBody } from '../request-body.ts';
import { defineRoute } from '../route.ts';
import { requestSignal } from '../upload.ts';

const HEAR_LIMIT_MS = 60_000;

export const listCarriersRoute = defineRoute({
  method: 'GET',
  path: '/v1/carriers',
  operationId: 'listCarriers',
  summary: 'The carriers orders can go to, and which connectors are not proven against the carrier’s own system',
  tag: 'Post',
  scope: 'postal:read',
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The carriers', schema: carrierList },
  problems: [],
  run: async ({ listCarriers }) => ({ body: await listCarriers() }),
});

/** Open to everybody, since the carrier has no key of ours: its own signature is checked, and even then nothing of the call is believed. */
export const hearCarrierRoute = defineRoute({
  method: 'POST',
  path: '/v1/carriers/{carrier}/events',
  operationId: 'hearCarrier',
  summary: 'Where a carrier calls: each order the call points at is read again from the carrier before anything changes',
  tag: 'Post',
  scope: null,
  idempotent: false,
  pathParameters: z.strictObject({ carrier: z.string().min(1).max(40) }),
  query: null,
  body: { kind: 'bytes', description: 'As the carrier writes and signs it.' },
  answer: { kind: 'json', status: 200, description: 'How many orders were read again, and how many events were new', schema: z.strictObject({ orders: z.int(), events: z.int() }) },
  problems: ['UNAUTHENTICATED', 'REQUEST_MALFORMED', 'CARRIER_UNKNOWN', 'CARRIER_REFUSED', 'CARRIER_UNAVAILABLE', 'CARRIER_ANSWER_INVALID'],
  run: async ({ hearCarrier }, { path }, { request, response }) => ({ body: await hearCarrier(path.carrier, await wholeBody(request, JSON_PACE), requestSignal(response, HEAR_LIMIT_MS)) }),
});
