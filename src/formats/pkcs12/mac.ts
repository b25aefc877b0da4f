import { createHmac, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../../domain/errors.ts';
import { findDigest } from '../algorithms/digests.ts';
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { readOctetString, readSequence, readSmallInteger } from '../asn1/values.ts';
import { deriveKey, readPbkdf2 } from './encryption.ts';
import { derivePkcs12, PURPOSE } from './key-derivation.ts';
import { bmpPassphrase } from './passphrase.ts';

const PBMAC1 = '1.2.840.113549.1.5.14';
const HMAC: Readonly<Record<string, 'sha224' | 'sha256' | 'sha384' | 'sha512'>> = {
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const HASH_BYTES = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;

/** MacData of a PFX, RFC 7292 §4. */
export interface Mac {
  readonly algorithm: AlgorithmIdentifier;
  readonly value: Uint8Array;
  readonly salt: Uint8Array;
  /** Of the derivation that will run: PBMAC1 has its own (RFC 9579 §4). */
  readonly iterations: number;
}

export function readMac(node: Asn1Node): Mac {
  const [digestInfo, salt, iterations] = readSequence(node);
  const [algorithmNode, value] = readSequence(digestInfo);
  const algorithm = readAlgorithmIdentifier(algorithmNode);
  const own = iterations === undefined ? 1 : readSmallInteger(iterations);
  if (own < 1) throw new GatewayError('P12_MALFORMED', 'The key file has an iteration count below 1');
  const counted = algorithm.oid === PBMAC1 ? readPbmac1(algorithm).derivation.iterations : own;
  return { algorithm, value: readOctetString(value), salt: readOctetString(salt), iterations: counted };
}

/** Whether the passphrase gives this MAC over the content; an empty one is tried as absent too (RFC 7292 leaves both open). */
export async function macMatches(mac: Mac, content: Uint8Array, passphrase: string): Promise<boolean> {
  if (mac.algorithm.oid === PBMAC1) return pbmac1Matches(mac, content, passphrase);
  const digest = findDigest(mac.algorithm);
  if (digest !== 'sha1' && digest !== 'sha224' && digest !== 'sha256' && digest !== 'sha384' && digest !== 'sha512') {
    throw new GatewayError('P12_UNSUPPORTED', `The key file is protected with ${mac.algorithm.oid}, which is not supported; export it again with SHA-256`);
  }
  const spellings = passphrase === '' ? [bmpPassphrase(''), new Uint8Array()] : [bmpPassphrase(passphrase)];
  return spellings.some((spelling) => {
    const derivation = { digest, passphrase: spelling, salt: mac.salt, iterations: mac.iterations, purpose: PURPOSE.mac };
    const key = derivePkcs12({ ...derivation, lengthBytes: HASH_BYTES[digest] });
    return equal(createHmac(digest, key).update(content).digest(), mac.value);
  });
}

async function pbmac1Matches(mac: Mac, content: Uint8Array, passphrase: string): Promise<boolean> {
  const { derivation, digest } = readPbmac1(mac.algorithm);
  const key = await deriveKey(derivation, passphrase, derivation.keyBytes ?? HASH_BYTES[digest]);
  return equal(createHmac(digest, key).update(content).digest(), mac.value);
}

/** PBMAC1-params, RFC 8018 §A.5 as restricted by RFC 9579 §4. */
function readPbmac1(algorithm: AlgorithmIdentifier): { derivation: ReturnType<typeof readPbkdf2>; digest: 'sha224' | 'sha256' | 'sha384' | 'sha512' } {
  if (algorithm.parametersDer === null) throw new GatewayError('P12_MALFORMED', 'The key file names PBMAC1 without its parameters');
  const [keyDerivation, scheme] = readSequence(readAsn1(algorithm.parametersDer, { rules: 'BER' }));
  const digest = HMAC[readAlgorithmIdentifier(scheme).oid];
  if (digest === undefined) throw new GatewayError('P12_UNSUPPORTED', 'The key file is protected with a MAC that is not supported; export it again with SHA-256');
  const derivation = readPbkdf2(readAlgorithmIdentifier(keyDerivation));
  if ((derivation.keyBytes ?? HASH_BYTES[digest]) > 1024) throw new GatewayError('P12_LIMIT', 'The key file asks for a MAC key of more than 1,024 bytes');
  return { derivation, digest };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
