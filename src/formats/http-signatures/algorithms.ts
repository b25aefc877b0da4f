import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto';

/** Algorithms of RFC 9421 §3.3 that need no shared secret. */
export const HTTP_SIGNATURE_ALGORITHMS = ['ed25519', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'rsa-pss-sha512', 'rsa-v1_5-sha256'] as const;
export type HttpSignatureAlgorithm = (typeof HTTP_SIGNATURE_ALGORITHMS)[number];

const SMALLEST_RSA_BITS = 2048;

/** Those a key can be used with, the usual one first; none for a key that is too short or of another kind. */
export function algorithmsOf(key: KeyObject): readonly HttpSignatureAlgorithm[] {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return ['ed25519'];
    case 'ec':
      return namedCurve === 'prime256v1' ? ['ecdsa-p256-sha256'] : namedCurve === 'secp384r1' ? ['ecdsa-p384-sha384'] : [];
    case 'rsa':
      return modulusLength >= SMALLEST_RSA_BITS ? ['rsa-pss-sha512', 'rsa-v1_5-sha256'] : [];
    default:
      return [];
  }
}

/** @param spkiDer SubjectPublicKeyInfo; @see RFC 9421 §3.3: ECDSA values are r and s side by side; the salt of PSS should have 64 bytes, but libraries in use take others, and its length proves nothing */
export function checkHttpSignature(algorithm: HttpSignatureAlgorithm, spkiDer: Uint8Array, base: Uint8Array, value: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
  switch (algorithm) {
    case 'ed25519':
      return verify(null, base, key, value);
    case 'ecdsa-p256-sha256':
      return verify('sha256', base, { key, dsaEncoding: 'ieee-p1363' }, value);
    case 'ecdsa-p384-sha384':
      return verify('sha384', base, { key, dsaEncoding: 'ieee-p1363' }, value);
    case 'rsa-pss-sha512':
      return verify('sha512', base, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, value);
    case 'rsa-v1_5-sha256':
      return verify('sha256', base, { key, padding: constants.RSA_PKCS1_PADDING }, value);
  }
}
