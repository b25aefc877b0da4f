import { GatewayError } from '../../src/domain/errors.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import { digestAlgorithmDer, digestOf, digestSizeBytes } from '../../src/formats/algorithms/digests.ts';
import { octetString, sequence, unsignedInteger } from '../../src/formats/asn1/writer.ts';

/** Numbers of PKCS #11 3.0 (pkcs11t.h); pkcs11js names those of 2.40 only. */
const CKM = { RSA_PKCS: 0x1, RSA_PKCS_PSS: 0xd, ECDSA: 0x1041 } as const;
const HASHED = {
  sha256: { hash: 0x250, mgf: 2, pkcs1: 0x40, pss: 0x43, ecdsa: 0x1044 },
  sha384: { hash: 0x260, mgf: 3, pkcs1: 0x41, pss: 0x44, ecdsa: 0x1045 },
  sha512: { hash: 0x270, mgf: 4, pkcs1: 0x42, pss: 0x45, ecdsa: 0x1046 },
  'sha3-256': { hash: 0x2b0, mgf: 7, pkcs1: 0x60, pss: 0x63, ecdsa: 0x1048 },
  'sha3-384': { hash: 0x2c0, mgf: 8, pkcs1: 0x61, pss: 0x64, ecdsa: 0x1049 },
  'sha3-512': { hash: 0x2d0, mgf: 9, pkcs1: 0x62, pss: 0x65, ecdsa: 0x104a },
} as const satisfies Record<DigestAlgorithm, Record<'hash' | 'mgf' | SignatureScheme, number>>;

const BARE = { pkcs1: CKM.RSA_PKCS, pss: CKM.RSA_PKCS_PSS, ecdsa: CKM.ECDSA } as const satisfies Record<SignatureScheme, number>;

export interface PssInput {
  readonly hashAlg: number;
  readonly mgf: number;
  readonly saltLen: number;
}

/** What C_SignInit and C_Sign are given. */
export interface SignCall {
  readonly mechanism: number;
  readonly pss: PssInput | null;
  readonly input: Uint8Array;
}

/**
 * Chooses the mechanism: hashed here where the token takes a hash, hashed by the token where it only takes the whole. Nothing but these
 * mechanisms is ever asked for.
 * @param offered the token's mechanism list
 * @param valueBytes size of the key: a hash longer than an EC key's order is cut to its leftmost bits (FIPS 186-5 §6.4.1)
 * @throws KEY_UNSUPPORTED when the token offers neither
 */
export function signCall(offered: ReadonlySet<number>, scheme: SignatureScheme, digest: DigestAlgorithm, toBeSigned: Uint8Array, valueBytes: number): SignCall {
  const { hash, mgf } = HASHED[digest];
  const pss = scheme === 'pss' ? { hashAlg: hash, mgf, saltLen: digestSizeBytes(digest) } : null;
  if (offered.has(BARE[scheme])) return { mechanism: BARE[scheme], pss, input: bareInput(scheme, digest, toBeSigned, valueBytes) };
  const mechanism = HASHED[digest][scheme];
  if (!offered.has(mechanism)) throw new GatewayError('KEY_UNSUPPORTED', `The key device makes no ${scheme} signatures with ${digest}`);
  return { mechanism, pss, input: toBeSigned };
}

function bareInput(scheme: SignatureScheme, digest: DigestAlgorithm, toBeSigned: Uint8Array, valueBytes: number): Uint8Array {
  const hashed = digestOf(digest, toBeSigned);
  switch (scheme) {
    case 'pkcs1':
      return digestInfoDer(digest, hashed);
    case 'pss':
      return hashed;
    case 'ecdsa':
      return hashed.subarray(0, valueBytes);
  }
}

/** DigestInfo, with NULL parameters. @see RFC 8017 §9.2 note 1 */
export function digestInfoDer(digest: DigestAlgorithm, hashed: Uint8Array): Uint8Array {
  return sequence(digestAlgorithmDer(digest, 'null'), octetString(hashed));
}

/** PKCS #11's ECDSA value, r and s side by side, as DER Ecdsa-Sig-Value. @throws SIGNER_UNAVAILABLE when it is not two halves @see RFC 3279 §2.2.3 */
export function ecdsaValueDer(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  if (!Number.isInteger(half) || half < 24 || half > 66) throw new GatewayError('SIGNER_UNAVAILABLE', `The key device gave an ECDSA value of ${raw.length} bytes`);
  return sequence(unsignedInteger(raw.subarray(0, half)), unsignedInteger(raw.subarray(half)));
}

/** Name of a token in messages and counts: short, printable, the same in every process. */
export function tokenName(label: string, serial: string): string {
  const clean = (text: string): string => text.trim().replace(/[^\p{L}\p{N} ._-]/gu, '?').slice(0, 64);
  return `${clean(label)}#${clean(serial)}`;
}
