import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import type { Scope } from '../domain/partner.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiKeyRecord } from '../ports/partner-records.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { apiKeyDigest, buildApiKeyToken, SECRET_BYTES } from './api-key-token.ts';

export interface AdministerPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface NewApiKey {
  readonly partnerId: PartnerId;
  readonly label: string;
  readonly scopes: readonly Scope[];
  /** Null: until revoked. */
  readonly expiresAt: Date | null;
}

export interface IssuedApiKey {
  readonly key: ApiKeyRecord;
  /** Shown once: only its hash is kept. */
  readonly token: string;
}

/**
 * Issues an API key to a partner. Audited.
 * @param actor `operator:<login>`
 * @throws PARTNER_NOT_FOUND
 */
export async function issueApiKey(ports: AdministerPorts, actor: string, request: NewApiKey): Promise<IssuedApiKey> {
  return ports.records.transaction((tx) => issue(ports, tx, actor, request));
}

/**
 * Issues a successor with the same scopes, while the old key stays valid for `overlapMs` more, so that the partner can change over
 * without a gap. Audited.
 * @throws KEY_NOT_FOUND when the partner has no such key that is still valid
 */
export async function rotateApiKey(ports: AdministerPorts, actor: string, partnerId: PartnerId, keyId: string, overlapMs: number): Promise<IssuedApiKey> {
  const at = ports.clock.now();
  return ports.records.transaction(async (tx) => {
    const old = (await tx.partners.apiKeys(partnerId)).find(({ id }) => id === keyId);
    if (old === undefined) throw noSuchKey(keyId);
    await revoke(tx, actor, keyId, at, new Date(at.getTime() + overlapMs));
    return issue(ports, tx, actor, { partnerId, label: old.label, scopes: old.scopes, expiresAt: old.expiresAt });
  });
}

/** Ends a key now, also one whose end was already set ahead by a rotation. Audited. @throws KEY_NOT_FOUND */
export async function revokeApiKey(ports: AdministerPorts, actor: string, keyId: string): Promise<void> {
  const at = ports.clock.now();
  await ports.records.transaction((tx) => revoke(tx, actor, keyId, at, at));
}

async function issue({ clock, chance }: AdministerPorts, tx: RecordSet, actor: string, request: NewApiKey): Promise<IssuedApiKey> {
  const { partnerId, label, scopes, expiresAt } = request;
  if ((await tx.partners.find(partnerId)) === null) throw new GatewayError('PARTNER_NOT_FOUND', `There is no partner named ${partnerId}: add it first`);
  const at = clock.now();
  const key: ApiKeyRecord = { id: chance.uuid(), partnerId, label, scopes, createdAt: at, expiresAt, revokedAt: null, lastUsedAt: null };
  const token = buildApiKeyToken(key.id, chance.bytes(SECRET_BYTES));
  await tx.partners.addApiKey(key, apiKeyDigest(token));
  await tx.audit.add({ at, actor, action: 'issue-api-key', subject: `api-key:${key.id}`, detail: { partnerId, scopes: scopes.join(' ') } });
  return { key, token };
}

async function revoke(tx: RecordSet, actor: string, keyId: string, at: Date, from: Date): Promise<void> {
  if (!(await tx.partners.revokeApiKey(keyId, from))) throw noSuchKey(keyId);
  await tx.audit.add({ at, actor, action: 'revoke-api-key', subject: `api-key:${keyId}`, detail: { from: from.toISOString() } });
}

function noSuchKey(keyId: string): GatewayError {
  return new GatewayError('KEY_NOT_FOUND', `There is no API key ${keyId}, or it has been revoked`);
}
