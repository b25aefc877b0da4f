import { createHash, type Hash } from 'node:crypto';
import { GatewayError } from '../../domain/errors.ts';
import type { DigestAlgorithm } from '../../domain/signature.ts';
import { nullValue, oid, sequence } from '../asn1/writer.ts';
import { hasNoParameters, type AlgorithmIdentifier } from './identifier.ts';

/**
 * Digests that can be met in what others signed; names as `node:crypto` takes them. `shake256` has 64 bytes here and stands
 * beside Ed448 alone (RFC 8419 §2.3). We make signatures with `DigestAlgorithm` only.
 */
export type DigestName = DigestAlgorithm | 'md5' | 'sha1' | 'sha224' | 'sha512-224' | 'sha512-256' | 'sha3-224' | 'shake256';

/** RFC 3370 §2, RFC 5754 §2, NIST CSOR. */
const DIGEST_OIDS = {
  md5: '1.2.840.113549.2.5',
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  'sha512-224': '2.16.840.1.101.3.4.2.5',
  'sha512-256': '2.16.840.1.101.3.4.2.6',
  'sha3-224': '2.16.840.1.101.3.4.2.7',
  'sha3-256': '2.16.840.1.101.3.4.2.8',
  'sha3-384': '2.16.840.1.101.3.4.2.9',
  'sha3-512': '2.16.840.1.101.3.4.2.10',
  shake256: '2.16.840.1.101.3.4.2.12',
} as const satisfies Record<DigestName, string>;

/** As FIPS 180-4 and FIPS 202 write them: for people and reports. */
const STANDARD_NAMES = {
  md5: 'MD5',
  sha1: 'SHA-1',
  sha224: 'SHA-224',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
  'sha512-224': 'SHA-512/224',
  'sha512-256': 'SHA-512/256',
  'sha3-224': 'SHA3-224',
  'sha3-256': 'SHA3-256',
  'sha3-384': 'SHA3-384',
  'sha3-512': 'SHA3-512',
  shake256: 'SHAKE256',
} as const satisfies Record<DigestName, string>;

export function standardDigestName(digest: DigestName): string {
  return STANDARD_NAMES[digest];
}

const DIGEST_SIZES = {
  md5: 16,
  sha1: 20,
  sha224: 28,
  sha256: 32,
  sha384: 48,
  sha512: 64,
  'sha512-224': 28,
  'sha512-256': 32,
  'sha3-224': 28,
  'sha3-256': 32,
  'sha3-384': 48,
  'sha3-512': 64,
  shake256: 64,
} as const satisfies Record<DigestName, number>;

const NAMES = new Map<string, DigestName>(Object.entries(DIGEST_OIDS).map(([name, dotted]) => [dotted, name as DigestName]));

/** The digest an identifier names, or null: unknown, not a digest, or with parameters that no digest has. */
export function findDigest(algorithm: AlgorithmIdentifier): DigestName | null {
  if (algorithm.oid === SHAKE256_LEN) return isLengthOf512Bits(algorithm) ? 'shake256' : null;
  return hasNoParameters(algorithm) ? (NAMES.get(algorithm.oid) ?? null) : null;
}

/** id-shake256-len, RFC 8419 §2.3: the length in bits as parameter. */
const SHAKE256_LEN = '2.16.840.1.101.3.4.2.18';

function isLengthOf512Bits({ parametersDer }: AlgorithmIdentifier): boolean {
  return parametersDer !== null && Buffer.compare(parametersDer, Uint8Array.of(2, 2, 2, 0)) === 0;
}

/**
 * Like `findDigest`, for the hash inside a signature scheme; SHAKE256 is no such hash here.
 * @throws ALGORITHM_UNSUPPORTED
 * @see RFC 5754 §2
 */
export function digestNameOf(algorithm: AlgorithmIdentifier): DigestName {
  const name = findDigest(algorithm);
  if (name === null || name === 'shake256') throw new GatewayError('ALGORITHM_UNSUPPORTED', `${algorithm.oid} is not a supported digest algorithm`);
  return name;
}

export function digestOid(digest: DigestName): string {
  return DIGEST_OIDS[digest];
}

export function digestSizeBytes(digest: DigestName): number {
  return DIGEST_SIZES[digest];
}

/** The digest of the parts joined. */
export function digestOf(digest: DigestName, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = newHash(digest);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Lower-case hexadecimal SHA-256: how certificates, revocation information and tokens are named here. */
export function sha256HexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The digest of bytes that come in pieces, none of them kept. */
export function digestOfChunks(digest: DigestName, chunks: Iterable<Uint8Array>): Uint8Array {
  const hash = newHash(digest);
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}

/** Digests the same bytes, here or where they lie. */
export type ContentDigester = (digest: DigestAlgorithm) => Uint8Array | Promise<Uint8Array>;

/** A running digest; `shake256` gets its 64 bytes. */
export function newHash(digest: DigestName): Hash {
  return digest === 'shake256' ? createHash(digest, { outputLength: DIGEST_SIZES[digest] }) : createHash(digest);
}

/**
 * DigestAlgorithmIdentifier for what we make: parameters absent (RFC 5754 §2), except inside RSA structures, which want NULL (RFC 4055 §2.1).
 */
export function digestAlgorithmDer(digest: DigestName, parameters: 'absent' | 'null' = 'absent'): Uint8Array {
  return parameters === 'null' ? sequence(oid(DIGEST_OIDS[digest]), nullValue()) : BARE_DIGESTS[digest];
}

const BARE_DIGESTS = Object.fromEntries(Object.entries(DIGEST_OIDS).map(([name, dotted]) => [name, sequence(oid(dotted))])) as Record<DigestName, Uint8Array>;
