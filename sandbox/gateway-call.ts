import { setTimeout as delay } from 'node:timers/promises';
import { problem, type Problem } from '../src/formats/api/problem.ts';

/** The gateway said no (RFC 9457). `problem.code` says why; `problem.retryable` whether the same call may succeed later. */
export class GatewayProblem extends Error {
  override readonly name = 'GatewayProblem';
  readonly problem: Problem;

  constructor(what: string, found: Problem) {
    super(`${what}: ${found.status} ${found.code}: ${found.detail}`);
    this.problem = found;
  }
}

export interface GatewayAccess {
  /** Without a trailing slash. */
  readonly url: string;
  readonly apiKey: string;
  /** For one attempt. Default: 60 s. */
  readonly timeoutMs?: number;
  /** Attempts in all while the gateway cannot be reached or says "later"; safe since every POST carries an Idempotency-Key. Default: 5. */
  readonly attempts?: number;
  /** Ends every call. */
  readonly signal?: AbortSignal;
}

export interface GatewayRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: () => string | Uint8Array | FormData;
  /** The same for every attempt. */
  readonly idempotencyKey?: string;
}

/**
 * One call, repeated under the same Idempotency-Key until an answer comes that is final.
 * @throws GatewayProblem for what the gateway refuses; what `fetch` throws when it was never reached
 */
export async function callGateway(access: GatewayAccess, request: GatewayRequest): Promise<Response> {
  const attempts = access.attempts ?? 5;
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === attempts;
    try {
      const response = await attemptOnce(access, request);
      if (response.ok) return response;
      const refusal = await problemOf(response, request);
      if (isLast || !refusal.problem.retryable) throw refusal;
      await response.body?.cancel();
      await pause(access, attempt, response.headers.get('retry-after'));
    } catch (error) {
      if (isLast || error instanceof GatewayProblem || access.signal?.aborted === true) throw error;
      await pause(access, attempt, null);
    }
  }
}

function attemptOnce({ url, apiKey, timeoutMs = 60_000, signal }: GatewayAccess, { method, path, headers, body, idempotencyKey }: GatewayRequest): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs);
  return fetch(url + path, {
    method,
    redirect: 'error',
    headers: { authorization: `Bearer ${apiKey}`, accept: 'application/json', ...headers, ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }) },
    ...(body !== undefined && { body: body() }),
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
}

async function problemOf(response: Response, { method, path }: GatewayRequest): Promise<GatewayProblem> {
  const text = await response.text();
  const parsed = problem.safeParse(parseJson(text));
  if (parsed.success) return new GatewayProblem(`${method} ${path}`, parsed.data);
  const { status } = response;
  const detail = `answered ${response.headers.get('content-type') ?? 'nothing'} instead of a problem`;
  return new GatewayProblem(`${method} ${path}`, { type: 'about:blank', title: 'Not a gateway', status, detail, code: 'UNKNOWN', origin: 'gateway', retryable: status >= 500, errors: [], traceId: '' });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no problem document: the caller says so
  }
}

/** 0.2 s, 0.4 s … at most 5 s, or as long as the gateway asks, up to 30 s. */
function pause({ signal }: GatewayAccess, attempt: number, retryAfter: string | null): Promise<void> {
  const asked = /^\d+$/.test(retryAfter ?? '') ? Math.min(30_000, Number(retryAfter) * 1_000) : 0;
  return delay(Math.max(asked, Math.min(5_000, 100 * 2 ** attempt)), undefined, signal === undefined ? {} : { signal });
}
