/** Words of signing, from ETSI EN 319 142-1, EN 319 122-1 and RFC 8017. */

/** Baseline levels, EN 319 142-1 §6. */
export const SIGNATURE_LEVELS = ['B-B', 'B-T', 'B-LT', 'B-LTA'] as const;
export type SignatureLevel = (typeof SIGNATURE_LEVELS)[number];

export const SIGNATURE_FORMATS = ['pades', 'cades', 'xades', 'asic-e'] as const;
export type SignatureFormat = (typeof SIGNATURE_FORMATS)[number];

/** Where a CAdES signature has what it signs: elsewhere, or inside (EN 319 122-1 §4.5). */
export const SIGNATURE_PACKAGINGS = ['detached', 'enveloping'] as const;
export type SignaturePackaging = (typeof SIGNATURE_PACKAGINGS)[number];

/** Names as `node:crypto` and RFC 8017 write them. */
export const DIGEST_ALGORITHMS = ['sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

/** `pkcs1`: RSASSA-PKCS1-v1_5; `pss`: RSASSA-PSS with MGF1 of the same hash and salt of the hash's length; `ecdsa`: DER Ecdsa-Sig-Value. */
export const SIGNATURE_SCHEMES = ['pkcs1', 'pss', 'ecdsa'] as const;
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number];

/** What the signer commits to, with the object identifiers of EN 319 122-1 §5.2.3 (RFC 5126 §5.11.1). */
export const COMMITMENTS = {
  origin: '1.2.840.113549.1.9.16.6.1',
  receipt: '1.2.840.113549.1.9.16.6.2',
  delivery: '1.2.840.113549.1.9.16.6.3',
  sender: '1.2.840.113549.1.9.16.6.4',
  approval: '1.2.840.113549.1.9.16.6.5',
  creation: '1.2.840.113549.1.9.16.6.6',
} as const;
export type Commitment = keyof typeof COMMITMENTS;
export const COMMITMENT_NAMES = Object.keys(COMMITMENTS) as [Commitment, ...Commitment[]];

/** What a key may be used for; a key has exactly one. */
export const KEY_PURPOSES = ['document', 'seal', 'exchange', 'log', 'tsa'] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

export function isAtLeast(level: SignatureLevel, other: SignatureLevel): boolean {
  return SIGNATURE_LEVELS.indexOf(level) >= SIGNATURE_LEVELS.indexOf(other);
}
