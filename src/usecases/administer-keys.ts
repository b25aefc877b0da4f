import { GatewayError } from '../domain/errors.ts';
import type { KeyId, PartnerId } from '../domain/ids.ts';
import type { KeyPlace } from '../domain/key-place.ts';
import type { KeyPurpose, SignatureScheme } from '../domain/signature.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import { checkSignerCertificate } from '../formats/x509/signer-certificate.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { PinGuard } from '../ports/pin-guard.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { AdministerPorts } from './administer-api-keys.ts';

export interface NewSigningKey extends NewKeyFacts {
  /** PKCS#8 DER, not encrypted: what `readPkcs12` gives. */
  readonly privateKeyPkcs8Der: Uint8Array;
}

/** A key that lives in a device or at a service. */
export interface NewKeyElsewhere extends NewKeyFacts {
  readonly place: Exclude<KeyPlace, { kind: 'file' }>;
  /** What `SigningKeyRecord.secretSealed` holds, before it is sealed; null: nothing is to be kept. */
  readonly secret: Uint8Array | null;
}

interface NewKeyFacts {
  readonly id: KeyId;
  /** One key, one purpose. */
  readonly purpose: KeyPurpose;
  readonly scheme: SignatureScheme;
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  /** Picture of the signature or seal for visible signatures, PNG of at most 1 MiB; null: none. */
  readonly picturePng: Uint8Array | null;
}

export type SigningKeyPorts = AdministerPorts & { readonly sealing: Sealing };

/** Context under which a server key is sealed. */
export function signingKeyContext(id: KeyId): string {
  return `signing_key:${id}`;
}

/**
 * Keeps a key from a file, sealed. That key and certificate belong together is the key reader's to check; validity and usage are checked
 * here. Nobody may use the key until it is granted. Audited.
 * @throws KEY_EXISTS, APPEARANCE_INVALID, CERTIFICATE_MALFORMED, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_USAGE
 */
export function addSigningKey(ports: SigningKeyPorts, actor: string, { privateKeyPkcs8Der, ...key }: NewSigningKey): Promise<SigningKeyRecord> {
  return addKey(ports, actor, key, { kind: 'file' }, privateKeyPkcs8Der);
}

/**
 * Keeps where a key lives, and what is needed to reach it, sealed. That the place holds the key of the certificate is the connector's to
 * check before.
 * @throws as `addSigningKey`
 */
export function addKeyElsewhere(ports: SigningKeyPorts, actor: string, { place, secret, ...key }: NewKeyElsewhere): Promise<SigningKeyRecord> {
  return addKey(ports, actor, key, place, secret);
}

async function addKey({ records, clock, sealing }: SigningKeyPorts, actor: string, key: NewKeyFacts, place: KeyPlace, secret: Uint8Array | null): Promise<SigningKeyRecord> {
  const certificate = readCertificate(key.chainDer[0]);
  const at = clock.now();
  checkSignerCertificate(certificate, at);
  const record: SigningKeyRecord = {
    id: key.id,
    purpose: key.purpose,
    place,
    scheme: key.scheme,
    chainDer: key.chainDer,
    secretSealed: secret === null ? null : sealing.seal(secret, signingKeyContext(key.id)),
    picturePng: checkedPicture(key.picturePng),
    certificateSha256: certificate.sha256Hex,
    notAfter: certificate.notAfter,
    createdAt: at,
    disabledAt: null,
  };
  await records.transaction(async (tx) => {
    await tx.keys.add(record);
    await tx.audit.add({ at, actor, action: 'add-key', subject: `key:${key.id}`, detail: { kind: place.kind, purpose: key.purpose, scheme: key.scheme, certificateSha256: record.certificateSha256 } });
  });
  return record;
}

const MAX_PICTURE_BYTES = 1024 * 1024;
const PNG_HEAD = '89504e470d0a1a0a';

function checkedPicture(picturePng: Uint8Array | null): Uint8Array | null {
  if (picturePng === null) return null;
  const isPng = Buffer.from(picturePng.subarray(0, 8)).toString('hex') === PNG_HEAD;
  if (!isPng || picturePng.length > MAX_PICTURE_BYTES) throw new GatewayError('APPEARANCE_INVALID', 'The picture must be a PNG of at most 1 MiB, best with a transparent background');
  return picturePng;
}

/** Lets a partner sign with a key. Audited. @throws KEY_NOT_FOUND, PARTNER_NOT_FOUND */
export async function grantKey({ records, clock }: AdministerPorts, actor: string, partnerId: PartnerId, keyId: KeyId): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    const key = await tx.keys.find(keyId);
    if (key === null) throw noSuchKey(keyId);
    if (key.purpose !== 'document' && key.purpose !== 'seal') throw new GatewayError('KEY_NOT_GRANTED', `The key ${keyId} is for ${key.purpose}: the gateway alone uses it, and it is granted to nobody`);
    if ((await tx.partners.find(partnerId)) === null) throw new GatewayError('PARTNER_NOT_FOUND', `There is no partner named ${partnerId}`);
    await tx.keys.grant(partnerId, keyId, at);
    await tx.audit.add({ at, actor, action: 'grant-key', subject: `key:${keyId}`, detail: { partnerId } });
  });
}

/** Takes the right back. False when there was none. Audited. */
export async function revokeKeyGrant({ records, clock }: AdministerPorts, actor: string, partnerId: PartnerId, keyId: KeyId): Promise<boolean> {
  const at = clock.now();
  return records.transaction(async (tx) => {
    const revoked = await tx.keys.revokeGrant(partnerId, keyId);
    if (revoked) await tx.audit.add({ at, actor, action: 'revoke-key-grant', subject: `key:${keyId}`, detail: { partnerId } });
    return revoked;
  });
}

/** Ends all use of a key for good. Audited. @throws KEY_NOT_FOUND when there is none, or it is disabled already */
export async function disableKey({ records, clock }: AdministerPorts, actor: string, keyId: KeyId): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    if (!(await tx.keys.disable(keyId, at))) throw noSuchKey(keyId);
    await tx.audit.add({ at, actor, action: 'disable-key', subject: `key:${keyId}`, detail: {} });
  });
}

/** Other secrets for a key that lives elsewhere: a new PIN, a renewed token. Counts at the next login, without a restart. Audited. @throws KEY_NOT_FOUND, KEY_UNSUPPORTED */
export async function changeKeySecret({ records, clock, sealing }: SigningKeyPorts, actor: string, keyId: KeyId, secret: Uint8Array): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    const key = await tx.keys.find(keyId);
    if (key?.place.kind === 'file') throw new GatewayError('KEY_UNSUPPORTED', `The key ${keyId} is kept here itself: to replace it, add the new one under another name`);
    if (!(await tx.keys.changeSecret(keyId, sealing.seal(secret, signingKeyContext(keyId))))) throw noSuchKey(keyId);
    await tx.audit.add({ at, actor, action: 'change-key-secret', subject: `key:${keyId}`, detail: {} });
  });
}

/** Ends all use of a key for good and forgets its secrets; what it signed stays on record. Audited. @throws KEY_NOT_FOUND */
export async function removeKey({ records, clock }: AdministerPorts, actor: string, keyId: KeyId): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    if (!(await tx.keys.remove(keyId, at))) throw noSuchKey(keyId);
    await tx.audit.add({ at, actor, action: 'remove-key', subject: `key:${keyId}`, detail: {} });
  });
}

/** An operator's word that the PIN of a key device or remote credential was put right. Audited. @returns whether anything was counted */
export async function resetPinGuard({ records, clock, pinGuard }: AdministerPorts & { readonly pinGuard: PinGuard }, actor: string, token: string): Promise<boolean> {
  const wasCounted = await pinGuard.reset(token);
  if (wasCounted) await records.audit.add({ at: clock.now(), actor, action: 'reset-pin-guard', subject: `pin-guard:${token}`, detail: {} });
  return wasCounted;
}

function noSuchKey(keyId: KeyId): GatewayError {
  return new GatewayError('KEY_NOT_FOUND', `There is no key named ${keyId}, or it is disabled`);
}
