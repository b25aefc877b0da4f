import type { KeyId, PartnerId } from '../domain/ids.ts';
import type { KeyPlace } from '../domain/key-place.ts';
import type { KeyPurpose, SignatureLevel, SignatureScheme } from '../domain/signature.ts';

export interface SigningKeyRecord {
  readonly id: KeyId;
  readonly purpose: KeyPurpose;
  readonly place: KeyPlace;
  readonly scheme: SignatureScheme;
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  /**
   * Sealed with context `signing_key:<id>`. By kind: PKCS#8 DER; the PIN in UTF-8; JSON of `CscSecrets`. Null: nothing is kept, the URI
   * names the file of the PIN, or the key was removed.
   */
  readonly secretSealed: Uint8Array | null;
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
  /** Of `addUse`; null: the key was not asked. */
  readonly useId: string | null;
  readonly inputSha256: string;
  readonly outputSha256: string | null;
  readonly level: SignatureLevel;
  readonly policy: string;
  /** `unknown`: the process died while the key may have been in use; nothing was released. */
  readonly result: 'signed' | 'failed' | 'unknown';
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** How often a key was asked for a signature, by what came of it. */
export interface KeyUse {
  readonly signed: number;
  readonly failed: number;
  /** Asked for, and nobody wrote down the end: the process died, or is at it right now. */
  readonly unknown: number;
}

export interface KeyRecords {
  /** @throws KEY_EXISTS */
  add(key: SigningKeyRecord): Promise<void>;
  find(id: KeyId): Promise<SigningKeyRecord | null>;
  list(): Promise<readonly SigningKeyRecord[]>;
  /** Keys in use whose certificate ends by `at` or has ended, the earliest first. */
  endingBefore(at: Date): Promise<readonly Pick<SigningKeyRecord, 'id' | 'notAfter'>[]>;
  disable(id: KeyId, at: Date): Promise<boolean>;
  /** Other secrets for the same key. @returns whether there is such a key, not disabled */
  changeSecret(id: KeyId, secretSealed: Uint8Array): Promise<boolean>;
  /** Ends all use: disabled, granted to nobody, its secrets gone. The name stays taken, since evidence speaks of it. */
  remove(id: KeyId, at: Date): Promise<boolean>;
  grant(partnerId: PartnerId, keyId: KeyId, at: Date): Promise<void>;
  revokeGrant(partnerId: PartnerId, keyId: KeyId): Promise<boolean>;
  /** Null where there is no such key, or it is not granted to the partner; a disabled one is found. */
  findGranted(partnerId: PartnerId, keyId: KeyId): Promise<SigningKeyRecord | null>;
  /** Keys the partner may use, disabled ones left out. */
  grantedTo(partnerId: PartnerId): Promise<readonly SigningKeyRecord[]>;
  grants(keyId: KeyId): Promise<readonly PartnerId[]>;
  /** That a key is about to be used, written before it is. */
  addUse(use: { readonly id: string; readonly keyId: KeyId; readonly partnerId: PartnerId | null; readonly at: Date }): Promise<void>;
  uses(id: KeyId): Promise<KeyUse>;
  addEvidence(evidence: SignatureEvidence): Promise<void>;
}
