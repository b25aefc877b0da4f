import { request, type Dispatcher } from 'undici';
import { GatewayError } from '../../src/domain/errors.ts';
import type { WireRequest } from './request.ts';
import type { WireAnswer } from './response.ts';

/** How one exchange ended. `lost`: bytes left, and no whole answer came back. */
export type Exchange = { readonly kind: 'answer'; readonly answer: WireAnswer } | { readonly kind: 'lost'; readonly why: string };

export interface ExchangeOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * One exchange over one connection of its own: a kept connection that the other side is just closing would make the outcome of an
 * order unknown for nothing. No retry, no redirect, an end in time.
 * @throws CARRIER_UNAVAILABLE, CANCELLED when it is certain that nothing was sent
 */
export async function exchange(wire: WireRequest, dispatcher: Dispatcher, options: ExchangeOptions): Promise<Exchange> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const stop = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  const sending: Sending = { begun: false, givenUp: false };
  try {
    const answer = ask(wire, watched(dispatcher, sending), options.maxBytes, stop);
    return { kind: 'answer', answer: await Promise.race([answer, giveUp(stop, sending)]) };
  } catch (cause) {
    const cancelled = options.signal?.aborted === true;
    if (sending.begun) return { kind: 'lost', why: cancelled ? 'cancelled while waiting for the answer' : deadline.aborted ? `no answer within ${options.timeoutMs} ms` : reasonOf(cause) };
    if (cancelled) throw new GatewayError('CANCELLED', 'The call to VNPost was cancelled before it began', { cause });
    throw new GatewayError('CARRIER_UNAVAILABLE', `VNPost cannot be reached: ${deadline.aborted ? `no connection within ${options.timeoutMs} ms` : reasonOf(cause)}`, { cause });
  }
}

interface Sending {
  /** From here on the request may take effect. */
  begun: boolean;
  /** From here on it must not begin. */
  givenUp: boolean;
}

/** undici heeds a signal only once it is connected; an end that comes before that is taken here. Later ones are left to it. */
function giveUp(stop: AbortSignal, sending: Sending): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => {
      if (sending.begun) return;
      sending.givenUp = true;
      reject(stop.reason as Error);
    };
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
}

async function ask(wire: WireRequest, dispatcher: Dispatcher, maxBytes: number, stop: AbortSignal): Promise<WireAnswer> {
  const { statusCode, headers, body } = await request(wire.url, {
    method: wire.method,
    headers: wire.headers,
    body: wire.body,
    dispatcher,
    reset: true,
    signal: stop,
    // The deadline covers both; undici's own 5 minutes would be the longer one.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return { status: statusCode, body: await textOf(body, maxBytes), retryAfterMs: retryAfterOf(headers['retry-after']) };
}

async function textOf(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of body as AsyncIterable<Uint8Array>) {
      sizeBytes += part.length;
      if (sizeBytes > maxBytes) throw new GatewayError('CARRIER_ANSWER_INVALID', `an answer of more than ${maxBytes} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } finally {
    // Frees the connection when the body was not read to its end; destroying makes an error that nobody else waits for.
    body.on('error', () => undefined);
    body.destroy();
  }
}

/** undici tells the handler right before it writes the first byte: until then the request certainly had no effect. */
function watched(dispatcher: Dispatcher, sending: Sending): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    return dispatch(options, {
      onRequestStart(controller, context) {
        if (sending.givenUp) return controller.abort(new Error('given up before the first byte'));
        sending.begun = true;
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (controller, status, headers, socket) => handler.onRequestUpgrade?.(controller, status, headers, socket),
      onResponseStart: (controller, status, headers, message) => handler.onResponseStart?.(controller, status, headers, message),
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    });
  });
}

/** Codes of the system and of undici, never their texts: those may quote headers. */
function reasonOf(cause: unknown): string {
  if (cause instanceof GatewayError) return cause.message;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'the connection broke off';
}

function retryAfterOf(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}
