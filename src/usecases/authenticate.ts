import { timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../domain/errors.ts';
import type { Caller } from '../domain/partner.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiKeyRecord } from '../ports/partner-records.ts';
import type { Records } from '../ports/records.ts';
import { apiKeyDigest, readApiKeyId } from './api-key-token.ts';

export interface AuthenticatePorts {
  readonly records: Pick<Records, 'partners'>;
  readonly clock: Clock;
}

/** How exactly the last use of a key is known; not every call pays for it. */
const TOUCH_MS = 60_000;
const REFUSED = 'Send "Authorization: Bearer <API key>" with a key that is known, has not expired and is not revoked; the operator of the gateway issues keys';

/**
 * Who is calling, by the `Authorization` header. Every refusal says the same, so that nobody learns which keys exist. What the caller
 * may do is decided elsewhere.
 * @param authorization the header's value as sent
 * @throws UNAUTHENTICATED
 * @see RFC 6750 §2.1
 */
export async function authenticate({ records, clock }: AuthenticatePorts, authorization: string | undefined): Promise<Caller> {
  const token = /^Bearer +(\S{1,200})$/i.exec(authorization ?? '')?.[1] ?? '';
  const id = readApiKeyId(token);
  if (id === null) throw refused();
  const now = clock.now();
  // Found by the digest of 256 random bits: how long the search takes tells nothing about any secret.
  const key = await records.partners.findApiKey(apiKeyDigest(token));
  if (key === null || !sameText(key.id, id) || !isUsable(key, now)) throw refused();
  const partner = await records.partners.find(key.partnerId);
  if (partner?.status !== 'active') throw refused();
  if (key.lastUsedAt === null || now.getTime() - key.lastUsedAt.getTime() >= TOUCH_MS) await records.partners.touchApiKey(key.id, now);
  return { partnerId: key.partnerId, keyId: key.id, scopes: new Set(key.scopes), ...(partner.requiresSignature === true && { requiresSignature: true }) };
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
