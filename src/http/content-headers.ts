import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../domain/errors.ts';
import type { Sha256Hex } from '../domain/ids.ts';
import { fileName, mediaType } from '../formats/api/primitives.ts';

/** What a caller says about a body in its headers. */

const DIGEST = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|;|$)/;

/**
 * The SHA-256 that `Content-Digest` or `Repr-Digest` names; null when neither does. Other algorithms are passed over, as the standard allows.
 * @throws REQUEST_INVALID when the two differ, or the value is malformed
 * @see RFC 9530 §2, §3
 */
export function expectedDigest(request: IncomingMessage): Sha256Hex | null {
  const digests = (['content-digest', 'repr-digest'] as const).flatMap((name) => digestIn(name, request.headers[name]) ?? []);
  const [first = null, second = first] = digests;
  if (first !== second) throw invalid('/header/repr-digest', 'names another digest than Content-Digest');
  return first;
}

function digestIn(name: string, header: string | string[] | undefined): Sha256Hex | null {
  if (header === undefined) return null;
  const text = Array.isArray(header) ? header.join(', ') : header;
  const base64 = DIGEST.exec(text)?.[1];
  if (base64 !== undefined) return Buffer.from(base64, 'base64').toString('hex') as Sha256Hex;
  if (/sha-256\s*=/i.test(text) || !/^\s*[a-z*][a-z0-9_.*-]*=:/.test(text)) throw invalid(`/header/${name}`, 'write sha-256=:<base64>:');
  return null;
}

export interface DigestWatch {
  update(bytes: Uint8Array): void;
  /** @throws REQUEST_INVALID when what came is not what `Content-Digest` says */
  check(): void;
}

const CONTENT_DIGEST = /(?:^|,)\s*(sha-256|sha-512)=:([A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==):/g;

/** Null: there is no `Content-Digest`, or none by an algorithm that we know, which the standard lets us pass over. @see RFC 9530 §2 */
export function watchContentDigest(request: IncomingMessage): DigestWatch | null {
  const named = [...[request.headers['content-digest'] ?? ''].flat().join(',').matchAll(CONTENT_DIGEST)];
  const hashes = named.map(([, algorithm = '', base64 = '']): [Hash, string] => [createHash(algorithm.replace('-', '')), base64]);
  if (hashes.length === 0) return null;
  return {
    update: (bytes) => hashes.forEach(([hash]) => hash.update(bytes)),
    check() {
      if (hashes.some(([hash, expected]) => hash.digest('base64') !== expected)) throw invalid('/header/content-digest', 'is not the digest of the body received');
    },
  };
}

const EXTENDED_NAME = /;\s*filename\*\s*=\s*utf-8'[\w-]*'([!#$&+.^_`|~\w%-]+)/i;
const QUOTED_NAME = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i;
const BARE_NAME = /;\s*filename\s*=\s*([!#$%&'*+.^_`|~\w-]+)/i;

/**
 * The file name of `Content-Disposition`; the extended form wins (RFC 6266 §4.3). Null: there is none.
 * @throws REQUEST_INVALID when it is a path, too long, or not UTF-8
 */
export function fileNameOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  const given = decodeExtended(EXTENDED_NAME.exec(header)?.[1]) ?? decodeRaw(QUOTED_NAME.exec(header)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? BARE_NAME.exec(header)?.[1]);
  if (given === null) return null;
  return checkedFileName(given, '/header/content-disposition');
}

/** @throws REQUEST_INVALID */
export function checkedFileName(given: string, pointer: string): string {
  const checked = fileName.safeParse(given);
  if (!checked.success) throw invalid(pointer, 'a file name has 1 to 200 characters, no path and no control characters');
  return checked.data;
}

function decodeExtended(value: string | undefined): string | null {
  if (value === undefined) return null;
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new GatewayError('REQUEST_INVALID', 'The file name is not percent-encoded UTF-8', { cause, faults: [{ pointer: '/header/content-disposition', detail: 'is not percent-encoded UTF-8' }] });
  }
}

/** Node.js hands headers over as Latin-1; what is UTF-8 underneath is read as that, the rest as it stands. */
function decodeRaw(value: string | undefined): string | null {
  if (value === undefined) return null;
  const bytes = Buffer.from(value, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : value;
}

/** The media type without parameters, in lower case; `application/octet-stream` when there is none. @throws REQUEST_INVALID */
export function mediaTypeOf(header: string | undefined): string {
  const type = (header ?? 'application/octet-stream').split(';')[0]?.trim().toLowerCase() ?? '';
  const checked = mediaType.safeParse(type);
  if (!checked.success) throw invalid('/header/content-type', 'is not a media type');
  return checked.data;
}

function invalid(pointer: string, detail: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', 'A header of the request is not valid: see "errors"', { faults: [{ pointer, detail }] });
}
