import { httpOnce } from '../../connectors/http-once/index.ts';
import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { Exchange } from '../ports/http-exchange.ts';
import { outboundAgent } from './outbound-http.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/**
 * Fetches a trusted list from a web address through the guarded connections; no redirect is followed. Its signature is what makes it
 * believable, not the connection.
 * @throws TRUSTED_LIST_UNAVAILABLE, URL_FORBIDDEN
 */
export async function fetchTrustedList(url: string, allow: readonly string[]): Promise<Uint8Array> {
  const dispatcher = outboundAgent({ allow, ports: [80, 443] });
  try {
    const answer = await answerOf(httpOnce(dispatcher).exchange({ method: 'GET', url, headers: { accept: 'application/vnd.etsi.tsl+xml, application/xml' }, body: null }, { name: 'the trusted list', timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, signal: undefined }));
    if (answer.kind === 'lost') throw unavailable(url, answer.why);
    if (answer.answer.status !== 200) throw unavailable(url, `HTTP status ${answer.answer.status}`);
    return Buffer.from(answer.answer.body, 'utf8');
  } finally {
    await dispatcher.destroy();
  }
}

async function answerOf(exchange: Promise<Exchange>): Promise<Exchange> {
  try {
    return await exchange;
  } catch (cause) {
    if (isGatewayError(cause, 'CARRIER_UNAVAILABLE')) return { kind: 'lost', why: cause.message };
    throw cause;
  }
}

function unavailable(url: string, why: string): GatewayError {
  return new GatewayError('TRUSTED_LIST_UNAVAILABLE', `${url} gave no trusted list (${why}); addresses that are not public need LIENTHONG_OUTBOUND_ALLOW=host:port`);
}
