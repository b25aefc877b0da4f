import { request, type Dispatcher } from 'undici';
import { GatewayError, isGatewayError } from '../../src/domain/errors.ts';
import { buildRevocationRequest, readRevocationUrl, type RevocationKind, type RevocationRequest } from './request.ts';
import { checkAnswerBody, MAX_REDIRECTS, readAnswerHead, unavailable } from './response.ts';

export interface FetchLimits {
  readonly dispatcher: Dispatcher;
  /** From the call to the last byte, redirects included. */
  readonly totalTimeoutMs: number;
  readonly maxBytes: Readonly<Record<RevocationKind, number>>;
}

/** One question and its answer: no retry, an end in time and in size, every redirect judged as the first address was. */
export async function fetchRevocation(kind: RevocationKind, address: string, body: Uint8Array | null, limits: FetchLimits, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const deadline = AbortSignal.timeout(limits.totalTimeoutMs);
  const stop = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  try {
    let url = readRevocationUrl(address);
    for (let moves = 0; moves <= MAX_REDIRECTS[kind]; moves++) {
      const answer = await exchange(buildRevocationRequest(kind, url, body), limits, stop);
      if (answer instanceof URL) url = answer;
      else return answer;
    }
    throw unavailable(`redirects more than ${MAX_REDIRECTS[kind]} times`);
  } catch (cause) {
    throw asGatewayError(cause, signal, deadline, limits);
  }
}

async function exchange({ kind, url, method, headers, body }: RevocationRequest, limits: FetchLimits, signal: AbortSignal): Promise<Uint8Array | URL> {
  const { totalTimeoutMs, dispatcher } = limits;
  const response = await request(url, { method, headers, body, dispatcher, signal, headersTimeout: totalTimeoutMs, bodyTimeout: totalTimeoutMs });
  try {
    const header = (name: string): string | undefined => [response.headers[name]].flat()[0];
    const head = { status: response.statusCode, contentType: header('content-type'), contentEncoding: header('content-encoding'), location: header('location') };
    const moved = readAnswerHead(kind, url, head);
    return moved ?? (await readBody(kind, response.body, limits.maxBytes[kind]));
  } finally {
    // Frees the connection when the body was not read to its end; destroying makes an error that nobody else waits for.
    response.body.on('error', () => undefined);
    response.body.destroy();
  }
}

async function readBody(kind: RevocationKind, body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes) throw unavailable(`answered with more than ${maxBytes} bytes`);
    parts.push(part);
  }
  const whole = Buffer.concat(parts);
  checkAnswerBody(kind, whole);
  return whole;
}

function asGatewayError(cause: unknown, signal: AbortSignal | undefined, deadline: AbortSignal, { totalTimeoutMs }: FetchLimits): GatewayError {
  if (isGatewayError(cause)) return cause;
  if (signal?.aborted === true) return new GatewayError('CANCELLED', 'Fetching revocation information was cancelled', { cause });
  return unavailable(deadline.aborted ? `gave no whole answer within ${totalTimeoutMs} ms` : `cannot be reached or broke off (${reasonOf(cause)})`, cause);
}

/** The code of the network's error, such as ECONNREFUSED; never its text, which may hold addresses of the inside. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
  return code.startsWith('UND_ERR_') ? code.slice(8).toLowerCase().replaceAll('_', ' ') : code;
}
