import { request, type Dispatcher } from 'undici';
import { GatewayError } from '../../src/domain/errors.ts';
import { linkedAbort } from '../../src/ports/linked-abort.ts';
import type { CscAnswer } from './response.ts';

export interface CscClient {
  /** One exchange: no retry, no redirect, an end in time. @throws SIGNER_UNAVAILABLE, CANCELLED */
  post(url: URL, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal | undefined): Promise<CscAnswer>;
}

export interface ClientLimits {
  readonly dispatcher: Dispatcher;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export function cscClient({ dispatcher, timeoutMs, maxBytes }: ClientLimits): CscClient {
  return {
    async post(url, headers, body, signal) {
      const isAborted = (): boolean => signal?.aborted === true;
      if (isAborted()) throw cancelled(signal);
      const deadline = AbortSignal.timeout(timeoutMs);
      const stop = linkedAbort(...(signal === undefined ? [deadline] : [signal, deadline]));
      try {
        const response = await request(url, { method: 'POST', headers, body, dispatcher, signal: stop.signal, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
        const text = await textOf(response.body, maxBytes);
        return { status: response.statusCode, json: jsonOf(text), retryAfterMs: retryAfterOf(response.headers['retry-after']) };
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause;
        if (isAborted()) throw cancelled(signal);
        const reason = deadline.aborted ? `did not answer within ${timeoutMs} ms` : 'cannot be reached or broke off';
        throw new GatewayError('SIGNER_UNAVAILABLE', `The signing service ${url.host} ${reason}`, { cause });
      } finally {
        stop.unlink();
      }
    },
  };
}

async function textOf(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of body as AsyncIterable<Uint8Array>) {
      sizeBytes += part.length;
      if (sizeBytes > maxBytes) throw new GatewayError('SIGNER_UNAVAILABLE', `The signing service answered with more than ${maxBytes} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } finally {
    body.on('error', () => undefined); // destroying makes an error that nobody else waits for
    body.destroy();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null; // its reader says what was expected
  }
}

function retryAfterOf(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}

function cancelled(signal: AbortSignal | undefined): GatewayError {
  return new GatewayError('CANCELLED', 'Remote signing was cancelled', { cause: signal?.reason });
}
