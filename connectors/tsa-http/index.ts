import { Agent, type Dispatcher } from 'undici';
import { GatewayError } from '../../src/domain/errors.ts';
import type { TimestampAuthority } from '../../src/ports/timestamp-authority.ts';
import { exchangeOverHttp, type TsaCall } from './client.ts';

export interface TsaHttpSettings {
  /** http or https; no user name or password in it. */
  readonly url: string;
  /** Whole value of the Authorization header, for authorities that want one; a secret. */
  readonly authorization?: string;
  /** Default 10,000. Not used with a `dispatcher` of the caller, who sets its own. */
  readonly connectTimeoutMs?: number;
  /** From the call to the last byte. Default 30,000: the authority of the Government Cipher Committee was seen to take 2 to 131 s. */
  readonly totalTimeoutMs?: number;
  /** Default 1 MiB. */
  readonly maxBytes?: number;
  /** Connections to use, such as the gateway's guarded ones; stays the caller's to close. */
  readonly dispatcher?: Dispatcher;
}

export interface HttpTimestampAuthority extends TimestampAuthority {
  /** Closes the connections that this authority opened itself. */
  close(): Promise<void>;
}

/** A time-stamping authority over HTTP, RFC 3161 §3.4. @throws CONFIG_INVALID when the address cannot be used */
export function createHttpTimestampAuthority(settings: TsaHttpSettings): HttpTimestampAuthority {
  const url = parseUrl(settings.url);
  const dispatcher = settings.dispatcher ?? new Agent({ connect: { timeout: settings.connectTimeoutMs ?? 10_000 }, connections: 16 });
  const call: TsaCall = {
    name: url.host,
    url,
    authorization: settings.authorization,
    totalTimeoutMs: settings.totalTimeoutMs ?? 30_000,
    maxBytes: settings.maxBytes ?? 1024 * 1024,
    dispatcher,
  };
  return {
    name: url.host,
    exchange: (requestDer, signal) => exchangeOverHttp(call, requestDer, signal),
    close: async () => {
      if (settings.dispatcher === undefined) await dispatcher.destroy();
    },
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new GatewayError('CONFIG_INVALID', 'The address of the time-stamping authority is no http or https URL');
  if (url.username !== '' || url.password !== '') throw new GatewayError('CONFIG_INVALID', 'The address of the time-stamping authority holds a user name or password; give them as authorization instead');
  return url;
}
