import type { DigestAlgorithm, SignatureScheme } from '../domain/signature.ts';

/**
 * A private key that can be asked for a signature, wherever it lives (file, HSM, remote service). It knows nothing of documents.
 * It does not check the certificate, and it does not verify its own value: the use case does both.
 */
export interface Signer {
  readonly keyId: string;
  /** The signer's certificate first, then towards the root; DER. */
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  readonly scheme: SignatureScheme;
  /**
   * Signs `toBeSigned` (DER of the signed attributes, a few hundred bytes) hashed with `digest`.
   * @returns the signature value: RSA octets, or DER Ecdsa-Sig-Value.
   * @throws SIGNER_UNAVAILABLE, HSM_LOGIN_FAILED, KEY_UNSUPPORTED, CANCELLED
   */
  sign(toBeSigned: Uint8Array, digest: DigestAlgorithm, signal?: AbortSignal): Promise<Uint8Array>;
  /** Only where the key's holder builds whole signatures and gives no bare values; `sign` is then not to be called. */
  readonly signContent?: SignContent;
}

export interface ContentToSign {
  readonly contentDigest: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly format: 'pades' | 'cades';
}

/**
 * @returns a detached CMS, DER, baseline B-B, found to be intact, over that digest and by the key's certificate.
 * @throws SIGNATURE_VALUE_WRONG, and as `sign`
 */
export type SignContent = (content: ContentToSign, signal?: AbortSignal) => Promise<Uint8Array>;
