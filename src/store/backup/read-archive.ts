import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import type { Sha256Hex } from '../../domain/ids.ts';
import { isErrno } from '../errno.ts';
import { damaged, readAbout, readManifest, type About, type Manifest } from './manifest.ts';

/** What a reader does with what passes by. Nothing may count before the end was reached: only then is everything known to be whole. */
export interface ArchiveReader {
  begin?(about: About): Promise<void>;
  table?(name: string, copyText: Uint8Array): Promise<void>;
  document?(sha256: Sha256Hex, sizeBytes: number, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  file?(name: string, bytes: Uint8Array): Promise<void>;
}

const MOST_PIECE_BYTES = 64 * 1024 * 1024;
const MOST_TEXT_BYTES = 256 * 1024 * 1024;

/**
 * Reads a backup once, from its begin to its end, and compares every entry with its digest.
 * @throws BACKUP_DAMAGED for whatever does not fit, FILE_NOT_READABLE, DATABASE_INCOMPATIBLE; what `reader` throws
 */
export async function readArchive(path: string, reader: ArchiveReader): Promise<Manifest> {
  const archive = extract();
  const source = createReadStream(path);
  source.on('error', (error) => archive.destroy(error));
  source.pipe(archive);
  const seen = { about: null as About | null, pieces: new Map<string, string[]>(), files: new Map<string, string>(), documents: 0, bytes: 0, list: createHash('sha256') };
  let manifest: Manifest | null = null;
  try {
    for await (const entry of archive) {
      const { name, size = 0 } = entry.header;
      if (manifest !== null) throw damaged('something stands behind its manifest');
      if (seen.about === null && name !== 'about.json') throw damaged('it is no backup of this program');
      const sha256 = /^documents\/([0-9a-f]{64})$/.exec(name)?.[1];
      if (sha256 !== undefined) {
        await readDocument(reader, sha256 as Sha256Hex, size, entry);
        seen.documents += 1;
        seen.bytes += size;
        seen.list.update(`${sha256}\n`);
        continue;
      }
      const bytes = await readSmall(entry, name);
      const table = /^tables\/([a-z_]{1,63})\/\d{6}\.copy\.gz$/.exec(name)?.[1];
      if (table !== undefined) {
        seen.pieces.set(table, [...(seen.pieces.get(table) ?? []), digestOf(bytes)]);
        await reader.table?.(table, inflate(bytes));
      } else if (name === 'about.json') {
        seen.about = readAbout(bytes);
        await reader.begin?.(seen.about);
      } else if (name.startsWith('manifest/')) {
        if (name !== `manifest/${digestOf(bytes)}.json`) throw damaged('its manifest is not as it was written');
        manifest = readManifest(bytes);
      } else if (name === 'master.key.sealed' || /^files\/trust\/[\w./ -]+$/.test(name)) {
        if (name.includes('..')) throw damaged(`an entry is called ${JSON.stringify(name)}`);
        seen.files.set(name, digestOf(bytes));
        await reader.file?.(name, bytes);
      } else throw damaged(`an entry is called ${JSON.stringify(name.slice(0, 100))}`);
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EISDIR')) throw new GatewayError('FILE_NOT_READABLE', `${path}: there is no such file, or it cannot be read`, { cause: error });
    throw isGatewayError(error) ? error : damaged('it ends too early, or is no tar archive', error);
  } finally {
    source.destroy();
  }
  if (manifest === null) throw damaged('it ends before its manifest');
  compare(manifest, seen);
  return manifest;
}

interface Seen {
  readonly about: About | null;
  readonly pieces: ReadonlyMap<string, readonly string[]>;
  readonly files: ReadonlyMap<string, string>;
  readonly documents: number;
  readonly bytes: number;
  readonly list: ReturnType<typeof createHash>;
}

function compare(manifest: Manifest, { about, pieces, files, documents, bytes, list }: Seen): void {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  if (!same(manifest.about, about)) throw damaged('its begin and its end do not belong together');
  const other = manifest.tables.find((table) => !same(table.pieces, pieces.get(table.name) ?? []));
  if (other !== undefined) throw damaged(`table ${other.name} is not as it was written`);
  const unlisted = [...pieces.keys()].find((name) => !manifest.tables.some((table) => table.name === name));
  if (unlisted !== undefined) throw damaged(`table ${unlisted} is not in its manifest`);
  if (!same(manifest.files.map(({ name, sha256 }) => [name, sha256]), [...files])) throw damaged('its files are not as they were written');
  if (manifest.documents.count !== documents || manifest.documents.bytes !== bytes || manifest.documents.listSha256 !== list.digest('hex')) throw damaged('documents are missing or too many');
}

async function readDocument(reader: ArchiveReader, sha256: Sha256Hex, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const hash = createHash('sha256');
  const counted = (async function* () {
    for await (const chunk of bytes) {
      hash.update(chunk);
      yield chunk;
    }
  })();
  if (reader.document === undefined) await readThrough(counted);
  else await reader.document(sha256, size, counted);
  if (hash.digest('hex') !== sha256) throw damaged(`document ${sha256} is not as it was written`);
}

async function readThrough(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of bytes) if (chunk.length === 0) continue;
}

async function readSmall(entry: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of entry) {
    size += chunk.length;
    if (size > MOST_PIECE_BYTES) throw damaged(`${name} is larger than an entry may be`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_TEXT_BYTES });
  } catch (cause) {
    throw damaged('a table cannot be unpacked', cause);
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
