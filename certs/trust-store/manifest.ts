import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';

/** What is known of one anchor of a set. The manifest decides what is trusted: a file beside it that is not listed is not. */
export interface ManifestEntry {
  /** Lower-case hexadecimal SHA-256 of the certificate; also the name of its file. */
  readonly sha256: string;
  readonly subject: string;
  /** Where it was had from, in the operator's words. */
  readonly source: string;
  readonly addedAt: Date;
}

const MANIFEST = 'manifest.json';
const MAX_ANCHORS = 2_000;

const schema = z.strictObject({
  version: z.literal(1),
  anchors: z
    .array(
      z.strictObject({
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        subject: z.string().max(2_000),
        source: z.string().max(2_000),
        addedAt: z.iso.datetime().transform((at) => new Date(at)),
      }),
    )
    .max(MAX_ANCHORS),
});

/** Entries of the set in this folder; none when there is no manifest. @throws CONFIG_INVALID when it cannot be understood */
export function readManifest(folder: string): readonly ManifestEntry[] {
  const path = join(folder, MANIFEST);
  const text = textOf(path);
  if (text === null) return [];
  try {
    return schema.parse(JSON.parse(text)).anchors;
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${path} is damaged: take it from a backup, or remove the folder and add its anchors again`, { cause });
  }
}

/** @throws STORAGE_FAILED */
export function writeManifest(folder: string, entries: readonly ManifestEntry[]): void {
  const anchors = [...entries].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)).map((entry) => ({ ...entry, addedAt: entry.addedAt.toISOString() }));
  writeDurably(join(folder, MANIFEST), `${JSON.stringify({ version: 1, anchors }, null, 2)}\n`);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new GatewayError('STORAGE_FAILED', `${path} cannot be read`, { cause });
  }
}

/** Whole or not at all: under another name first, flushed, then renamed. @throws STORAGE_FAILED */
export function writeDurably(path: string, text: string): void {
  const making = `${path}.${process.pid}.part`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const descriptor = openSync(making, 'w', 0o600);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(making, path);
  } catch (cause) {
    rmSync(making, { force: true });
    throw new GatewayError('STORAGE_FAILED', `${path} cannot be written: check the folder and its permissions`, { cause });
  }
}
