import { request, type Dispatcher } from 'undici';
import { GatewayError } from '../../src/domain/errors.ts';
import { buildTsaRequest } from './request.ts';
import { checkTsaResponseHead, tooLarge } from './response.ts';

export interface TsaCall {
  readonly name: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly totalTimeoutMs: number;
  readonly maxBytes: number;
  readonly dispatcher: Dispatcher;
}

/** One exchange: no retry, no redirect, an end in time. */
export async function exchangeOverHttp(call: TsaCall, requestDer: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const deadline = AbortSignal.timeout(call.totalTimeoutMs);
  const stop = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  try {
    const { statusCode, headers, body } = await request(call.url, {
      ...buildTsaRequest(requestDer, call.authorization),
      dispatcher: call.dispatcher,
      signal: stop,
      // The deadline covers both; undici's own 5 minutes would be the longer one.
      headersTimeout: call.totalTimeoutMs,
      bodyTimeout: call.totalTimeoutMs,
    });
    return await readBody(call, statusCode, headers['content-type'], body);
  } catch (cause) {
    throw asGatewayError(call, cause, signal, deadline);
  }
}

async function readBody(call: TsaCall, status: number, contentType: string | string[] | undefined, body: Dispatcher.ResponseData['body']): Promise<Uint8Array> {
  try {
    checkTsaResponseHead(call.name, status, Array.isArray(contentType) ? contentType[0] : contentType);
    const parts: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const part of body as AsyncIterable<Uint8Array>) {
      sizeBytes += part.length;
      if (sizeBytes > call.maxBytes) throw tooLarge(call.name, call.maxBytes);
      parts.push(part);
    }
    return Buffer.concat(parts);
  } finally {
    // Frees the connection when the body was not read to its end; destroying makes an error that nobody else waits for.
    body.on('error', () => undefined);
    body.destroy();
  }
}

function asGatewayError(call: TsaCall, cause: unknown, signal: AbortSignal | undefined, deadline: AbortSignal): GatewayError {
  if (cause instanceof GatewayError) return cause;
  if (signal?.aborted === true) return new GatewayError('CANCELLED', 'Time-stamping was cancelled', { cause });
  const reason = deadline.aborted ? `did not answer within ${call.totalTimeoutMs} ms` : 'cannot be reached or broke off';
  return new GatewayError('TSA_UNAVAILABLE', `The time-stamping authority ${call.name} ${reason}`, { cause });
}
