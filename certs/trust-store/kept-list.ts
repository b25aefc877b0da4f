import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import type { TrustPurpose } from '../../src/ports/trust-store.ts';
import { writeDurably } from './manifest.ts';

/**
 * Trusted lists as they were last accepted: `<folder>/lists/<set>.json`. The list was verified before it was written; what is kept is what
 * it means for trust, so that neither a start nor a verification reads XML.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime().transform((at) => new Date(at));
const window = z.strictObject({ from: time, until: time.nullable() });

const anchor = z.strictObject({
  purpose: z.enum(['signature', 'timestamp']),
  sha256,
  subject: z.string().max(2_000),
  certificate: z.base64(),
  /** Whether the certificate stands for itself: a time-stamping unit. */
  direct: z.boolean(),
  provider: z.string(),
  service: z.string(),
  type: z.string(),
  status: z.string(),
  windows: z.array(window).min(1).max(200),
});

const schema = z.strictObject({
  version: z.literal(1),
  /** File or URL it is read from. */
  source: z.string().max(2_000),
  purposes: z.array(z.enum(['signature', 'timestamp'])).min(1),
  /** Certificates that may sign it: digests, and certificates where they were given. */
  signers: z.array(z.strictObject({ sha256, certificate: z.base64().nullable() })).min(1).max(20),
  signedBy: sha256,
  /** Of the file. */
  sha256,
  operator: z.string(),
  scheme: z.string(),
  territory: z.string().nullable(),
  sequenceNumber: z.int().min(0),
  issuedAt: time,
  nextUpdate: time.nullable(),
  readAt: time,
  pointers: z.array(z.strictObject({ location: z.string(), territory: z.string().nullable() })),
  anchors: z.array(anchor).max(10_000),
  /** Services that are shown and trusted for nothing, by type and status. */
  untrusted: z.array(z.strictObject({ provider: z.string(), service: z.string(), type: z.string(), status: z.string() })).max(10_000),
});

export type KeptList = Omit<z.output<typeof schema>, 'version'> & { readonly set: string };
export type KeptListAnchor = KeptList['anchors'][number] & { readonly purpose: TrustPurpose };

const folderOf = (folder: string): string => join(folder, 'lists');

export function listNames(folder: string): string[] {
  try {
    return readdirSync(folderOf(folder)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)).sort();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new GatewayError('STORAGE_FAILED', `The trusted lists in ${folderOf(folder)} cannot be read`, { cause });
  }
}

export function pathOfList(folder: string, set: string): string {
  return join(folderOf(folder), `${set}.json`);
}

/** @throws CONFIG_INVALID when it cannot be understood or a certificate in it was changed */
export function readKeptList(folder: string, set: string): KeptList {
  const path = pathOfList(folder, set);
  try {
    const { version: _version, ...list } = schema.parse(JSON.parse(readFileSync(path, 'utf8')));
    const changed = list.anchors.some(({ certificate, sha256: digest }) => createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('hex') !== digest);
    if (changed) throw new Error('a certificate does not have the digest written beside it');
    return { ...list, set };
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${path} is damaged: remove it with "lienthong trust remove --list ${set}" and add the list again`, { cause });
  }
}

/** @throws STORAGE_FAILED */
export function writeKeptList(folder: string, { set, ...list }: KeptList): void {
  writeDurably(pathOfList(folder, set), `${JSON.stringify({ version: 1, ...list }, null, 2)}\n`);
}

/** Whether there was one. */
export function removeKeptList(folder: string, set: string): boolean {
  if (!listNames(folder).includes(set)) return false;
  rmSync(pathOfList(folder, set));
  return true;
}
