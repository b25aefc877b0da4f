import { createHash } from 'node:crypto';

/** API keys as callers hold them: `lt_<id>_<secret>`. The id is public and names the key in lists; only a hash of the whole is stored. */

export const SECRET_BYTES = 32;
const FORM = /^lt_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/;

/** @param id UUID; @param secret 32 random bytes */
export function buildApiKeyToken(id: string, secret: Uint8Array): string {
  return `lt_${id.replaceAll('-', '')}_${Buffer.from(secret).toString('base64url')}`;
}

/** The id (UUID) a token names, or null when it has not the form of one. */
export function readApiKeyId(token: string): string | null {
  const hex = FORM.exec(token)?.[1];
  return hex === undefined ? null : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** SHA-256 of the whole token. A secret of 256 random bits needs no slow hash: there is nothing to guess. */
export function apiKeyDigest(token: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(token).digest());
}
