import { GatewayError } from '../../domain/errors.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../domain/signature.ts';
import { nullValue, oid, sequence } from '../asn1/writer.ts';
import { digestNameOf, digestSizeBytes, type DigestName } from './digests.ts';
import { hasNoParameters, readAlgorithmIdentifierDer, type AlgorithmIdentifier } from './identifier.ts';
import { pssParametersDer, readPssParameters, type PssParameters } from './pss.ts';

/** What a signatureAlgorithm says must be done to check a value. */
export type SchemeName = 'RSASSA-PKCS1-v1_5' | 'RSASSA-PSS' | 'ECDSA' | 'DSA' | 'Ed25519' | 'Ed448';

export interface Scheme {
  readonly name: SchemeName;
  /** Null where the scheme has its own inside: Ed25519 (SHA-512), Ed448 (SHAKE256). */
  readonly digest: DigestName | null;
  readonly pss: PssParameters | null;
}

export const KEY_OID = {
  RSA: '1.2.840.113549.1.1.1',
  RSA_PSS: '1.2.840.113549.1.1.10',
  EC: '1.2.840.10045.2.1',
  DSA: '1.2.840.10040.4.1',
  ED25519: '1.3.101.112',
  ED448: '1.3.101.113',
} as const;

/** RFC 4055 §5, RFC 5758 §3, RFC 8692-style NIST CSOR identifiers. */
const HASHED: Readonly<Record<string, readonly [SchemeName, DigestName]>> = {
  '1.2.840.113549.1.1.4': ['RSASSA-PKCS1-v1_5', 'md5'],
  '1.2.840.113549.1.1.5': ['RSASSA-PKCS1-v1_5', 'sha1'],
  '1.3.14.3.2.29': ['RSASSA-PKCS1-v1_5', 'sha1'],
  '1.2.840.113549.1.1.14': ['RSASSA-PKCS1-v1_5', 'sha224'],
  '1.2.840.113549.1.1.11': ['RSASSA-PKCS1-v1_5', 'sha256'],
  '1.2.840.113549.1.1.12': ['RSASSA-PKCS1-v1_5', 'sha384'],
  '1.2.840.113549.1.1.13': ['RSASSA-PKCS1-v1_5', 'sha512'],
  '1.2.840.113549.1.1.15': ['RSASSA-PKCS1-v1_5', 'sha512-224'],
  '1.2.840.113549.1.1.16': ['RSASSA-PKCS1-v1_5', 'sha512-256'],
  '2.16.840.1.101.3.4.3.13': ['RSASSA-PKCS1-v1_5', 'sha3-224'],
  '2.16.840.1.101.3.4.3.14': ['RSASSA-PKCS1-v1_5', 'sha3-256'],
  '2.16.840.1.101.3.4.3.15': ['RSASSA-PKCS1-v1_5', 'sha3-384'],
  '2.16.840.1.101.3.4.3.16': ['RSASSA-PKCS1-v1_5', 'sha3-512'],
  '1.2.840.10045.4.1': ['ECDSA', 'sha1'],
  '1.2.840.10045.4.3.1': ['ECDSA', 'sha224'],
  '1.2.840.10045.4.3.2': ['ECDSA', 'sha256'],
  '1.2.840.10045.4.3.3': ['ECDSA', 'sha384'],
  '1.2.840.10045.4.3.4': ['ECDSA', 'sha512'],
  '2.16.840.1.101.3.4.3.9': ['ECDSA', 'sha3-224'],
  '2.16.840.1.101.3.4.3.10': ['ECDSA', 'sha3-256'],
  '2.16.840.1.101.3.4.3.11': ['ECDSA', 'sha3-384'],
  '2.16.840.1.101.3.4.3.12': ['ECDSA', 'sha3-512'],
  '1.2.840.10040.4.3': ['DSA', 'sha1'],
  '2.16.840.1.101.3.4.3.1': ['DSA', 'sha224'],
  '2.16.840.1.101.3.4.3.2': ['DSA', 'sha256'],
  '2.16.840.1.101.3.4.3.3': ['DSA', 'sha384'],
  '2.16.840.1.101.3.4.3.4': ['DSA', 'sha512'],
};

/** Signature algorithms that CMS allows to be named by the key alone, the digest standing beside them (RFC 3370 §3.2, RFC 5754 §3.2). */
const BARE: Readonly<Record<string, SchemeName>> = { [KEY_OID.RSA]: 'RSASSA-PKCS1-v1_5', [KEY_OID.EC]: 'ECDSA', [KEY_OID.DSA]: 'DSA' };

/**
 * The scheme an AlgorithmIdentifier names. `digestAlgorithm` is CMS's, needed for identifiers that name a key type only; it never
 * overrides a hash that the signature algorithm itself names.
 * @throws ALGORITHM_UNSUPPORTED for unknown identifiers and for parameters the scheme does not have.
 */
export function readScheme(algorithm: AlgorithmIdentifier, digestAlgorithm?: AlgorithmIdentifier | DigestName): Scheme {
  if (algorithm.oid === KEY_OID.RSA_PSS) return pssScheme(algorithm);
  if (!hasNoParameters(algorithm)) throw unsupported(algorithm.oid, 'has parameters it must not have');
  if (algorithm.oid === KEY_OID.ED25519) return { name: 'Ed25519', digest: null, pss: null };
  if (algorithm.oid === KEY_OID.ED448) return { name: 'Ed448', digest: null, pss: null };
  const hashed = HASHED[algorithm.oid];
  if (hashed !== undefined) return { name: hashed[0], digest: hashed[1], pss: null };
  const bare = BARE[algorithm.oid];
  if (bare === undefined) throw unsupported(algorithm.oid, 'is not a supported signature algorithm');
  if (digestAlgorithm === undefined) throw unsupported(algorithm.oid, 'names no digest');
  return { name: bare, digest: typeof digestAlgorithm === 'string' ? digestAlgorithm : digestNameOf(digestAlgorithm), pss: null };
}

const PKCS1_OIDS = {
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
  'sha3-256': '2.16.840.1.101.3.4.3.14',
  'sha3-384': '2.16.840.1.101.3.4.3.15',
  'sha3-512': '2.16.840.1.101.3.4.3.16',
} as const satisfies Record<DigestAlgorithm, string>;

const ECDSA_OIDS = {
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
  'sha3-256': '2.16.840.1.101.3.4.3.10',
  'sha3-384': '2.16.840.1.101.3.4.3.11',
  'sha3-512': '2.16.840.1.101.3.4.3.12',
} as const satisfies Record<DigestAlgorithm, string>;

/** An AlgorithmIdentifier in both forms. */
export interface OwnAlgorithm {
  readonly der: Uint8Array;
  readonly identifier: AlgorithmIdentifier;
}

const ownAlgorithms = new Map<string, OwnAlgorithm>();

/**
 * The AlgorithmIdentifier of a signature we make, made once; PSS with MGF1 of the same hash and salt of the hash's length.
 * @see RFC 4055 §3.1, §5; RFC 5758 §3.2
 */
export function ownAlgorithm(scheme: SignatureScheme, digest: DigestAlgorithm): OwnAlgorithm {
  const name = `${scheme} ${digest}`;
  const known = ownAlgorithms.get(name);
  if (known !== undefined) return known;
  const der = encodeOwn(scheme, digest);
  const made = { der, identifier: readAlgorithmIdentifierDer(der) };
  ownAlgorithms.set(name, made);
  return made;
}

export function signatureAlgorithmDer(scheme: SignatureScheme, digest: DigestAlgorithm): Uint8Array {
  return ownAlgorithm(scheme, digest).der;
}

function encodeOwn(scheme: SignatureScheme, digest: DigestAlgorithm): Uint8Array {
  switch (scheme) {
    case 'pkcs1':
      return sequence(oid(PKCS1_OIDS[digest]), nullValue());
    case 'pss':
      return sequence(oid(KEY_OID.RSA_PSS), pssParametersDer({ digest, mgfDigest: digest, saltBytes: digestSizeBytes(digest) }));
    case 'ecdsa':
      return sequence(oid(ECDSA_OIDS[digest]));
  }
}

function pssScheme(algorithm: AlgorithmIdentifier): Scheme {
  // RFC 4055 §3.1: parameters MUST be present in a signature's identifier, and there the whole structure matters.
  if (algorithm.parametersDer === null) throw unsupported(algorithm.oid, 'lacks its parameters');
  try {
    const pss = readPssParameters(algorithm.parametersDer);
    return { name: 'RSASSA-PSS', digest: pss.digest, pss };
  } catch (cause) {
    throw unsupported(algorithm.oid, 'has parameters that cannot be used', cause);
  }
}

function unsupported(name: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError('ALGORITHM_UNSUPPORTED', `Signature algorithm ${name} ${what}`, { cause });
}
