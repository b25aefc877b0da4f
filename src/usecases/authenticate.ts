import { timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../domain/errors.ts';
import { SCOPES, type Caller, type Partner, type Scope } from '../domain/partner.ts';
import type { AccessTokens } from '../ports/access-tokens.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiKeyRecord } from '../ports/partner-records.ts';
import type { Records } from '../ports/records.ts';
import { apiKeyDigest, readApiKeyId } from './api-key-token.ts';

export interface AuthenticatePorts {
  readonly records: Pick<Records, 'partners'>;
  /** Missing: no identity provider is configured, or its tokens are not for this. */
  readonly accessTokens?: AccessTokens | null;
  readonly clock: Clock;
}

/** How exactly the last use of a key is known; not every call pays for it. */
const TOUCH_MS = 60_000;
const REFUSED = 'Send "Authorization: Bearer <API key>" with a key that is known, has not expired and is not revoked, or an access token of the identity provider; the operator of the gateway issues keys';

/**
 * Who is calling, by the `Authorization` header: an API key of ours, or an access token of the identity provider. Every refusal says the
 * same, so that nobody learns which keys exist. What the caller may do is decided elsewhere.
 * @param authorization the header's value as sent
 * @param certificateSha256 of the certificate the caller showed, base64url; null: none is known
 * @throws UNAUTHENTICATED, ISSUER_UNAVAILABLE
 * @see RFC 6750 §2.1, RFC 8705 §3
 */
export async function authenticate(ports: AuthenticatePorts, authorization: string | undefined, certificateSha256: string | null = null): Promise<Caller> {
  const token = /^Bearer +(\S{1,8192})$/i.exec(authorization ?? '')?.[1] ?? '';
  const id = readApiKeyId(token);
  if (id !== null) return byApiKey(ports, token, id);
  if (ports.accessTokens == null || token === '') throw refused();
  return byAccessToken(ports, ports.accessTokens, token, certificateSha256);
}

async function byApiKey({ records, clock }: AuthenticatePorts, token: string, id: string): Promise<Caller> {
  const now = clock.now();
  // Found by the digest of 256 random bits: how long the search takes tells nothing about any secret.
  const found = await records.partners.findApiKey(apiKeyDigest(token));
  if (found === null) throw refused();
  const { key, partner } = found;
  if (!sameText(key.id, id) || !isUsable(key, now) || partner.status !== 'active') throw refused();
  if (key.lastUsedAt === null || now.getTime() - key.lastUsedAt.getTime() >= TOUCH_MS) await records.partners.touchApiKey(key.id, now);
  return callerOf(partner, key.id, key.scopes);
}

async function byAccessToken({ records }: AuthenticatePorts, accessTokens: AccessTokens, text: string, certificateSha256: string | null): Promise<Caller> {
  const token = await accessTokens.read(text);
  if (token === null || (token.certificateSha256 !== null && token.certificateSha256 !== certificateSha256)) throw refused();
  const partner = await records.partners.findByIdentity(token.identity);
  if (partner?.status !== 'active') throw refused();
  return callerOf(partner, `oidc:${token.name}`, SCOPES.filter((scope) => token.scopes.includes(scope)));
}

function callerOf({ id, requiresSignature, callRate }: Partner, keyId: string, scopes: readonly Scope[]): Caller {
  return { partnerId: id, keyId, scopes: new Set(scopes), ...(requiresSignature === true && { requiresSignature }), ...(callRate !== undefined && { callRate }) };
}

/** A revocation may lie ahead: that is how a key and its successor are valid side by side for a while. */
function isUsable({ expiresAt, revokedAt }: ApiKeyRecord, now: Date): boolean {
  return (expiresAt === null || expiresAt > now) && (revokedAt === null || revokedAt > now);
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function refused(): GatewayError {
  return new GatewayError('UNAUTHENTICATED', REFUSED);
}
