import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { Call } from '../usecases/call.ts';
import type { CallAllowance } from '../usecases/call-rates.ts';
import type { HttpDependencies } from './dependencies.ts';
import { problemOf, type Language } from './problem.ts';
import { discardRest } from './request-body.ts';
import type { Route } from './route.ts';
import { routesOf } from './routes/table.ts';
import { beginTrace, traceOf } from './trace.ts';
import { signedRequestOf } from './signed-request.ts';

/** The HTTP API as an Express application: authenticate, authorise, check, call the use case, check, answer. Listens nowhere by itself. */
export function createApp(dependencies: HttpDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.use(securityHeaders(), traceSpan(dependencies), traceAndLog(dependencies));
  const routes = routesOf(dependencies.limits.version);
  for (const route of routes) app[METHODS[route.method]](expressPath(route.path), serve(dependencies, route));
  for (const path of new Set(routes.map((route) => route.path))) app.all(expressPath(path), refuseMethod(routes.filter((route) => route.path === path)));
  app.use(() => {
    throw new GatewayError('ROUTE_NOT_FOUND', 'There is no such address: /openapi.json lists those there are');
  });
  app.use(answerProblem(dependencies));
  return app;
}

const METHODS = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete', OPTIONS: 'options' } as const;

/** An API answers programs: nothing it says may be run, framed or guessed at by a browser. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  });
}

function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function traceAndLog({ log, watch, incarnation }: HttpDependencies): RequestHandler {
  return (request, response, next) => {
    const startedMs = performance.now();
    const { traceId } = traceOf(request);
    response.set('x-request-id', traceId);
    const life = incarnation();
    if (life !== null) response.set('gateway-incarnation', String(life));
    response.once('finish', () => discardRest(request));
    response.once('close', () => {
      // The route as the table writes it, never the address: addresses hold codes, and queries may hold anything.
      const route = (request.route as { readonly path?: unknown } | undefined)?.path;
      const ended = { method: request.method, route: typeof route === 'string' ? route : null, status: response.writableFinished ? response.statusCode : 499 };
      log.info('http.request', { ...ended, traceId });
      watch.requestEnded({ ...ended, seconds: (performance.now() - startedMs) / 1_000 });
    });
    next();
  };
}

/** The request as a span, that of the caller's trace if it sent one; everything done for it shows below. */
function traceSpan({ watch }: HttpDependencies): RequestHandler {
  return (request, response, next) => {
    const { method, headers } = request;
    const traceparent = typeof headers['traceparent'] === 'string' ? headers['traceparent'] : null;
    void watch.span(method, { kind: 'server', traceparent }, async (span) => {
      if (span.traceparent !== null) beginTrace(request, span.traceparent);
      const closed = new Promise<void>((resolve) => response.once('close', resolve));
      next();
      await closed;
      const route = (request.route as { readonly path?: unknown } | undefined)?.path;
      if (typeof route === 'string') span.rename(`${method} ${route}`);
      span.set({ 'http.request.method': method, 'http.route': typeof route === 'string' ? route : null, 'http.response.status_code': response.writableFinished ? response.statusCode : 499 });
    });
  };
}

function serve(dependencies: HttpDependencies, route: Route): RequestHandler {
  return async (request, response) => {
    const call = await authorise(dependencies, route, request, response);
    await route.handle(dependencies, { request, response, call });
  };
}

const NOBODY: Call['caller'] = { partnerId: '' as Call['caller']['partnerId'], keyId: '', scopes: new Set() };

/** @throws UNAUTHENTICATED, ISSUER_UNAVAILABLE, RATE_LIMITED, REQUEST_SIGNATURE_REQUIRED, REQUEST_SIGNATURE_INVALID, SCOPE_MISSING, REQUEST_INVALID, LOG_FORKED, EVIDENCE_MALFORMED, EVIDENCE_FORGED */
async function authorise({ authenticate, clientCertificate, callRates, checkRequestSignature, publicUrl, witnessCheckpoint }: HttpDependencies, { scope, idempotent }: Route, request: Request, response: Response): Promise<Call> {
  const { traceparent } = traceOf(request);
  if (scope === null) return { caller: NOBODY, idempotencyKey: null, traceparent };
  const caller = await authenticate(request.headers.authorization, clientCertificate(request));
  checkRate(callRates.take(caller), response);
  const proof = await checkRequestSignature(caller, signedRequestOf(request, publicUrl));
  if (!caller.scopes.has(scope)) throw new GatewayError('SCOPE_MISSING', `This needs the scope "${scope}", which your API key does not have: ask the operator for a key with it`);
  const note = request.headers['log-checkpoint'];
  if (typeof note === 'string') await witnessCheckpoint(caller.partnerId, Buffer.from(note, 'base64'));
  return { caller, idempotencyKey: idempotent ? idempotencyKeyOf(request.headers['idempotency-key']) : null, traceparent, proof };
}

/** draft-ietf-httpapi-ratelimit-headers-10. @throws RATE_LIMITED */
function checkRate({ isAllowed, rate, remaining, waitMs }: CallAllowance, response: Response): void {
  response.set('ratelimit-policy', `"calls";q=${rate.burst};w=${Math.max(1, Math.ceil(rate.burst / rate.perSecond))}`).set('ratelimit', `"calls";r=${remaining};t=${Math.ceil(waitMs / 1_000)}`);
  if (!isAllowed) throw new GatewayError('RATE_LIMITED', `Call at most ${rate.perSecond} times a second; the operator can set another rate for your system`, { retryAfterMs: waitMs });
}

const KEY_FORM = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/;

/** With or without the quotes of a structured-field string (draft-ietf-httpapi-idempotency-key-header-07). */
function idempotencyKeyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const key = typeof header === 'string' ? header.replace(/^"(.*)"$/, '$1') : '';
  if (KEY_FORM.test(key)) return key;
  const faults = [{ pointer: '/header/idempotency-key', detail: 'is 1 to 255 visible ASCII characters, without quotes inside' }];
  throw new GatewayError('REQUEST_INVALID', 'The Idempotency-Key cannot be used', { faults });
}

function refuseMethod(routes: readonly Route[]): RequestHandler {
  const methods = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return (_request, response) => {
    response.set('allow', methods.join(', '));
    throw new GatewayError('METHOD_NOT_ALLOWED', `Use ${methods.join(' or ')} here`);
  };
}

function answerProblem({ log }: HttpDependencies) {
  // Express tells an error handler by its four parameters.
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const error = asGatewayError(thrown);
    const { traceId } = traceOf(request);
    const { status, headers, body } = problemOf(error, { language: languageOf(request), traceId, instance: request.path });
    if (status >= 500 && !response.destroyed) log.error('http.failed', error, { method: request.method, code: body.code, status, traceId });
    else log.info('http.refused', { method: request.method, code: body.code, status, traceId });
    // Half an answer must not look like a whole one.
    if (response.headersSent) response.destroy();
    else response.status(status).set({ 'cache-control': 'no-store', ...headers }).type('application/problem+json').send(JSON.stringify(body));
  };
}

/** Express refuses addresses it cannot decode with an error of its own that carries a status. */
function asGatewayError(thrown: unknown): unknown {
  if (isGatewayError(thrown)) return thrown;
  const status = thrown instanceof Error && 'status' in thrown ? thrown.status : null;
  return status === 400 ? new GatewayError('REQUEST_MALFORMED', 'The address of the request cannot be decoded', { cause: thrown }) : thrown;
}

function languageOf(request: Request): Language {
  return request.acceptsLanguages('en', 'vi') === 'vi' ? 'vi' : 'en';
}
