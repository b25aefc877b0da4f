import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Sha256Hex } from '../domain/ids.ts';

// The package is CommonJS whose declarations speak of a default export that is not there.
const serialize = canonicalize as unknown as (value: unknown) => string | undefined;

/**
 * JSON in the one form that a digest can be made of (RFC 8785, JCS).
 * @param value of JSON types only; `undefined` members are left out; at most as deep as the caller's parser allowed
 */
export function canonicalJson(value: unknown): string {
  const text = serialize(value);
  if (text === undefined) throw new TypeError('Not a JSON value');
  return text;
}

/** SHA-256 of the UTF-8 bytes of the canonical form. */
export function canonicalSha256(value: unknown): Sha256Hex {
  return sha256Hex(canonicalJson(value));
}

export function sha256Hex(bytes: string | Uint8Array): Sha256Hex {
  return createHash('sha256').update(bytes).digest('hex') as Sha256Hex;
}
