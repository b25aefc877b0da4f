import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { digestAlgorithmDer } from '../algorithms/digests.ts';
import { context, contextPrimitive, integer, nullValue, octetString, oid, sequence, setOf, tlv } from '../asn1/writer.ts';
import { deriveKey } from './encryption.ts';
import { derivePkcs12, PURPOSE } from './key-derivation.ts';
import { bmpPassphrase } from './passphrase.ts';

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA256 = '1.2.840.113549.2.9';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';

/** What OpenSSL's own files have is 2,048; a file meant for trying things out is guarded by a random passphrase, not by the count. */
const ITERATIONS = 10_000;

export interface Pkcs12Input {
  /** PrivateKeyInfo; a secret. */
  readonly privateKeyPkcs8Der: Uint8Array;
  /** The key's certificate first, then its issuers. */
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  readonly passphrase: string;
  /** Shown by key stores; any text. */
  readonly friendlyName: string;
  /** Source of salts and initialisation vectors. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/**
 * A PKCS#12 file with one key and its chain: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256 over the UTF-8 passphrase, MAC with
 * HMAC-SHA256 over the BMP one, as OpenSSL 3 writes by default.
 * @see RFC 7292 §4; RFC 8018 §6.2
 */
export async function buildPkcs12(input: Pkcs12Input): Promise<Uint8Array> {
  const localKeyId = createHash('sha1').update(input.chainDer[0]).digest();
  const attributes = setOf(attribute(FRIENDLY_NAME, tlv(30, utf16(input.friendlyName))), attribute(LOCAL_KEY_ID, octetString(localKeyId)));
  const certificates = sequence(...input.chainDer.map((der, index) => certificateBag(der, index === 0 ? attributes : null)));
  const key = sequence(bag(SHROUDED_KEY_BAG, await shroudedKey(input), attributes));
  const safes = sequence(await encryptedContent(certificates, input), plainContent(key));
  return sequence(integer(3), plainContent(safes), macData(safes, input));
}

function certificateBag(der: Uint8Array, attributes: Uint8Array | null): Uint8Array {
  return bag(CERTIFICATE_BAG, sequence(oid(X509_CERTIFICATE), context(0, octetString(der))), attributes);
}

function bag(type: string, value: Uint8Array, attributes: Uint8Array | null): Uint8Array {
  return sequence(oid(type), context(0, value), ...(attributes === null ? [] : [attributes]));
}

/** EncryptedPrivateKeyInfo, RFC 5958 §3. */
async function shroudedKey(input: Pkcs12Input): Promise<Uint8Array> {
  const { algorithm, encrypted } = await encrypt(input.privateKeyPkcs8Der, input);
  return sequence(algorithm, octetString(encrypted));
}

async function encryptedContent(safeContents: Uint8Array, input: Pkcs12Input): Promise<Uint8Array> {
  const { algorithm, encrypted } = await encrypt(safeContents, input);
  const info = sequence(oid(DATA), algorithm, contextPrimitive(0, encrypted));
  return sequence(oid(ENCRYPTED_DATA), context(0, sequence(integer(0), info)));
}

function plainContent(content: Uint8Array): Uint8Array {
  return sequence(oid(DATA), context(0, octetString(content)));
}

async function encrypt(plain: Uint8Array, { passphrase, randomBytes }: Pkcs12Input): Promise<{ algorithm: Uint8Array; encrypted: Uint8Array }> {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const key = await deriveKey({ salt, iterations: ITERATIONS, keyBytes: 32, digest: 'sha256' }, passphrase, 32);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const derivation = sequence(oid(PBKDF2), sequence(octetString(salt), integer(ITERATIONS), sequence(oid(HMAC_SHA256), nullValue())));
  const algorithm = sequence(oid(PBES2), sequence(derivation, sequence(oid(AES_256_CBC), octetString(iv))));
  return { algorithm, encrypted: Buffer.concat([cipher.update(plain), cipher.final()]) };
}

function macData(authenticatedSafe: Uint8Array, { passphrase, randomBytes }: Pkcs12Input): Uint8Array {
  const salt = randomBytes(16);
  const key = derivePkcs12({ digest: 'sha256', passphrase: bmpPassphrase(passphrase), salt, iterations: ITERATIONS, purpose: PURPOSE.mac, lengthBytes: 32 });
  const value = createHmac('sha256', key).update(authenticatedSafe).digest();
  return sequence(sequence(digestAlgorithmDer('sha256', 'null'), octetString(value)), octetString(salt), integer(ITERATIONS));
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), setOf(value));
}

const utf16 = (text: string): Uint8Array => Buffer.from(text, 'utf16le').swap16();
