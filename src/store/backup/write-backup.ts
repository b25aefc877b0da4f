import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { pack, type Pack } from 'tar-stream';
import { GatewayError } from '../../domain/errors.ts';
import type { Sha256Hex } from '../../domain/ids.ts';
import { isGatewayError } from '../../domain/errors.ts';
import type { DocumentStore } from '../../ports/document-store.ts';
import { isErrno } from '../errno.ts';
import { failingAsStorage } from '../file-bytes.ts';
import { syncFolder } from '../sync-folder.ts';
import { connectAlone, type BackupTarget } from './connect-alone.ts';
import type { About, Manifest, TableEntry } from './manifest.ts';
import { TABLES } from './tables.ts';

export interface BackupRequest {
  readonly target: BackupTarget;
  readonly documents: DocumentStore;
  /** Files of the data folder to go along, besides documents: `trust`. */
  readonly dataDir: string;
  readonly out: string;
  readonly at: Date;
  /** Left out: the master key is not in the backup. */
  readonly sealedKey: Uint8Array | null;
  readonly onProgress: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly part: string;
  readonly rows: number;
  readonly documents: number;
  readonly bytes: number;
}

/** Held in memory at once, and one entry of the archive: an entry says its size before its bytes. */
const PIECE_BYTES = 8 * 1024 * 1024;
const DOCUMENTS_AT_ONCE = 500;

/**
 * Writes everything recorded, as one snapshot (REPEATABLE READ) beside whoever is working, with the documents that it names: a tar archive
 * of COPY texts and documents, whole or not at all, mode 0600. Personal data in it is sealed as it is in the database; documents and titles are not.
 * @throws STORAGE_FAILED, STORAGE_FULL, DATABASE_UNAVAILABLE; REQUEST_INVALID when the file is there already
 */
export async function writeBackup(request: BackupRequest): Promise<Manifest> {
  const { out } = request;
  if (await stat(out).then(() => true, () => false)) throw new GatewayError('REQUEST_INVALID', `${out} is there already: a backup overwrites nothing`);
  const making = join(dirname(resolve(out)), `.${basename(out)}.${process.pid}.part`);
  try {
    const manifest = await writeTo(making, request);
    await failingAsStorage(() => syncFile(making));
    await failingAsStorage(() => rename(making, out));
    await failingAsStorage(() => syncFolder(dirname(resolve(out))));
    return manifest;
  } catch (error) {
    await rm(making, { force: true });
    throw isErrno(error, 'ENOSPC', 'ENOENT', 'EACCES', 'EROFS', 'EDQUOT') ? await failingAsStorage(() => Promise.reject(error)) : error;
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeTo(path: string, request: BackupRequest): Promise<Manifest> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
  written.catch((error: unknown) => archive.destroy(error instanceof Error ? error : undefined)); // whoever waits to write hears of it
  const client = await connectAlone(request.target, 'lienthong-backup');
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const manifest = await writeEntries(archive, client, request);
    await client.query('COMMIT');
    archive.finalize();
    await written;
    return manifest;
  } catch (error) {
    archive.destroy();
    await written.catch((cause: unknown) => {
      if (isErrno(cause, 'ENOSPC', 'EDQUOT')) throw cause;
    });
    throw error;
  } finally {
    await client.end();
  }
}

async function writeEntries(archive: Pack, client: pg.Client, request: BackupRequest): Promise<Manifest> {
  const about = await aboutOf(client, request.at);
  await put(archive, 'about.json', json(about));
  const progress = { part: '', rows: 0, documents: 0, bytes: 0 };
  const tables: TableEntry[] = [];
  for (const name of TABLES) {
    request.onProgress({ ...progress, part: name });
    const table = await copyTable(archive, client, name);
    progress.rows += table.rows;
    tables.push(table);
  }
  const documents = await copyDocuments(archive, client, request, progress);
  const files: { name: string; sha256: string }[] = [];
  const add = async (name: string, bytes: Uint8Array): Promise<void> => {
    await put(archive, name, bytes);
    files.push({ name, sha256: sha256(bytes) });
  };
  for (const name of await trustFiles(request.dataDir)) await add(`files/${name}`, await failingAsStorage(() => readFile(join(request.dataDir, name))));
  if (request.sealedKey !== null) await add('master.key.sealed', request.sealedKey);
  const manifest: Manifest = { about, tables, documents, files };
  const written = json(manifest);
  await put(archive, `manifest/${sha256(written)}.json`, written);
  return manifest;
}

async function aboutOf(client: pg.Client, at: Date): Promise<About> {
  const { rows: migrations } = await client.query<About['migrations'][number]>('SELECT number, name, sha256 FROM schema_migration ORDER BY number');
  const { rows } = await client.query<{ incarnation: string }>('SELECT incarnation FROM standing');
  return { format: 'lienthong-backup', version: 1, createdAt: at.toISOString(), incarnation: Number(rows[0]?.incarnation ?? 1), migrations };
}

async function copyTable(archive: Pack, client: pg.Client, name: string): Promise<TableEntry> {
  const { rows: found } = await client.query<{ column: string }>(
    `SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [name],
  );
  const columns = found.map(({ column }) => column);
  const pieces: string[] = [];
  const putPiece = async (chunks: readonly Uint8Array[]): Promise<void> => {
    const bytes = gzipSync(Buffer.concat(chunks), { level: 4 });
    await put(archive, `tables/${name}/${String(pieces.length).padStart(6, '0')}.copy.gz`, bytes);
    pieces.push(sha256(bytes));
  };
  const stream = client.query(copyTo(`COPY ${pg.escapeIdentifier(name)} (${columns.map((column) => pg.escapeIdentifier(column)).join(', ')}) TO STDOUT`));
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    waiting.push(Buffer.from(chunk)); // pg reuses what it hands over
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    await putPiece(waiting);
    [waiting, size] = [[], 0];
  }
  if (size > 0) await putPiece(waiting);
  return { name, columns, rows: stream.rowCount, pieces };
}

/** In the snapshot's own words, some hundred at a time: the list may be longer than memory is wide. */
async function copyDocuments(archive: Pack, client: pg.Client, { documents, onProgress }: BackupRequest, progress: { rows: number; documents: number; bytes: number }): Promise<Manifest['documents']> {
  const list = createHash('sha256');
  let erasedMeanwhile = 0;
  for (let last = ''; ; ) {
    const { rows } = await client.query<{ sha256: Sha256Hex; size: string }>(
      'SELECT sha256, max(size_bytes) AS size FROM document WHERE sha256 > $1 AND erased_at IS NULL GROUP BY sha256 ORDER BY sha256 LIMIT $2',
      [last, DOCUMENTS_AT_ONCE],
    );
    for (const row of rows) {
      const sizeBytes = Number(row.size);
      const bytes = await documents.stream(row.sha256).catch((error: unknown) => {
        if (isGatewayError(error, 'DOCUMENT_NOT_FOUND')) return null;
        throw error;
      });
      if (bytes === null) {
        erasedMeanwhile += 1; // in the snapshot it was there; erasing goes on beside us
        continue;
      }
      await putStream(archive, `documents/${row.sha256}`, sizeBytes, bytes);
      list.update(`${row.sha256}\n`);
      progress.documents += 1;
      progress.bytes += sizeBytes;
      onProgress({ ...progress, part: 'documents' });
    }
    const end = rows.at(-1);
    if (end === undefined) return { count: progress.documents, bytes: progress.bytes, listSha256: list.digest('hex'), erasedMeanwhile };
    last = end.sha256;
  }
}

async function trustFiles(dataDir: string): Promise<string[]> {
  const found = await readdir(join(dataDir, 'trust'), { recursive: true, withFileTypes: true }).catch(() => []); // nobody is trusted yet
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(dataDir.length + 1)).sort();
}

function put(archive: Pack, name: string, bytes: Uint8Array): Promise<void> {
  return new Promise((resolved, reject) => {
    archive.once('error', reject);
    archive.entry({ name, mode: 0o600 }, Buffer.from(bytes), (error) => {
      archive.off('error', reject);
      if (error) reject(error);
      else resolved();
    });
  });
}

/** The file's digest is checked on the way: a document that was damaged on the disk fails the backup, by its name. */
async function putStream(archive: Pack, name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await pipeline(bytes, archive.entry({ name, size, mode: 0o600 }));
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
