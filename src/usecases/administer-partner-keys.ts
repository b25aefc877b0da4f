import { createPublicKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import { algorithmsOf } from '../formats/http-signatures/algorithms.ts';
import type { PartnerKeyRecord } from '../ports/partner-key-records.ts';
import type { AdministerPorts } from './administer-api-keys.ts';

export interface NewPartnerKey {
  readonly partnerId: PartnerId;
  readonly keyId: string;
  /** SubjectPublicKeyInfo or certificate, PEM. */
  readonly pem: string;
  /** Null: the usual one of such a key. */
  readonly algorithm: string | null;
}

/**
 * Registers a public key by which a partner signs its requests. Audited.
 * @throws PARTNER_NOT_FOUND, KEY_EXISTS, KEY_UNSUPPORTED, REQUEST_INVALID
 */
export async function addPartnerKey({ records, clock }: AdministerPorts, actor: string, { partnerId, keyId, pem, algorithm }: NewPartnerKey): Promise<PartnerKeyRecord> {
  if (!/^[\w.:@/-]{1,100}$/.test(keyId)) throw new GatewayError('REQUEST_INVALID', 'A key id has 1 to 100 letters, digits and . : @ / _ -');
  const key = readPublicKey(pem);
  const possible = algorithmsOf(key);
  const chosen = algorithm === null ? possible[0] : possible.find((one) => one === algorithm);
  if (chosen === undefined) throw new GatewayError('KEY_UNSUPPORTED', possible.length === 0 ? 'Use Ed25519, ECDSA P-256 or P-384, or RSA of at least 2048 bits' : `This key signs by ${possible.join(' or ')}`);
  const at = clock.now();
  const record: PartnerKeyRecord = { partnerId, keyId, algorithm: chosen, spkiDer: new Uint8Array(key.export({ format: 'der', type: 'spki' })), createdAt: at, revokedAt: null };
  await records.transaction(async (tx) => {
    if ((await tx.partners.find(partnerId)) === null) throw new GatewayError('PARTNER_NOT_FOUND', `There is no partner named ${partnerId}`);
    await tx.partnerKeys.add(record);
    await tx.audit.add({ at, actor, action: 'add-partner-key', subject: `partner:${partnerId}`, detail: { keyId, algorithm: chosen } });
  });
  return record;
}

/** Ends a key now. Audited. @throws KEY_NOT_FOUND */
export async function revokePartnerKey({ records, clock }: AdministerPorts, actor: string, partnerId: PartnerId, keyId: string): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    if (!(await tx.partnerKeys.revoke(partnerId, keyId, at))) throw new GatewayError('KEY_NOT_FOUND', `${partnerId} has no key ${keyId} in use`);
    await tx.audit.add({ at, actor, action: 'revoke-partner-key', subject: `partner:${partnerId}`, detail: { keyId } });
  });
}

/** Whether every request of a partner has to be signed. Audited. @throws PARTNER_NOT_FOUND; STATE_CONFLICT when it has no key to sign with */
export async function requirePartnerSignatures({ records, clock }: AdministerPorts, actor: string, partnerId: PartnerId, required: boolean): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    if ((await tx.partners.find(partnerId)) === null) throw new GatewayError('PARTNER_NOT_FOUND', `There is no partner named ${partnerId}`);
    const keys = await tx.partnerKeys.list(partnerId);
    if (required && keys.every(({ revokedAt }) => revokedAt !== null)) throw new GatewayError('STATE_CONFLICT', `${partnerId} has no key to sign with: add one first`);
    await tx.partnerKeys.requireSignatures(partnerId, required);
    await tx.audit.add({ at, actor, action: 'require-signatures', subject: `partner:${partnerId}`, detail: { required } });
  });
}

function readPublicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new GatewayError('KEY_UNSUPPORTED', 'This is no public key or certificate in PEM', { cause });
  }
}
