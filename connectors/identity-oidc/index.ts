import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyResult } from 'jose';
import { request, type Dispatcher } from 'undici';
import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import type { AccessToken, AccessTokens } from '../../src/ports/access-tokens.ts';
import type { Clock } from '../../src/ports/clock.ts';

export interface OidcSettings {
  /** As `iss` says it, letter by letter. */
  readonly issuer: string;
  /** Where its keys are; null: asked for at `<issuer>/.well-known/openid-configuration`. */
  readonly jwksUrl: string | null;
  /** What `aud` has to hold. */
  readonly audience: string;
  /** Claim that names the calling system, such as `client_id`. */
  readonly identityClaim: string;
  /** What scopes begin with at the issuer; taken off. */
  readonly scopePrefix: string;
  /** `typ` of the token's header (RFC 9068 §2.1: `at+jwt`); null: any, for issuers that say none. */
  readonly tokenType: string | null;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly timeoutMs?: number;
  /** Keys are fetched again for an unknown `kid` at most so often. Default 30 s. */
  readonly refetchMs?: number;
}

/** By public keys only: a shared secret, or none, is never taken. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const SKEW_SECONDS = 60;
const KEYS_KEPT_MS = 600_000;
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_TOKEN_BYTES = 8 * 1024;

/**
 * Access tokens of an OpenID Connect issuer. Keys named or carried in a token's own header (`jku`, `x5u`, `jwk`, `x5c`) count nothing.
 * @see RFC 7519 §7.2, RFC 8725, RFC 9068 §4
 */
export function createOidcTokens(settings: OidcSettings): AccessTokens {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const keySet = (): Promise<JWTVerifyGetKey> => {
    keys ??= openKeys(settings).catch((error: unknown) => {
      keys = undefined; // the next token asks again
      throw error;
    });
    return keys;
  };
  return {
    async read(token) {
      if (token.length > MAX_TOKEN_BYTES) return null;
      const verified = await verify(token, await keySet(), settings);
      return verified === null ? null : tokenOf(verified.payload, settings);
    },
  };
}

async function verify(token: string, keys: JWTVerifyGetKey, { issuer, audience, tokenType, clock }: OidcSettings): Promise<JWTVerifyResult | null> {
  try {
    return await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      clockTolerance: SKEW_SECONDS,
      currentDate: clock.now(),
      requiredClaims: ['exp', 'iss', 'aud'],
      ...(tokenType !== null && { typ: tokenType }),
    });
  } catch (error) {
    // Whatever is wrong with the token is the caller's; keys that cannot be had, or are none, are not.
    if (error instanceof GatewayError) throw error;
    const isIssuers = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || !(error instanceof errors.JOSEError) || error.code === 'ERR_JOSE_GENERIC';
    if (isIssuers && !(error instanceof TypeError)) throw unavailable(error);
    return null;
  }
}

const bound = z.object({ 'x5t#S256': z.string() });

function tokenOf(payload: JWTPayload, { identityClaim, scopePrefix }: OidcSettings): AccessToken | null {
  const identity = payload[identityClaim];
  const confirmation = payload['cnf'] === undefined ? null : bound.safeParse(payload['cnf']);
  // A token bound in a way we cannot check (DPoP, say) proves nothing here.
  if (typeof identity !== 'string' || identity === '' || confirmation?.success === false) return null;
  const given = typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : Array.isArray(payload['scp']) ? payload['scp'].filter((one) => typeof one === 'string') : [];
  const scopes = given.flatMap((scope) => (scope.startsWith(scopePrefix) ? [scope.slice(scopePrefix.length)] : []));
  return { identity, scopes, name: (payload.jti ?? payload.sub ?? identity).slice(0, 80), certificateSha256: confirmation?.data?.['x5t#S256'] ?? null };
}

async function openKeys(settings: OidcSettings): Promise<JWTVerifyGetKey> {
  const { timeoutMs = 5_000, refetchMs = 30_000 } = settings;
  const url = new URL(settings.jwksUrl ?? (await discover(settings)));
  const get = async (address: string): Promise<Response> => {
    const { status, text } = await fetchText(address, settings);
    return new Response(text, { status });
  };
  return createRemoteJWKSet(url, { cooldownDuration: refetchMs, cacheMaxAge: KEYS_KEPT_MS, timeoutDuration: timeoutMs, [customFetch]: get });
}

/** OpenID Connect Discovery 1.0 §4.3: the configuration has to name the very issuer that was asked for. */
async function discover(settings: OidcSettings): Promise<string> {
  const { status, text } = await fetchText(`${settings.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, settings);
  const found = z.object({ issuer: z.literal(settings.issuer), jwks_uri: z.url() }).safeParse(jsonOf(text));
  if (status !== 200 || !found.success) throw unavailable(`its configuration answers ${status}, or is of another issuer`);
  return found.data.jwks_uri;
}

async function fetchText(url: string, { dispatcher, timeoutMs = 5_000 }: OidcSettings): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const { statusCode, body } = await request(url, { dispatcher, headers: { accept: 'application/json' }, signal: AbortSignal.timeout(timeoutMs) });
    let text = '';
    for await (const part of body.setEncoding('utf8')) {
      text += String(part);
      if (text.length > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    }
    return { status: statusCode, text };
  } catch (cause) {
    throw unavailable(cause);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no configuration, which the caller says
  }
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError('ISSUER_UNAVAILABLE', 'The identity provider’s keys cannot be had now: try again later', { cause });
}
