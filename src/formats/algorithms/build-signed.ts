import type { DigestAlgorithm, SignatureScheme } from '../../domain/signature.ts';
import { bitString, sequence } from '../asn1/writer.ts';
import { signatureAlgorithmDer } from './schemes.ts';

/** A private key as the builders of signed structures see it: it signs at once, wherever it is kept. Not the product's `Signer`. */
export interface StructureSigner {
  readonly scheme: SignatureScheme;
  readonly digest: DigestAlgorithm;
  /** RSA octets, or DER Ecdsa-Sig-Value, over `toBeSigned` hashed with `digest`. */
  sign(toBeSigned: Uint8Array): Uint8Array;
}

/** SEQUENCE of the signed part, its algorithm, the value, and what follows: the shape certificates, CRLs and OCSP responses share. @see RFC 5280 §4.1 */
export function buildSigned(toBeSignedDer: Uint8Array, signer: StructureSigner, ...after: readonly Uint8Array[]): Uint8Array {
  const algorithm = signatureAlgorithmDer(signer.scheme, signer.digest);
  return sequence(toBeSignedDer, algorithm, bitString(signer.sign(toBeSignedDer)), ...after);
}
