import type { PartnerId } from '../domain/ids.ts';

/** A public key by which a partner signs its requests (RFC 9421). */
export interface PartnerKeyRecord {
  readonly partnerId: PartnerId;
  /** `keyid` of its signatures; the partner's own name for it. */
  readonly keyId: string;
  /** One of the algorithms of RFC 9421 §3.3. */
  readonly algorithm: string;
  readonly spkiDer: Uint8Array;
  readonly createdAt: Date;
  /** Null: in use. */
  readonly revokedAt: Date | null;
}

export interface PartnerKeyRecords {
  /** @throws KEY_EXISTS */
  add(key: PartnerKeyRecord): Promise<void>;
  find(partnerId: PartnerId, keyId: string): Promise<PartnerKeyRecord | null>;
  list(partnerId: PartnerId): Promise<readonly PartnerKeyRecord[]>;
  /** False when there is no such key in use. */
  revoke(partnerId: PartnerId, keyId: string, at: Date): Promise<boolean>;
  /** Whether every request of the partner has to be signed. */
  requireSignatures(partnerId: PartnerId, required: boolean): Promise<void>;
  /** Once a partner: false when the nonce was used before. Remembered until `until`. */
  useNonce(partnerId: PartnerId, nonce: string, until: Date): Promise<boolean>;
  /** @returns how many were forgotten */
  forgetNonces(now: Date): Promise<number>;
}
