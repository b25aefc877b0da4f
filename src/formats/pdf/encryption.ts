import { createDecipheriv } from 'node:crypto';

import { GatewayError } from '../../domain/errors.ts';
import { fileKeyOf } from './encryption-key.ts';
import { broken } from './limits.ts';
import type { PdfDict, PdfObject, PdfStream, PdfString } from './objects.ts';
import { isArray, isDict, isInteger, isName, isStream, isString } from './objects.ts';
import { objectKey, rc4 } from './rc4.ts';

/** Undoes the encryption of a document's strings and streams. */
export interface Decryptor {
  /** The object as it was before encryption; `num` and `gen` are those of the object that stands in the file itself. */
  object(value: PdfObject, num: number, gen: number): PdfObject;
}

type Cipher = (data: Uint8Array, num: number, gen: number) => Uint8Array;

/**
 * Opens a document encrypted by the standard security handler (ISO 32000-2 §7.6.4, revisions 2 to 6) with a user or owner
 * password. Permissions are not enforced: reading to verify is not what they restrict.
 * @param resolve follows references inside the encryption dictionary
 * @throws PDF_ENCRYPTED another handler, or none of the passwords fits; PDF_BROKEN malformed dictionary
 */
export function openDecryptor(encrypt: PdfDict, fileId: Uint8Array, passwords: readonly string[], resolve: (value: PdfObject | undefined) => PdfObject): Decryptor {
  const get = (key: string): PdfObject => resolve(encrypt.entries.get(key));
  if (!isName(get('Filter'), 'Standard')) throw new GatewayError('PDF_ENCRYPTED', 'The PDF is encrypted for certificates, which this software does not open');
  const version = get('V');
  const revision = get('R');
  if (!isInteger(version) || !isInteger(revision)) throw broken('encryption dictionary without /V and /R');
  const supported = (version >= 1 && version <= 2 && revision <= 3) || (version === 4 && revision === 4) || (version === 5 && (revision === 5 || revision === 6));
  if (!supported) throw new GatewayError('PDF_ENCRYPTED', `The PDF is encrypted in a way (version ${version}, revision ${revision}) that this software does not open`);
  const filters = version < 4 ? { streams: 'V2', strings: 'V2' } : cryptFilters(encrypt, resolve);
  const key = fileKeyOf({ get, revision, keyBytes: keyBytesOf(version, get('Length')), fileId, passwords });
  const strings = cipherFor(filters.strings, key);
  const streams = cipherFor(filters.streams, key);
  const plainMetadata = get('EncryptMetadata') === false;
  return { object: (value, num, gen) => decryptTop(value, { strings, streams, plainMetadata, num, gen }) };
}

function keyBytesOf(version: number, length: PdfObject): number {
  if (version === 1) return 5;
  if (version >= 4) return version === 4 ? 16 : 32;
  const bits = isInteger(length) ? length : 40;
  if (bits < 40 || bits > 128 || bits % 8 !== 0) throw broken('encryption key length out of range');
  return bits / 8;
}

/** Methods named by /StmF and /StrF (§7.6.6). */
function cryptFilters(encrypt: PdfDict, resolve: (value: PdfObject | undefined) => PdfObject): { readonly streams: string; readonly strings: string } {
  const filters = resolve(encrypt.entries.get('CF'));
  const methodOf = (key: string): string => {
    const named = resolve(encrypt.entries.get(key));
    if (named === null || isName(named, 'Identity')) return 'Identity';
    const filter = isDict(filters) && isName(named) ? resolve(filters.entries.get(named.text)) : null;
    const method = isDict(filter) ? resolve(filter.entries.get('CFM')) : null;
    if (!isName(method)) throw broken('encryption dictionary without the crypt filter it names');
    return method.text === 'None' ? 'Identity' : method.text;
  };
  return { streams: methodOf('StmF'), strings: methodOf('StrF') };
}

function cipherFor(method: string, fileKey: Uint8Array): Cipher {
  switch (method) {
    case 'Identity':
      return (data) => data;
    case 'V2':
      return (data, num, gen) => rc4(objectKey(fileKey, num, gen, false), data);
    case 'AESV2':
      return (data, num, gen) => aesCbc('aes-128-cbc', objectKey(fileKey, num, gen, true), data);
    case 'AESV3':
      return (data) => aesCbc('aes-256-cbc', fileKey, data);
    default:
      throw new GatewayError('PDF_ENCRYPTED', 'The PDF is encrypted by a method that this software does not open');
  }
}

/** The first 16 bytes are the initialisation vector (§7.6.3.1). */
function aesCbc(algorithm: 'aes-128-cbc' | 'aes-256-cbc', key: Uint8Array, data: Uint8Array): Uint8Array {
  if (data.length === 0 || data.length === 16) return new Uint8Array();
  if (data.length < 32 || data.length % 16 !== 0) throw broken('encrypted data of a wrong length');
  try {
    const decipher = createDecipheriv(algorithm, key, data.subarray(0, 16));
    return Buffer.concat([decipher.update(data.subarray(16)), decipher.final()]);
  } catch (error) {
    throw broken('encrypted data cannot be decrypted', error);
  }
}

interface Decryption {
  readonly strings: Cipher;
  readonly streams: Cipher;
  readonly plainMetadata: boolean;
  readonly num: number;
  readonly gen: number;
}

function decryptTop(value: PdfObject, how: Decryption): PdfObject {
  if (!isStream(value)) return decryptInner(value, how);
  // Cross-reference streams are never encrypted (§7.5.8.2).
  if (isName(value.dict.entries.get('Type'), 'XRef')) return value;
  return decryptStream(value, how);
}

function decryptStream(value: PdfStream, how: Decryption): PdfStream {
  const dict = decryptDict(value.dict, how);
  const isPlain = (how.plainMetadata && isName(dict.entries.get('Type'), 'Metadata')) || namesIdentity(dict);
  let decrypted: Uint8Array | undefined;
  const raw = (): Uint8Array => (decrypted ??= isPlain ? value.raw() : how.streams(value.raw(), how.num, how.gen));
  return { kind: 'stream', dict, raw };
}

/** A stream with a /Crypt filter of its own is left alone unless it names another than Identity (§7.4.10). */
function namesIdentity(dict: PdfDict): boolean {
  const filter = dict.entries.get('Filter');
  const first = isArray(filter) ? filter[0] : filter;
  if (!isName(first, 'Crypt')) return false;
  const parms = dict.entries.get('DecodeParms');
  const own = isArray(parms) ? parms[0] : parms;
  const named = isDict(own) ? own.entries.get('Name') : undefined;
  return named === undefined || isName(named, 'Identity');
}

function decryptInner(value: PdfObject, how: Decryption): PdfObject {
  if (isString(value)) return decryptString(value, how);
  if (isArray(value)) return value.map((item) => decryptInner(item, how));
  if (isDict(value)) return decryptDict(value, how);
  return value;
}

function decryptString(value: PdfString, how: Decryption): PdfString {
  return { ...value, bytes: how.strings(value.bytes, how.num, how.gen) };
}

/** /Contents of a signature dictionary is not encrypted (§7.6.2). */
function decryptDict(dict: PdfDict, how: Decryption): PdfDict {
  const isSignature = dict.entries.has('ByteRange') && dict.entries.has('Contents');
  const entries = new Map(Array.from(dict.entries, ([key, value]) => [key, isSignature && key === 'Contents' ? value : decryptInner(value, how)]));
  return { ...dict, entries };
}
