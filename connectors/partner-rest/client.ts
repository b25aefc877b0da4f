import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { isGatewayError, type GatewayError } from '../../src/domain/errors.ts';
import { linkedAbort } from '../../src/ports/linked-abort.ts';
import type { PartnerRequest } from './request.ts';
import type { PartnerAnswer } from './response.ts';

export interface CallLimits {
  readonly dispatcher: Dispatcher;
  /** From the call to the last byte of the answer. */
  readonly totalTimeoutMs: number;
  readonly maxAnswerBytes: number;
}

export type CallResult =
  | { readonly answered: true; readonly answer: PartnerAnswer }
  /** `sent`: the request had begun to leave, so the partner may have it. */
  | { readonly answered: false; readonly sent: boolean; readonly reason: string; readonly forbidden: GatewayError | null };

/** One exchange: no retry, no redirect, an end in time. Does not throw. */
export async function call({ method, url, headers, body }: PartnerRequest, limits: CallLimits, signal: AbortSignal): Promise<CallResult> {
  const deadline = AbortSignal.timeout(limits.totalTimeoutMs);
  const stop = linkedAbort(signal, deadline);
  const written = { begun: method === 'GET' };
  try {
    const response = await request(url, {
      method,
      headers,
      body: body === null ? null : Readable.from(watched(body, written, stop.signal), { objectMode: false }),
      dispatcher: limits.dispatcher,
      signal: stop.signal,
      headersTimeout: limits.totalTimeoutMs,
      bodyTimeout: limits.totalTimeoutMs,
    });
    const answerBody = await readBody(response.body, limits.maxAnswerBytes);
    const retryAfter = response.headers['retry-after'];
    return { answered: true, answer: { status: response.statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : null, body: answerBody } };
  } catch (error) {
    const reason = signal.aborted ? 'cut short by the gateway' : deadline.aborted ? `no answer within ${limits.totalTimeoutMs} ms` : reasonOf(error);
    return { answered: false, sent: written.begun, reason, forbidden: isGatewayError(error, 'URL_FORBIDDEN') ? error : null };
  } finally {
    stop.unlink();
  }
}

/**
 * undici asks for the body when a connection stands (and TLS with it), directly before it writes the head; when the call was aborted by
 * then, it writes nothing. So this is the moment from which bytes may have left.
 */
async function* watched(body: Uint8Array, written: { begun: boolean }, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  written.begun = !stop.aborted;
  yield body;
}

async function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of body as AsyncIterable<Uint8Array>) {
      sizeBytes += part.length;
      if (sizeBytes > maxBytes) return null;
      parts.push(part);
    }
    return Buffer.concat(parts);
  } finally {
    body.on('error', () => undefined); // destroying makes an error that nobody else waits for
    body.destroy();
  }
}

/** The code of the network's error, such as ECONNREFUSED; never its text, which may hold addresses. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'broken off';
  return code.toLowerCase().startsWith('und_err_') ? code.slice(8).toLowerCase().replaceAll('_', ' ') : code;
}
