import { GatewayError } from '../domain/errors.ts';
import type { KeyId, PartnerId } from '../domain/ids.ts';
import type { KeyPurpose, SignatureScheme } from '../domain/signature.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import { checkSignerCertificate } from '../formats/x509/signer-certificate.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { AdministerPorts } from './administer-api-keys.ts';

export interface NewSigningKey {
  readonly id: KeyId;
  /** One key, one purpose. */
  readonly purpose: KeyPurpose;
  readonly scheme: SignatureScheme;
  /** PKCS#8 DER, not encrypted: what `readPkcs12` gives. */
  readonly privateKeyPkcs8Der: Uint8Array;
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
export async function addSigningKey({ records, clock, sealing }: SigningKeyPorts, actor: string, key: NewSigningKey): Promise<SigningKeyRecord> {
  const certificate = readCertificate(key.chainDer[0]);
  const at = clock.now();
  checkSignerCertificate(certificate, at);
  const record: SigningKeyRecord = {
    id: key.id,
    purpose: key.purpose,
    kind: 'file',
    scheme: key.scheme,
    chainDer: key.chainDer,
    privateKeySealed: sealing.seal(key.privateKeyPkcs8Der, signingKeyContext(key.id)),
    picturePng: checkedPicture(key.picturePng),
    certificateSha256: certificate.sha256Hex,
    notAfter: certificate.notAfter,
    createdAt: at,
    disabledAt: null,
  };
  await records.transaction(async (tx) => {
    await tx.keys.add(record);
    await tx.audit.add({ at, actor, action: 'add-key', subject: `key:${key.id}`, detail: { purpose: key.purpose, scheme: key.scheme, certificateSha256: record.certificateSha256 } });
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
    if ((await tx.keys.find(keyId)) === null) throw noSuchKey(keyId);
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

function noSuchKey(keyId: KeyId): GatewayError {
  return new GatewayError('KEY_NOT_FOUND', `There is no key named ${keyId}, or it is disabled`);
}
