import type { Dispatcher } from 'undici';
import { createOidcTokens } from '../../connectors/identity-oidc/index.ts';
import type { Config } from '../config.ts';
import { GatewayError } from '../domain/errors.ts';
import { clientCertificates, type ClientCertificates } from '../http/client-certificate.ts';
import type { AccessTokens } from '../ports/access-tokens.ts';
import type { Clock } from '../ports/clock.ts';

/** The identity provider, where one is configured. @throws CONFIG_INVALID */
export function openAccessTokens(config: Config, dispatcher: Dispatcher, clock: Clock): AccessTokens | null {
  const issuer = config.LIENTHONG_OIDC_ISSUER;
  if (issuer === undefined) return null;
  const audience = config.LIENTHONG_OIDC_AUDIENCE;
  if (audience === undefined) throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_OIDC_ISSUER needs LIENTHONG_OIDC_AUDIENCE: a token for another service is not for this one');
  return createOidcTokens({
    issuer,
    audience,
    jwksUrl: config.LIENTHONG_OIDC_JWKS_URL ?? null,
    identityClaim: config.LIENTHONG_OIDC_PARTNER_CLAIM,
    scopePrefix: config.LIENTHONG_OIDC_SCOPE_PREFIX,
    tokenType: config.LIENTHONG_OIDC_TOKEN_TYPE === 'any' ? null : config.LIENTHONG_OIDC_TOKEN_TYPE,
    dispatcher,
    clock,
  });
}

/** @throws CONFIG_INVALID */
export function openClientCertificates({ LIENTHONG_CLIENT_CERT_HEADER: header, LIENTHONG_TRUSTED_PROXIES: proxies }: Config): ClientCertificates {
  return header === undefined ? () => null : clientCertificates({ header, proxies });
}
