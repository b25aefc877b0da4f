import { createPrivateKey, createPublicKey } from 'node:crypto';

export const ED25519_SEED_BYTES = 32;

export interface Ed25519KeyPair {
  /** PKCS#8, DER (RFC 8410 §7); a secret. */
  readonly privateKeyDer: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** OneAsymmetricKey with id-Ed25519 up to the seed itself. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_KEY_BYTES = 32;

/** @param seed 32 random bytes; a secret */
export function ed25519KeyPair(seed: Uint8Array): Ed25519KeyPair {
  const privateKeyDer = Buffer.concat([PKCS8_HEAD, seed]);
  const key = createPrivateKey({ key: privateKeyDer, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { privateKeyDer, publicKey: new Uint8Array(spki.subarray(-PUBLIC_KEY_BYTES)) };
}
