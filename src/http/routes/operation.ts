import { z } from 'zod';
import { liveness, readiness } from '../../formats/api/operation.ts';
import { defineRoute } from '../route.ts';

export const livenessRoute = defineRoute({
  method: 'GET',
  path: '/healthz',
  operationId: 'checkLiveness',
  summary: 'Whether the process runs',
  tag: 'Operation',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'It runs', schema: liveness },
  problems: [],
  run: () => Promise.resolve({ body: { status: 'ok' as const } }),
});

export const readinessRoute = defineRoute({
  method: 'GET',
  path: '/readyz',
  operationId: 'checkReadiness',
  summary: 'Whether requests can be taken: 200 or 503',
  tag: 'Operation',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'Ready; 503 with the same body when not', schema: readiness },
  problems: [],
  run: async ({ checkReadiness, isDraining }) => {
    const draining = isDraining();
    const found = await checkReadiness();
    const ready = found.ready && !draining;
    return { status: ready ? 200 : 503, body: { ...found, ready, draining } };
  },
});

/** Made once: the table does not change while the process runs. */
export function openApiRoute(describe: () => Readonly<Record<string, unknown>>): ReturnType<typeof defineRoute> {
  let description: Readonly<Record<string, unknown>> | undefined;
  return defineRoute({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'describeApi',
    summary: 'This API as OpenAPI 3.1',
    tag: 'Operation',
    scope: null,
    idempotent: false,
    pathParameters: null,
    query: null,
    body: null,
    answer: { kind: 'json', status: 200, description: 'The description', schema: z.record(z.string(), z.unknown()) },
    problems: [],
    run: () => Promise.resolve({ body: (description ??= describe()), headers: { 'cache-control': 'no-cache', 'access-control-allow-origin': '*' } }),
  });
}
