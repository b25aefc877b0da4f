import { Agent, request, type Dispatcher } from 'undici';
import { GatewayError } from '../../src/domain/errors.ts';
import type { Exchange, ExchangeOptions, HttpExchange, WireAnswer, WireRequest } from '../../src/ports/http-exchange.ts';
import { linkedAbort } from '../../src/ports/linked-abort.ts';

export interface HttpOnce {
  readonly exchange: HttpExchange;
  /** Closes the connections that were opened here; those of a dispatcher given are its owner's. */
  close(): Promise<void>;
}

/**
 * Exchanges over a connection of their own each: a kept connection that the other side is just closing would make the outcome of an
 * order unknown for nothing.
 * @param given connections to use, such as the gateway's guarded ones
 */
export function httpOnce(given?: Dispatcher): HttpOnce {
  const dispatcher = given ?? new Agent({ connect: { timeout: 10_000 }, pipelining: 0 });
  return {
    exchange: (wire, options) => exchange(wire, dispatcher, options),
    close: async () => {
      if (given === undefined) await dispatcher.destroy();
    },
  };
}

async function exchange(wire: WireRequest, dispatcher: Dispatcher, options: ExchangeOptions): Promise<Exchange> {
  const { name, timeoutMs, signal } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = linkedAbort(deadline, ...(signal === undefined ? [] : [signal]));
  const sending: Sending = { begun: false, givenUp: false };
  try {
    const answer = ask(wire, watched(dispatcher, sending), options.maxBytes, stop.signal);
    return { kind: 'answer', answer: await Promise.race([answer, giveUp(stop.signal, sending)]) };
  } catch (cause) {
    const cancelled = signal?.aborted === true;
    if (sending.begun) return { kind: 'lost', why: cancelled ? 'cancelled while waiting for the answer' : deadline.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(cause) };
    if (cancelled) throw new GatewayError('CANCELLED', `The call to ${name} was cancelled before it began`, { cause });
    throw new GatewayError('CARRIER_UNAVAILABLE', `${name} cannot be reached: ${deadline.aborted ? `no connection within ${timeoutMs} ms` : reasonOf(cause)}`, { cause });
  } finally {
    stop.unlink();
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
