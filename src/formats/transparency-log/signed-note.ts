import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { GatewayError } from '../../domain/errors.ts';

/**
 * Text with signatures under it, as logs and their witnesses exchange it. Signatures are Ed25519 over the text with its last newline.
 * @see https://c2sp.org/signed-note
 */
export interface SignedNote {
  /** UTF-8, ends with a newline, has no control characters but newlines. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly keyName: string;
  /** Four bytes that say which of the name's keys. */
  readonly keyId: Uint8Array;
  readonly value: Uint8Array;
}

/** A key by its name: what a reader of notes has to know. */
export interface NoteVerifier {
  readonly keyName: string;
  readonly publicKey: KeyObject;
}

const ED25519_TYPE = 1;
const SIGNATURE_PREFIX = '— ';
const MAX_NOTE_BYTES = 1_000_000;
const MAX_SIGNATURES = 100;
const KEY_ID_BYTES = 4;

/** SHA-256(name || 0x0A || 0x01 || public key), its first four bytes. */
function keyIdOf({ keyName, publicKey }: NoteVerifier): Uint8Array {
  return createHash('sha256').update(`${keyName}\n`).update(Buffer.of(ED25519_TYPE)).update(rawKey(publicKey)).digest().subarray(0, KEY_ID_BYTES);
}

/** The 32 bytes of RFC 8032 §5.1.5. */
function rawKey(publicKey: KeyObject): Buffer {
  const { x } = publicKey.export({ format: 'jwk' });
  if (publicKey.asymmetricKeyType !== 'ed25519' || x === undefined) throw new TypeError('A note is signed with Ed25519');
  return Buffer.from(x, 'base64url');
}

/** `name+id+key`, as keys of logs are written down. */
export function verifierKeyOf(verifier: NoteVerifier): string {
  const key = Buffer.concat([Buffer.of(ED25519_TYPE), rawKey(verifier.publicKey)]).toString('base64');
  return `${verifier.keyName}+${Buffer.from(keyIdOf(verifier)).toString('hex')}+${key}`;
}

/** @throws EVIDENCE_MALFORMED when the key is not of the form above, is not Ed25519, or its id is another's */
export function readVerifierKey(written: string): NoteVerifier {
  const [, keyName = '', id = '', key = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(written) ?? [];
  const bytes = Buffer.from(key, 'base64');
  if (bytes[0] !== ED25519_TYPE || bytes.length !== 33) throw malformed('The log’s key is not name+id+key with an Ed25519 key');
  const verifier = { keyName, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') }, format: 'jwk' }) };
  if (Buffer.from(keyIdOf(verifier)).toString('hex') !== id) throw malformed('The id of the log’s key is not the one of its name and bytes');
  return verifier;
}

/** Whoever holds the key of a verifier. */
export interface NoteSigner extends NoteVerifier {
  /** Ed25519 (RFC 8032 §5.1.6); 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** @param text see `SignedNote.text` @throws RangeError for a text that is none */
export function signNote(text: string, signer: NoteSigner): string {
  if (!isNoteText(text)) throw new RangeError('The text of a note ends with a newline and has no control characters');
  const value = signer.sign(Buffer.from(text));
  return `${text}\n${SIGNATURE_PREFIX}${signer.keyName} ${Buffer.concat([keyIdOf(signer), value]).toString('base64')}\n`;
}

/** Reads; whether a signature is good is asked of `isSignedBy`. @throws EVIDENCE_MALFORMED */
export function readNote(bytes: Uint8Array): SignedNote {
  if (bytes.length > MAX_NOTE_BYTES) throw malformed(`The note has ${bytes.length} bytes; the limit is ${MAX_NOTE_BYTES}`);
  const note = decode(bytes);
  // The last empty line divides: the text may have some, too.
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  if (split < 0 || !isNoteText(text) || !note.endsWith('\n')) throw malformed('A note is text, an empty line, and signatures, each line with its end');
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw malformed(`The note has ${lines.length} signatures; the limit is ${MAX_SIGNATURES}`);
  return { text, signatures: lines.map(readSignature) };
}

function readSignature(line: string): NoteSignature {
  const [, keyName = '', encoded = ''] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length <= KEY_ID_BYTES || bytes.toString('base64') !== encoded) throw malformed('A signature of a note is “— name base64”');
  return { keyName, keyId: bytes.subarray(0, KEY_ID_BYTES), value: bytes.subarray(KEY_ID_BYTES) };
}

/** Whether the note has a signature of this key and all that it has of it are good: one good one beside a bad one is none. */
export function isSignedBy({ text, signatures }: SignedNote, verifier: NoteVerifier): boolean {
  const id = Buffer.from(keyIdOf(verifier));
  const own = signatures.filter(({ keyName, keyId }) => keyName === verifier.keyName && id.equals(keyId));
  return own.length > 0 && own.every(({ value }) => verify(null, Buffer.from(text), verifier.publicKey, value));
}

function isNoteText(text: string): boolean {
  return text.length > 1 && text.endsWith('\n') && !/[\u0000-\u0009\u000b-\u001f]/.test(text) && !/\p{Surrogate}/u.test(text);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('The note is not UTF-8');
  }
}

function malformed(detail: string): GatewayError {
  return new GatewayError('EVIDENCE_MALFORMED', detail);
}
