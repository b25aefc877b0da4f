import { readFile } from 'node:fs/promises';
import { GatewayError } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { CscClient } from './client.ts';
import { readToken } from './response.ts';

/** Gives the access token for one call; a secret. */
export type AccessToken = (signal?: AbortSignal) => Promise<string>;

/** Gives a secret each time it is needed, so that it can be renewed beside the running gateway. */
export type SecretSource = () => Promise<string>;

/** Whatever stands in the file at each call, one line end left out. @throws FILE_NOT_READABLE */
export function secretFromFile(path: string): SecretSource {
  return () => readSecret(path);
}

/** @throws CONFIG_INVALID when it is no bearer token; what `source` throws */
export function givenToken(source: SecretSource): AccessToken {
  return async () => checkToken(await source());
}

export interface ClientCredentials {
  /** The token endpoint. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: SecretSource;
}

/** A token is not used in its last seconds: it would expire on the way. */
const MARGIN_MS = 30_000;

/** OAuth 2.0 client credentials for the scope `service`, kept until shortly before they end. @see RFC 6749 §4.4, CSC API v2.0.0.2 §8.3 */
export function tokenFromClientCredentials({ url, clientId, clientSecret }: ClientCredentials, client: CscClient, clock: Clock): AccessToken {
  let kept: { readonly token: string; readonly until: number } | null = null;
  return async (signal) => {
    const asked = clock.now().getTime();
    if (kept !== null && asked < kept.until) return kept.token;
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'service', client_id: clientId, client_secret: await clientSecret() });
    const answer = await client.post(new URL(url), { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }, form.toString(), signal);
    const { token, expiresInMs } = readToken(answer);
    kept = { token: checkToken(token), until: asked + expiresInMs - Math.min(MARGIN_MS, expiresInMs / 2) };
    return kept.token;
  };
}

async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new GatewayError('FILE_NOT_READABLE', 'The file with the secret of the signing service cannot be read', { cause });
  }
}

/** RFC 6750 §2.1: anything else would break out of the header. */
function checkToken(token: string): string {
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw new GatewayError('CONFIG_INVALID', 'The access token of the signing service is empty or holds characters that no bearer token has');
  return token;
}
