import { constants, verify, type KeyObject } from 'node:crypto';
import { GatewayError } from '../../domain/errors.ts';
import { readAsn1 } from '../asn1/reader.ts';
import { readIntegerBytes, readSequence } from '../asn1/values.ts';
import { bitString, nullValue, oid, sequence } from '../asn1/writer.ts';
import type { DigestName } from './digests.ts';
import type { AlgorithmIdentifier } from './identifier.ts';
import { pssParametersDer, type PssParameters } from './pss.ts';
import { importSpki, loadPublicKey, readPublicKeyInfo, type KeyType, type PublicKeyInfo } from './public-key.ts';
import { KEY_OID, readScheme, type Scheme, type SchemeName } from './schemes.ts';

export interface VerifyValueInput {
  /** Of the signature. */
  readonly algorithm: AlgorithmIdentifier;
  /** CMS's digestAlgorithm; used only where `algorithm` names a key type and no hash. */
  readonly digestAlgorithm?: AlgorithmIdentifier | DigestName | undefined;
  /** SubjectPublicKeyInfo. */
  readonly spkiDer: Uint8Array;
  /** What was signed, not its digest. */
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  /** `p1363`: r and s side by side, as XML signatures and JWS carry them (RFC 4050, RFC 7518 §3.4). Default: DER Ecdsa-Sig-Value. */
  readonly ecdsaForm?: 'der' | 'p1363' | undefined;
}

export interface VerifyValueResult {
  /** Whether the value is right mathematically; `weak` is for the caller's policy. */
  readonly valid: boolean;
  readonly scheme: SchemeName;
  /** Null for Ed25519 and Ed448, which hash inside. */
  readonly digest: DigestName | null;
  readonly keyBits: number;
  /** Why digest or key is below what anyone should rely on today, in words; null when nothing is. */
  readonly weak: string | null;
}

/**
 * Checks one signature value with `node:crypto`. Decides nothing about who holds the key or whether policy allows the algorithms;
 * a wrong, malformed or mismatched value is an answer, never an exception.
 * @throws ALGORITHM_UNSUPPORTED when algorithm or key cannot be used at all.
 * @see RFC 8017 §8, RFC 5480, RFC 8032, RFC 4055
 */
export function verifyValue(input: VerifyValueInput): VerifyValueResult {
  const scheme = readScheme(input.algorithm, input.digestAlgorithm);
  const info = readKey(input.spkiDer);
  const weak = weaknessOf(scheme.digest, info.type, info.bits);
  return { valid: isRight(scheme, info, input), scheme: scheme.name, digest: scheme.digest, keyBits: info.bits, weak };
}

const KEYS = {
  'RSASSA-PKCS1-v1_5': ['RSA'],
  'RSASSA-PSS': ['RSA', 'RSA-PSS'],
  ECDSA: ['EC'],
  DSA: ['DSA'],
  Ed25519: ['Ed25519'],
  Ed448: ['Ed448'],
} as const satisfies Record<SchemeName, readonly KeyType[]>;

/**
 * What is too weak today whatever the policy: MD5, SHA-1, DSA, RSA below 2048 bits, curves below 256 bits; null otherwise.
 * @see ETSI TS 119 312 §5, §6
 */
export function weaknessOf(digest: DigestName | null, type: KeyType, bits: number): string | null {
  if (digest === 'md5' || digest === 'sha1') return `digest ${digest}`;
  if (type === 'DSA') return 'DSA key';
  if ((type === 'RSA' || type === 'RSA-PSS') && bits < 2048) return `RSA key of ${bits} bits`;
  if (type === 'EC' && bits < 256) return `EC key of ${bits} bits`;
  return null;
}

function readKey(spkiDer: Uint8Array): PublicKeyInfo {
  try {
    return readPublicKeyInfo(spkiDer);
  } catch (cause) {
    throw new GatewayError('ALGORITHM_UNSUPPORTED', 'The public key is malformed or of a kind that cannot be used', { cause });
  }
}

function isRight(scheme: Scheme, info: PublicKeyInfo, input: VerifyValueInput): boolean {
  const fitting: readonly KeyType[] = KEYS[scheme.name];
  if (!fitting.includes(info.type)) return false;
  const { data, signature, spkiDer } = input;
  switch (scheme.name) {
    case 'RSASSA-PSS':
      return pssIsRight(scheme.pss, info, input);
    case 'RSASSA-PKCS1-v1_5':
      return primitive(scheme.digest, data, { key: loadPublicKey(spkiDer), padding: constants.RSA_PKCS1_PADDING }, signature);
    case 'ECDSA':
      if (input.ecdsaForm === 'p1363') return primitive(scheme.digest, data, { key: loadPublicKey(spkiDer), dsaEncoding: 'ieee-p1363' }, signature);
      return isDerPair(signature) && primitive(scheme.digest, data, { key: loadPublicKey(spkiDer), dsaEncoding: 'der' }, signature);
    case 'DSA':
      return isDerPair(signature) && primitive(scheme.digest, data, { key: loadPublicKey(spkiDer), dsaEncoding: 'der' }, signature);
    case 'Ed25519':
    case 'Ed448':
      return primitive(null, data, { key: loadPublicKey(spkiDer) }, signature);
  }
}

function pssIsRight(pss: PssParameters | null, info: PublicKeyInfo, { data, signature, spkiDer }: VerifyValueInput): boolean {
  if (pss === null || (info.pss !== null && !allows(info.pss, pss))) return false;
  const key = pss.digest === pss.mgfDigest ? plainKey(info, spkiDer) : keyWithMgf(info, pss);
  return primitive(pss.digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: pss.saltBytes }, signature);
}

/** OpenSSL 3.0 cannot read SHA-3 in the parameters of an RSASSA-PSS key; they have been compared above, the numbers are those of any RSA key. */
function plainKey(info: PublicKeyInfo, spkiDer: Uint8Array): KeyObject {
  return info.type === 'RSA' ? loadPublicKey(spkiDer) : importSpki(sequence(sequence(oid(KEY_OID.RSA), nullValue()), bitString(info.keyBytes)));
}

/**
 * `crypto.verify` has no option for the hash of MGF1; OpenSSL takes it from the parameters of an RSASSA-PSS key, so the key is
 * wrapped in one that carries the signature's parameters.
 */
function keyWithMgf(info: PublicKeyInfo, pss: PssParameters): KeyObject {
  if (`${pss.digest} ${pss.mgfDigest}`.includes('sha3-')) throw new GatewayError('ALGORITHM_UNSUPPORTED', `RSASSA-PSS with ${pss.digest} and MGF1 of ${pss.mgfDigest} is not supported`);
  return importSpki(sequence(sequence(oid(KEY_OID.RSA_PSS), pssParametersDer(pss)), bitString(info.keyBytes)));
}

/** RFC 4055 §3.3: same hashes, salt at least as long as the key demands. */
function allows(key: PssParameters, signature: PssParameters): boolean {
  return key.digest === signature.digest && key.mgfDigest === signature.mgfDigest && signature.saltBytes >= key.saltBytes;
}

/** Ecdsa-Sig-Value and Dss-Sig-Value: two INTEGERs in DER, nothing else (RFC 3279 §2.2). */
function isDerPair(signature: Uint8Array): boolean {
  try {
    const [r, s, extra] = readSequence(readAsn1(signature));
    readIntegerBytes(r);
    readIntegerBytes(s);
    return extra === undefined;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

interface KeyInput {
  readonly key: KeyObject;
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: 'der' | 'ieee-p1363';
}

/** OpenSSL reports some wrong values (a length, a point, a salt that cannot fit) by an exception: for the caller they are simply wrong. */
function primitive(digest: DigestName | null, data: Uint8Array, key: KeyInput, signature: Uint8Array): boolean {
  try {
    return verify(digest, data, key, signature);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
