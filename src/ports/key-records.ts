import type { KeyId, PartnerId } from '../domain/ids.ts';
import type { KeyPurpose, SignatureLevel, SignatureScheme } from '../domain/signature.ts';

export interface SigningKeyRecord {
  readonly id: KeyId;
  readonly purpose: KeyPurpose;
  readonly kind: 'file' | 'pkcs11' | 'csc';
  readonly scheme: SignatureScheme;
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  /** PKCS#8 DER sealed with context `signing_key:<id>`; null where the key lives elsewhere. */
  readonly privateKeySealed: Uint8Array | null;
  /** Picture of the signature or seal for visible signatures, PNG. */
  readonly picturePng: Uint8Array | null;
  readonly certificateSha256: string;
  readonly notAfter: Date;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
}

/** What is kept of every signature made: who, with which key, over which digest. Never the document. */
export interface SignatureEvidence {
  readonly id: string;
  readonly at: Date;
  readonly partnerId: PartnerId | null;
  readonly keyId: KeyId;
  readonly inputSha256: string;
  readonly outputSha256: string | null;
  readonly level: SignatureLevel;
  readonly policy: string;
  /** `unknown`: the process died while the key may have been in use; nothing was released. */
  readonly result: 'signed' | 'failed' | 'unknown';
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

export interface KeyRecords {
  /** @throws KEY_EXISTS */
  add(key: SigningKeyRecord): Promise<void>;
  find(id: KeyId): Promise<SigningKeyRecord | null>;
  list(): Promise<readonly SigningKeyRecord[]>;
  /** Keys in use whose certificate ends by `at` or has ended, the earliest first. */
  endingBefore(at: Date): Promise<readonly Pick<SigningKeyRecord, 'id' | 'notAfter'>[]>;
  disable(id: KeyId, at: Date): Promise<boolean>;
  grant(partnerId: PartnerId, keyId: KeyId, at: Date): Promise<void>;
  revokeGrant(partnerId: PartnerId, keyId: KeyId): Promise<boolean>;
  isGranted(partnerId: PartnerId, keyId: KeyId): Promise<boolean>;
  /** Keys the partner may use, disabled ones left out. */
  grantedTo(partnerId: PartnerId): Promise<readonly SigningKeyRecord[]>;
  grants(keyId: KeyId): Promise<readonly PartnerId[]>;
  addEvidence(evidence: SignatureEvidence): Promise<void>;
}
