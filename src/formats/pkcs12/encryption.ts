import { createDecipheriv, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { GatewayError } from '../../domain/errors.ts';
import type { AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readAlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readAsn1 } from '../asn1/reader.ts';
import { TAG } from '../asn1/reader.ts';
import { readOctetString, readSequence, readSmallInteger } from '../asn1/values.ts';
import { derivePkcs12, PURPOSE } from './key-derivation.ts';
import { bmpPassphrase, utf8Passphrase } from './passphrase.ts';

const derivePbkdf2 = promisify(pbkdf2);

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';

type Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** HMAC as pseudo-random function, RFC 8018 §B.1.2. */
const PRF: Readonly<Record<string, Digest>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** Encryption schemes of PBES2, RFC 8018 §B.2. */
const CIPHER: Readonly<Record<string, { name: string; keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
};

/** PKCS#12's own schemes, RFC 7292 appendix C. The RC4 ones are not supported. */
const PBE: Readonly<Record<string, { cipher: '3des' | 'rc2'; keyBytes: number }>> = {
  '1.2.840.113549.1.12.1.3': { cipher: '3des', keyBytes: 24 },
  '1.2.840.113549.1.12.1.4': { cipher: '3des', keyBytes: 16 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2', keyBytes: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2', keyBytes: 5 },
};

export interface Pbkdf2Parameters {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly keyBytes: number | null;
  readonly digest: Digest;
}

/**
 * How often an algorithm will hash, from its parameters alone, so that a limit can be kept before anything is derived.
 * @throws P12_UNSUPPORTED for schemes that `decrypt` does not know; ASN1_MALFORMED
 */
export function iterationsOf(algorithm: AlgorithmIdentifier): number {
  if (algorithm.oid === PBES2) return readPbes2(algorithm).pbkdf2.iterations;
  // Key and initialisation vector are derived one after the other, and a 24-byte key takes two rounds of SHA-1.
  if (algorithm.oid in PBE) return 3 * readPbe(algorithm).iterations;
  throw unsupported(`encryption ${algorithm.oid}`);
}

/**
 * Decrypts what PBES2 or one of PKCS#12's own schemes encrypted; null when the padding is wrong, which a wrong passphrase causes.
 * @see RFC 8018 §6.2; RFC 7292 appendix B, C
 * @throws P12_UNSUPPORTED, ASN1_MALFORMED
 */
export async function decrypt(algorithm: AlgorithmIdentifier, encrypted: Uint8Array, passphrase: string): Promise<Uint8Array | null> {
  if (algorithm.oid === PBES2) return decryptPbes2(algorithm, encrypted, passphrase);
  const scheme = PBE[algorithm.oid];
  if (scheme === undefined) throw unsupported(`encryption ${algorithm.oid}`);
  const { salt, iterations } = readPbe(algorithm);
  const derivation = { digest: 'sha1', passphrase: bmpPassphrase(passphrase), salt, iterations } as const;
  const key = derivePkcs12({ ...derivation, purpose: PURPOSE.key, lengthBytes: scheme.keyBytes });
  const iv = derivePkcs12({ ...derivation, purpose: PURPOSE.iv, lengthBytes: 8 });
  if (scheme.cipher === 'rc2') return decryptRc2(key, iv, encrypted);
  const tripleKey = key.length === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
  return decipher('des-ede3-cbc', tripleKey, iv, encrypted);
}

async function decryptPbes2(algorithm: AlgorithmIdentifier, encrypted: Uint8Array, passphrase: string): Promise<Uint8Array | null> {
  const { pbkdf2: parameters, cipher, iv } = readPbes2(algorithm);
  const key = await deriveKey(parameters, passphrase, cipher.keyBytes);
  return decipher(cipher.name, key, iv, encrypted);
}

/** PBKDF2 over the UTF-8 passphrase, off the event loop. */
export function deriveKey(parameters: Pbkdf2Parameters, passphrase: string, keyBytes: number): Promise<Uint8Array> {
  return derivePbkdf2(utf8Passphrase(passphrase), parameters.salt, parameters.iterations, keyBytes, parameters.digest);
}

/** @throws P12_UNSUPPORTED unless the algorithm is PBKDF2 with a known hash */
export function readPbkdf2(algorithm: AlgorithmIdentifier): Pbkdf2Parameters {
  if (algorithm.oid !== PBKDF2) throw unsupported(`key derivation ${algorithm.oid}`);
  const [salt, iterations, ...rest] = readSequence(parametersOf(algorithm));
  const keyLength = rest[0]?.is(TAG.INTEGER) === true ? readSmallInteger(rest.shift()) : null;
  const prf = rest[0] === undefined ? '1.2.840.113549.2.7' : readAlgorithmIdentifier(rest[0]).oid;
  const digest = PRF[prf];
  if (digest === undefined) throw unsupported(`pseudo-random function ${prf}`);
  return { salt: readOctetString(salt), iterations: positive(readSmallInteger(iterations)), keyBytes: keyLength, digest };
}

function readPbes2(algorithm: AlgorithmIdentifier): { pbkdf2: Pbkdf2Parameters; cipher: { name: string; keyBytes: number }; iv: Uint8Array } {
  const [derivation, encryption] = readSequence(parametersOf(algorithm));
  const scheme = readAlgorithmIdentifier(encryption);
  const cipher = CIPHER[scheme.oid];
  if (cipher === undefined) throw unsupported(`cipher ${scheme.oid}`);
  const iv = readOctetString(parametersOf(scheme));
  if (iv.length !== (cipher.name === 'des-ede3-cbc' ? 8 : 16)) throw new GatewayError('P12_MALFORMED', 'The key file has an initialisation vector of the wrong size');
  return { pbkdf2: readPbkdf2(readAlgorithmIdentifier(derivation)), cipher, iv };
}

function readPbe(algorithm: AlgorithmIdentifier): { salt: Uint8Array; iterations: number } {
  const [salt, iterations] = readSequence(parametersOf(algorithm));
  return { salt: readOctetString(salt), iterations: positive(readSmallInteger(iterations)) };
}

function parametersOf(algorithm: AlgorithmIdentifier): ReturnType<typeof readAsn1> {
  if (algorithm.parametersDer === null) throw new GatewayError('P12_MALFORMED', 'The key file names an algorithm without its parameters');
  return readAsn1(algorithm.parametersDer, { rules: 'BER' });
}

function positive(iterations: number): number {
  if (iterations < 1) throw new GatewayError('P12_MALFORMED', 'The key file has an iteration count below 1');
  return iterations;
}

function decipher(name: string, key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Uint8Array | null {
  const cipher = createDecipheriv(name, key, iv);
  const head = cipher.update(encrypted);
  try {
    return Buffer.concat([head, cipher.final()]);
  } catch {
    // Wrong padding, the only way `final` fails: the key is not the right one.
    return null;
  }
}

/** OpenSSL 3 keeps RC2 in its legacy provider, which Node.js does not load: node-forge is here for this one cipher. */
function decryptRc2(key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Uint8Array | null {
  const cipher = forge.rc2.createDecryptionCipher(Buffer.from(key).toString('binary'), key.length * 8);
  cipher.start(Buffer.from(iv).toString('binary'));
  cipher.update(forge.util.createBuffer(Buffer.from(encrypted).toString('binary')));
  return cipher.finish() ? Buffer.from(cipher.output.getBytes(), 'binary') : null;
}

function unsupported(what: string): GatewayError {
  return new GatewayError('P12_UNSUPPORTED', `The key file uses ${what}, which is not supported; export it again with AES-256 (the default of OpenSSL 3)`);
}
