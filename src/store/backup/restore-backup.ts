import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { GatewayError } from '../../domain/errors.ts';
import type { DocumentStore } from '../../ports/document-store.ts';
import { failingAsStorage } from '../file-bytes.ts';
import { connectAlone, type BackupTarget } from './connect-alone.ts';
import { damaged, type Manifest } from './manifest.ts';
import { readArchive } from './read-archive.ts';
import { beginAnotherLife } from './another-life.ts';
import { TABLES } from './tables.ts';

export interface RestoreRequest {
  readonly path: string;
  /** Read to its end before. */
  readonly manifest: Manifest;
  /** At the backup's own migration: nothing may be missing or newer. */
  readonly target: BackupTarget;
  readonly documents: DocumentStore;
  readonly dataDir: string;
  readonly at: Date;
  readonly actor: string;
  readonly onProgress: (progress: { readonly part: string; readonly documents: number }) => void;
}

export interface Restored {
  readonly incarnation: number;
  readonly rows: number;
  readonly documents: number;
}

/**
 * Puts a backup into an empty database, in one transaction: a restoration that is broken off leaves the database empty, and can be begun
 * again. What comes out is held, in a new life.
 * @throws STATE_CONFLICT when the database is not empty; BACKUP_DAMAGED, STORAGE_FAILED, DATABASE_UNAVAILABLE
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const client = await connectAlone(request.target, 'lienthong-restore');
  try {
    await client.query('BEGIN');
    await checkEmpty(client);
    await client.query('DELETE FROM standing');
    await load(client, request);
    await checkCounts(client, request.manifest);
    const incarnation = await beginAnotherLife(client, request);
    await client.query('COMMIT');
    const rows = request.manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    return { incarnation, rows, documents: request.manifest.documents.count };
  } finally {
    await client.end(); // rolls back what was not committed
  }
}

/** Of whoever has other tables in the same database, nothing is asked. */
async function checkEmpty(client: pg.Client): Promise<void> {
  for (const table of TABLES.filter((name) => name !== 'standing')) {
    const { rows: there } = await client.query<{ name: string | null }>('SELECT to_regclass($1)::text AS name', [table]);
    if (there[0]?.name === null) continue; // of a later migration
    const { rows } = await client.query(`SELECT 1 FROM ${pg.escapeIdentifier(table)} LIMIT 1`);
    if (rows.length > 0) throw new GatewayError('STATE_CONFLICT', `The database is not empty (${table}): restore into another data folder (--data) or another database (DATABASE_URL)`);
  }
}

/** One table at a time: its pieces follow each other. */
async function load(client: pg.Client, { path, manifest, documents, dataDir, onProgress }: RestoreRequest): Promise<void> {
  let open: { readonly name: string; readonly stream: Writable } | null = null;
  let count = 0;
  const close = async (): Promise<void> => {
    const stream = open?.stream;
    open = null;
    if (stream === undefined) return;
    const done = finished(stream);
    stream.end();
    await done;
  };
  const streamFor = async (name: string): Promise<Writable> => {
    if (open?.name === name) return open.stream;
    await close();
    const table = manifest.tables.find((one) => one.name === name);
    if (table === undefined || !TABLES.includes(name)) throw damaged(`table ${name} is unknown`);
    onProgress({ part: name, documents: count });
    const stream = client.query(copyFrom(`COPY ${pg.escapeIdentifier(name)} (${table.columns.map((column) => pg.escapeIdentifier(column)).join(', ')}) FROM STDIN`));
    open = { name, stream };
    return stream;
  };
  await readArchive(path, {
    table: async (name, copyText) => {
      const stream = await streamFor(name);
      await new Promise<void>((resolve, reject) => stream.write(copyText, (error) => (error ? reject(error) : resolve())));
    },
    document: async (_sha256, sizeBytes, bytes) => {
      await close();
      await documents.put(bytes, sizeBytes);
      count += 1;
      onProgress({ part: 'documents', documents: count });
    },
    file: async (name, bytes) => {
      await close();
      if (name.startsWith('files/')) await writeKept(join(dataDir, name.slice('files/'.length)), bytes);
    },
  });
  await close();
}

async function writeKept(path: string, bytes: Uint8Array): Promise<void> {
  await failingAsStorage(async () => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, bytes, { mode: 0o600 });
  });
}

async function checkCounts(client: pg.Client, { tables }: Manifest): Promise<void> {
  for (const { name, rows: expected } of tables) {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${pg.escapeIdentifier(name)}`);
    if (Number(rows[0]?.count) !== expected) throw damaged(`table ${name} has ${rows[0]?.count ?? 'no'} rows instead of ${expected}`);
  }
}
