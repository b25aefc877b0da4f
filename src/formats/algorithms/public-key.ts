import { createPublicKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../../domain/errors.ts';
import { TAG, malformed, readAsn1 } from '../asn1/reader.ts';
import { readBitString, readOid, readSequence } from '../asn1/values.ts';
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from './identifier.ts';
import { readPssParameters, type PssParameters } from './pss.ts';
import { KEY_OID } from './schemes.ts';

export type KeyType = 'RSA' | 'RSA-PSS' | 'EC' | 'DSA' | 'Ed25519' | 'Ed448' | 'unknown';

/** A SubjectPublicKeyInfo read as far as its own encoding goes; whether the key may be used is for policy. */
export interface PublicKeyInfo {
  readonly type: KeyType;
  readonly algorithm: AlgorithmIdentifier;
  /** Size in bits of modulus, curve order or prime; 0 when the type is unknown. */
  readonly bits: number;
  /** Dotted OID of an EC key's named curve. */
  readonly curveOid: string | null;
  /** What an RSASSA-PSS key is restricted to (RFC 4055 §3.3). */
  readonly pss: PssParameters | null;
  /** Content of subjectPublicKey, what RFC 6960's issuerKeyHash and RFC 5280's key identifiers are made over. */
  readonly keyBytes: Uint8Array;
}

const CURVE_BITS: Readonly<Record<string, number>> = {
  '1.2.840.10045.3.1.1': 192,
  '1.3.132.0.33': 224,
  '1.2.840.10045.3.1.7': 256,
  '1.3.132.0.34': 384,
  '1.3.132.0.35': 521,
  '1.3.132.0.10': 256,
  '1.3.132.0.31': 192,
  '1.3.132.0.32': 224,
  '1.3.36.3.3.2.8.1.1.5': 224,
  '1.3.36.3.3.2.8.1.1.6': 224,
  '1.3.36.3.3.2.8.1.1.7': 256,
  '1.3.36.3.3.2.8.1.1.8': 256,
  '1.3.36.3.3.2.8.1.1.9': 320,
  '1.3.36.3.3.2.8.1.1.10': 320,
  '1.3.36.3.3.2.8.1.1.11': 384,
  '1.3.36.3.3.2.8.1.1.12': 384,
  '1.3.36.3.3.2.8.1.1.13': 512,
  '1.3.36.3.3.2.8.1.1.14': 512,
};

const TYPES: Readonly<Record<string, KeyType>> = {
  [KEY_OID.RSA]: 'RSA',
  [KEY_OID.RSA_PSS]: 'RSA-PSS',
  [KEY_OID.EC]: 'EC',
  [KEY_OID.DSA]: 'DSA',
  [KEY_OID.ED25519]: 'Ed25519',
  [KEY_OID.ED448]: 'Ed448',
};

/** OpenSSL checks no larger one; the cost grows with the cube of the size. */
const MAX_RSA_BITS = 16_384;

/**
 * SubjectPublicKeyInfo. EC keys must name their curve: explicit parameters are refused (RFC 5480 §2.1.1, CVE-2020-0601).
 * @throws ASN1_MALFORMED
 * @see RFC 5280 §4.1.2.7, RFC 3279 §2.3, RFC 5480 §2
 */
export function readPublicKeyInfo(spkiDer: Uint8Array): PublicKeyInfo {
  const known = infos.get(spkiDer);
  if (known !== undefined) return known;
  const info = readInfo(spkiDer);
  infos.set(spkiDer, info);
  return info;
}

// Remembered for as long as the caller keeps the very same array: keys come back with every signature.
const infos = new WeakMap<Uint8Array, PublicKeyInfo>();
const loaded = new WeakMap<Uint8Array, KeyObject>();

function readInfo(spkiDer: Uint8Array): PublicKeyInfo {
  const [identifier, key, extra] = readSequence(readAsn1(spkiDer));
  const algorithm = readAlgorithmIdentifier(identifier);
  const { bytes, unusedBits } = readBitString(key);
  if (extra !== undefined || unusedBits !== 0) throw malformed('SubjectPublicKeyInfo with more than two fields or split octets', 0);
  const type = TYPES[algorithm.oid] ?? 'unknown';
  const curveOid = type === 'EC' ? namedCurve(algorithm) : null;
  const restricted = type === 'RSA-PSS' && algorithm.parametersDer !== null;
  const pss = restricted ? readPssParameters(algorithm.parametersDer) : null;
  return { type, algorithm, bits: bitsOf(type, algorithm, bytes, curveOid), curveOid, pss, keyBytes: bytes };
}

/**
 * The key as `node:crypto` takes it; remembered for as long as the caller keeps the very same array.
 * @throws ALGORITHM_UNSUPPORTED when OpenSSL cannot use the key.
 */
export function loadPublicKey(spkiDer: Uint8Array): KeyObject {
  const known = loaded.get(spkiDer);
  if (known !== undefined) return known;
  const key = importSpki(spkiDer);
  loaded.set(spkiDer, key);
  return key;
}

/** @throws ALGORITHM_UNSUPPORTED */
export function importSpki(spkiDer: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new GatewayError('ALGORITHM_UNSUPPORTED', 'The public key is malformed or of a kind that cannot be used', { cause });
  }
}

function namedCurve(algorithm: AlgorithmIdentifier): string {
  if (algorithm.parametersDer === null) throw malformed('EC key without a curve', 0);
  const parameters = readAsn1(algorithm.parametersDer);
  if (!parameters.is(TAG.OID)) throw malformed('EC key with explicit curve parameters', 0);
  return readOid(parameters);
}

function bitsOf(type: KeyType, algorithm: AlgorithmIdentifier, key: Uint8Array, curveOid: string | null): number {
  if (type === 'RSA' || type === 'RSA-PSS') return rsaBits(key);
  if (type === 'EC') return CURVE_BITS[curveOid ?? ''] ?? 0;
  if (type === 'Ed25519') return 256;
  if (type === 'Ed448') return 456;
  if (type === 'DSA' && algorithm.parametersDer !== null) return integerBits(readSequence(readAsn1(algorithm.parametersDer))[0]?.content);
  return 0;
}

/** RSAPublicKey, RFC 8017 §A.1.1: odd modulus, odd exponent of at least 3. */
function rsaBits(key: Uint8Array): number {
  const [modulus, exponent, extra] = readSequence(readAsn1(key));
  if (extra !== undefined || !modulus?.is(TAG.INTEGER) || !exponent?.is(TAG.INTEGER)) throw malformed('RSAPublicKey is not two INTEGERs', 0);
  const [n, e] = [modulus.content, exponent.content];
  const odd = ((n[n.length - 1] ?? 0) & (e[e.length - 1] ?? 0) & 1) === 1;
  const positive = (n[0] ?? 0x80) < 0x80 && (e[0] ?? 0x80) < 0x80;
  if (!odd || !positive || (e.length === 1 && e[0] === 1)) throw malformed('RSA modulus or exponent that no RSA key has', 0);
  const bits = integerBits(n);
  if (bits > MAX_RSA_BITS) throw malformed(`RSA key over ${MAX_RSA_BITS} bits`, 0);
  return bits;
}

/** Length in bits of a positive INTEGER's content octets. */
function integerBits(content: Uint8Array | undefined): number {
  if (content === undefined) return 0;
  const first = content.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (content.length - first) * 8 - Math.clz32((content[first] ?? 0) << 24);
}
