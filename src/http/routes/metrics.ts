import type { Request } from 'express';
import { GatewayError } from '../../domain/errors.ts';
import { defineRoute } from '../route.ts';

/** Headers that a proxy adds: such a request comes from elsewhere, whatever the connection says. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;
const LOOPBACK_ADDRESS = /^(127\.|::1$|::ffff:127\.)/;
/** A name of the outside that leads here is a proxy that says nothing, or a page that has its own name lead to this machine. */
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

export const metricsRoute = defineRoute({
  method: 'GET',
  path: '/metrics',
  operationId: 'readMetrics',
  summary: 'Metrics in the text format of Prometheus: open on this machine, elsewhere with an API key of scope admin',
  tag: 'Operation',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'content', status: 200, description: 'The metrics', forms: { 'text/plain': null } },
  problems: ['UNAUTHENTICATED', 'SCOPE_MISSING'],
  run: async ({ authenticate, metricsPage }, _input, { request }) => {
    if (!isFromThisMachine(request)) {
      const { scopes } = await authenticate(request.headers.authorization);
      if (!scopes.has('admin')) throw new GatewayError('SCOPE_MISSING', 'Metrics need the scope "admin", unless they are read on the gateway’s own machine');
    }
    const { contentType, text } = await metricsPage();
    return { contentType, body: Buffer.from(text), contentSecurityPolicy: null };
  },
});

function isFromThisMachine({ socket, headers }: Request): boolean {
  return LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') && LOOPBACK_HOST.test(headers.host ?? '') && FORWARDED.every((name) => headers[name] === undefined);
}
