import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

import { GatewayError } from '../../domain/errors.ts';
import { broken } from './limits.ts';
import type { PdfObject } from './objects.ts';
import { isInteger, isString } from './objects.ts';
import { rc4 } from './rc4.ts';

export interface FileKeyInput {
  /** Entries of the encryption dictionary, followed. */
  readonly get: (key: string) => PdfObject;
  readonly revision: number;
  readonly keyBytes: number;
  readonly fileId: Uint8Array;
  readonly passwords: readonly string[];
}

/** The key of the file, by the first password that fits as user's or owner's. @throws PDF_ENCRYPTED when none does */
export function fileKeyOf(input: FileKeyInput): Uint8Array {
  for (const password of input.passwords) {
    for (const bytes of passwordBytes(password, input.revision)) {
      const key = input.revision >= 5 ? modernKey(input, bytes) : legacyKey(input, bytes);
      if (key !== undefined) return key;
    }
  }
  throw new GatewayError('PDF_ENCRYPTED', 'The PDF is encrypted and no password that opens it was given');
}

/**
 * What a password may have been written as: up to revision 4 in PDFDocEncoding (§7.6.4.3.2), later prepared UTF-8 (§7.6.4.3.3). Writers
 * also take UTF-8 where the old encoding lacks a letter, and leave out the preparation, so that a keyboard that composes letters differently
 * makes another password.
 */
function passwordBytes(password: string, revision: number): readonly Uint8Array[] {
  const forms = [...new Set([password.normalize('NFKC'), password, password.normalize('NFC'), password.normalize('NFD')])];
  const utf8 = forms.map((form) => Buffer.from(form, 'utf8'));
  if (revision >= 5) return utf8.map((bytes) => bytes.subarray(0, 127));
  return [...forms.filter((form) => /^[\0-\u00ff]*$/.test(form)).map((form) => Buffer.from(form, 'latin1')), ...utf8];
}

function bytesOf(get: FileKeyInput['get'], key: string, minimum: number): Uint8Array {
  const value = get(key);
  if (!isString(value) || value.bytes.length < minimum) throw broken(`encryption dictionary with a malformed /${key}`);
  return value.bytes;
}

function permissionsOf(get: FileKeyInput['get']): Uint8Array {
  const value = get('P');
  if (!isInteger(value)) throw broken('encryption dictionary without /P');
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

const PADDING = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');

const padded = (password: Uint8Array): Uint8Array => Buffer.concat([password, PADDING]).subarray(0, 32);
const md5 = (...parts: readonly Uint8Array[]): Uint8Array => parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest();
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Revisions 2 to 4 (§7.6.4.3, algorithms 2, 4 to 7). */
function legacyKey(input: FileKeyInput, bytes: Uint8Array): Uint8Array | undefined {
  const asUser = userKey(input, bytes);
  return asUser ?? userKey(input, ownersUserPassword(input, bytes));
}

function userKey(input: FileKeyInput, password: Uint8Array): Uint8Array | undefined {
  const { get, revision, keyBytes, fileId } = input;
  const plainMetadata = revision >= 4 && get('EncryptMetadata') === false ? Buffer.alloc(4, 0xff) : Buffer.alloc(0);
  let key = md5(padded(password), bytesOf(get, 'O', 32).subarray(0, 32), permissionsOf(get), fileId, plainMetadata).subarray(0, keyBytes);
  for (let i = 0; i < extraRounds(revision); i++) key = md5(key).subarray(0, keyBytes);
  const expected = bytesOf(get, 'U', 32);
  if (revision === 2) return same(rc4(key, PADDING), expected.subarray(0, 32)) ? key : undefined;
  let check = rc4(key, md5(PADDING, fileId));
  for (let i = 1; i <= 19; i++) check = rc4(xored(key, i), check);
  return same(check, expected.subarray(0, 16)) ? key : undefined;
}

/** The user password that the owner password unlocks (algorithm 7). */
function ownersUserPassword({ get, revision, keyBytes }: FileKeyInput, password: Uint8Array): Uint8Array {
  let key = md5(padded(password));
  for (let i = 0; i < extraRounds(revision); i++) key = md5(key);
  key = key.subarray(0, keyBytes);
  let found = bytesOf(get, 'O', 32).subarray(0, 32);
  for (let i = revision === 2 ? 0 : 19; i >= 0; i--) found = rc4(xored(key, i), found);
  return found;
}

const extraRounds = (revision: number): number => (revision >= 3 ? 50 : 0);

const xored = (key: Uint8Array, value: number): Uint8Array => key.map((byte) => byte ^ value);

/** Revisions 5 and 6 (§7.6.4.3.3, algorithms 2.A and 2.B). */
function modernKey({ get, revision }: FileKeyInput, bytes: Uint8Array): Uint8Array | undefined {
  const user = bytesOf(get, 'U', 48).subarray(0, 48);
  const owner = bytesOf(get, 'O', 48).subarray(0, 48);
  const hash = revision === 5 ? simpleHash : hardenedHash;
  const none = new Uint8Array();
  const open = (stored: Uint8Array, extra: Uint8Array, wrapped: string): Uint8Array | undefined => {
    if (!same(hash(bytes, stored.subarray(32, 40), extra), stored.subarray(0, 32))) return undefined;
    return unwrap(hash(bytes, stored.subarray(40, 48), extra), bytesOf(get, wrapped, 32).subarray(0, 32));
  };
  const key = open(owner, user, 'OE') ?? open(user, none, 'UE');
  if (key !== undefined) checkPermissions(get, key);
  return key;
}

function unwrap(key: Uint8Array, wrapped: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
  return Buffer.concat([decipher.update(wrapped), decipher.final()]);
}

/** Algorithm 13: /Perms repeats /P under the file's key. */
function checkPermissions(get: FileKeyInput['get'], key: Uint8Array): void {
  const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(bytesOf(get, 'Perms', 16).subarray(0, 16)), decipher.final()]);
  if (plain.toString('latin1', 9, 12) !== 'adb' || !same(plain.subarray(0, 4), permissionsOf(get))) throw broken('the permissions of the encryption dictionary were tampered with');
}

const simpleHash = (password: Uint8Array, salt: Uint8Array, extra: Uint8Array): Uint8Array => createHash('sha256').update(password).update(salt).update(extra).digest();

/** Algorithm 2.B: at least 64 rounds of AES and SHA-2; the last byte decides when it ends, which is soon. */
function hardenedHash(password: Uint8Array, salt: Uint8Array, extra: Uint8Array): Uint8Array {
  let key: Uint8Array = simpleHash(password, salt, extra);
  for (let round = 1; round <= 1024; round++) {
    const block = Buffer.concat([password, key.subarray(0, key.length), extra]);
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32)).setAutoPadding(false);
    const encrypted = cipher.update(Buffer.concat(Array.from({ length: 64 }, () => block)));
    const remainder = encrypted.subarray(0, 16).reduce((sum, byte) => sum + byte, 0) % 3;
    key = createHash(['sha256', 'sha384', 'sha512'][remainder] ?? 'sha256').update(encrypted).digest();
    if (round >= 64 && (encrypted[encrypted.length - 1] ?? 0) <= round - 32) return key.subarray(0, 32);
  }
  throw broken('the password hash does not end');
}
