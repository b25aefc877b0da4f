import { setTimeout as delay } from 'node:timers/promises';
import { linkedAbort } from '../src/ports/linked-abort.ts';
import { GatewayProblem, problemOf } from './problem.ts';

export interface GatewayAccess {
  /** Of the gateway, without a path. */
  readonly url: string;
  /** An API key; or a function that gives an access token of the identity provider, asked for each attempt. */
  readonly apiKey: string | (() => string | Promise<string>);
  /** Until the head of an answer is there, for one attempt. Default: 60,000. */
  readonly timeoutMs?: number;
  /** Attempts in all while the gateway cannot be reached or says "later", for calls that may be repeated. Default: 5. */
  readonly attempts?: number;
  /** The longest that a Retry-After is waited for; a longer one is an error at once, with `retryAfterMs`. Default: 60,000. */
  readonly longestWaitMs?: number;
  /** Language of problem titles. Default: what the gateway prefers. */
  readonly language?: 'vi' | 'en';
  /** Ends every call, and whatever waits. */
  readonly signal?: AbortSignal;
  /**
   * Told the first incarnation that an answer bears, and each other one: a gateway that was restored from a backup forgot what was said shortly
   * before. Send again, under the same keys, what it accepted then.
   */
  readonly onIncarnation?: (incarnation: number) => void;
  /** The checkpoint of the evidence log that you saw last, a signed note, told with every call: the gateway refuses calls (LOG_FORKED) when its log does not lead to it. */
  readonly lastCheckpoint?: () => string | null;
  /** Instead of the global one: for proxies, client certificates, tests. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface GatewayCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each attempt. */
  readonly body?: () => NonNullable<RequestInit['body']>;
  /** Whether doing it twice is the same as doing it once. Default: GET, HEAD, DELETE, and whatever carries an Idempotency-Key. */
  readonly isRepeatable?: boolean;
  /** Instead of that of the access. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One call, repeated under the same Idempotency-Key until an answer comes that is final.
 * @returns an answer of 2xx, its body not read yet
 * @throws GatewayProblem for what is refused; what `fetch` throws when the gateway was never reached
 */
export async function callGateway(access: GatewayAccess, call: GatewayCall): Promise<Response> {
  const attempts = mayRepeat(call) ? (access.attempts ?? 5) : 1;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(access, call);
    if (outcome instanceof Response) return outcome;
    const waitMs = pauseAfter(access, outcome, attempt);
    if (attempt >= attempts || waitMs === null || isAborted(access, call)) throw outcome;
    await pause(access, call, waitMs);
  }
}

/** @throws AbortError when it is ended */
export async function pause(access: GatewayAccess, call: Pick<GatewayCall, 'signal'>, ms: number): Promise<void> {
  const link = linkedAbort(...signalsOf(access, call));
  try {
    await delay(ms, undefined, { signal: link.signal });
  } finally {
    link.unlink();
  }
}

function mayRepeat({ method, headers = {}, isRepeatable }: GatewayCall): boolean {
  return isRepeatable ?? (['GET', 'HEAD', 'DELETE'].includes(method) || Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key'));
}

/** An error is an outcome: whether it ends the call is for the caller to say. */
async function attemptOnce(access: GatewayAccess, call: GatewayCall): Promise<Response | Error> {
  const { method, path, headers, body } = call;
  const { fetch = globalThis.fetch, language } = access;
  const timeoutMs = call.timeoutMs ?? access.timeoutMs ?? 60_000;
  const link = linkedAbort(...signalsOf(access, call));
  const timer = setTimeout(() => link.abort(new DOMException(`No answer within ${timeoutMs} ms`, 'TimeoutError')), timeoutMs);
  let isHandedOn = false;
  try {
    const response = await fetch(access.url.replace(/\/+$/, '') + path, {
      method,
      redirect: 'error', // the key is for this address only
      headers: { accept: 'application/json', ...(language !== undefined && { 'accept-language': language }), ...checkpointOf(access), ...headers, authorization: `Bearer ${await keyOf(access)}` },
      signal: link.signal,
      ...(body !== undefined && { body: body(), duplex: 'half' }),
    });
    noteIncarnation(access, response);
    if (!response.ok) return await problemOf(response, `${method} ${path}`, new Date());
    isHandedOn = response.body !== null;
    return linkedWhileRead(response, () => link.unlink());
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
    if (!isHandedOn) link.unlink();
  }
}

const lastSeen = new WeakMap<GatewayAccess, number>();

function noteIncarnation(access: GatewayAccess, { headers }: Response): void {
  const said = headers.get('gateway-incarnation');
  if (said === null || !/^\d{1,15}$/.test(said) || lastSeen.get(access) === Number(said)) return;
  lastSeen.set(access, Number(said));
  access.onIncarnation?.(Number(said));
}

/** The signals end the reading of a body, too; after it, nothing of the call may stay with signals that live on. */
function linkedWhileRead(response: Response, unlink: () => void): Response {
  const { body, status, statusText, headers } = response;
  return body === null ? response : new Response(ReadableStream.from<Uint8Array>(thenDo(body as AsyncIterable<Uint8Array>, unlink)), { status, statusText, headers });
}

async function* thenDo(chunks: AsyncIterable<Uint8Array>, end: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } finally {
    end();
  }
}

function checkpointOf({ lastCheckpoint }: GatewayAccess): Readonly<Record<string, string>> {
  const note = lastCheckpoint?.() ?? null;
  return note === null ? {} : { 'log-checkpoint': Buffer.from(note).toString('base64') };
}

async function keyOf({ apiKey }: GatewayAccess): Promise<string> {
  return typeof apiKey === 'function' ? apiKey() : apiKey;
}

function signalsOf(access: GatewayAccess, call: Pick<GatewayCall, 'signal'>): readonly AbortSignal[] {
  return [access.signal, call.signal].filter((signal) => signal !== undefined);
}

function isAborted(access: GatewayAccess, call: GatewayCall): boolean {
  return signalsOf(access, call).some(({ aborted }) => aborted);
}

/** Milliseconds before the next attempt: 0.2 s, 0.4 s … at most 5 s, or as long as the gateway asks; null: it is no use to wait. */
export function pauseAfter({ longestWaitMs = 60_000 }: GatewayAccess, error: Error, attempt: number): number | null {
  if (error instanceof GatewayProblem && !error.retryable) return null;
  const askedMs = error instanceof GatewayProblem ? (error.retryAfterMs ?? 0) : 0;
  return askedMs > longestWaitMs ? null : Math.max(askedMs, Math.min(5_000, 100 * 2 ** attempt));
}
