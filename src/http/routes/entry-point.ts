import { entryPoint } from '../../formats/api/entry-point.ts';
import { defineRoute } from '../route.ts';

export const entryPointRoute = defineRoute({
  method: 'GET',
  path: '/v1',
  operationId: 'readEntryPoint',
  summary: 'Where this API is described, and which carriers’ connectors never met the carrier’s own system',
  tag: 'Operation',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'The service', schema: entryPoint },
  problems: [],
  run: ({ unprovenCarriers }) => Promise.resolve({ body: { api: 'v1' as const, description: '/openapi.json', page: '/docs', unprovenConnectors: unprovenCarriers() } }),
});
