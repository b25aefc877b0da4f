import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GatewayError } from '../domain/errors.ts';
import type { Sha256Hex } from '../domain/ids.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { ByteRange, DocumentStore, SpooledBytes, StoredBytes } from '../ports/document-store.ts';
import { isErrno } from './errno.ts';
import { failingAsStorage, READ_BYTES, readBytes, writeAll } from './file-bytes.ts';
import { syncFolder } from './sync-folder.ts';

const ABANDONED_AFTER_MS = 24 * 3_600_000; // longer than any upload may take; other processes share the folder

export interface DocumentFolderOptions {
  readonly chance: Chance;
  readonly clock: Clock;
}

/**
 * Documents in a folder: `ab/cd/<sha256>` below `root`, files 0600, folders 0700. What arrives is written to `incoming/` first, and
 * gets its name once it is whole and on the disk. Uploads that a crash left in `incoming/` are removed after a day.
 * @throws STORAGE_FAILED
 */
export async function openDocumentFolder(root: string, { chance, clock }: DocumentFolderOptions): Promise<DocumentStore> {
  const incoming = join(root, 'incoming');
  await failingAsStorage(async () => {
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    await removeAbandoned(incoming, clock.now());
  });
  return {
    put: (bytes, maxBytes) => putFile(root, join(incoming, chance.uuid()), bytes, maxBytes),
    spool: (bytes, maxBytes) => spoolFile(join(incoming, chance.uuid()), bytes, maxBytes),
    stream: async (sha256, range) => {
      const path = await existingPath(root, sha256);
      return range === undefined ? readVerified(path, sha256) : readRange(path, range);
    },
    remove: (sha256) => removeSettled(documentPath(root, sha256), join(incoming, chance.uuid()), clock.now()),
    localPath: (sha256) => existingPath(root, sha256),
  };
}

async function putFile(root: string, temporary: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StoredBytes> {
  try {
    const stored = await writeDurably(temporary, bytes, maxBytes);
    await failingAsStorage(() => giveName(root, temporary, stored.sha256));
    return stored;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function spoolFile(path: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<SpooledBytes> {
  const remove = (): Promise<void> => rm(path, { force: true });
  try {
    const stored = await writeDurably(path, bytes, maxBytes);
    return { ...stored, path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function writeDurably(path: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StoredBytes> {
  const handle = await failingAsStorage(() => open(path, 'wx', 0o600));
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw new GatewayError('BODY_TOO_LARGE', `A document may have at most ${maxBytes} bytes`);
      hash.update(chunk);
      await failingAsStorage(() => writeAll(handle, chunk));
    }
    await failingAsStorage(() => handle.sync());
    return { sha256: hash.digest('hex') as Sha256Hex, sizeBytes };
  } finally {
    await handle.close();
  }
}

/** Renaming over an equal file is harmless, and syncs its name even if whoever wrote it first was killed before doing so. */
async function giveName(root: string, temporary: string, sha256: Sha256Hex): Promise<void> {
  const path = documentPath(root, sha256);
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rename(temporary, path);
  for (const changed of [folder, dirname(folder), root]) await syncFolder(changed);
}

const SETTLED_AFTER_MS = 3_600_000;

/** Moved aside before it is looked at: what arrives under the name meanwhile is another file, and stays. */
async function removeSettled(path: string, aside: string, now: Date): Promise<void> {
  await failingAsStorage(async () => {
    const found = await stat(path).catch(() => null);
    if (found === null || now.getTime() - found.mtimeMs < SETTLED_AFTER_MS) return;
    await rename(path, aside);
    const moved = await stat(aside);
    if (moved.ino === found.ino) await rm(aside);
    else await rename(aside, path);
  });
}

function documentPath(root: string, sha256: Sha256Hex): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw notFound();
  return join(root, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

async function existingPath(root: string, sha256: Sha256Hex): Promise<string> {
  const path = documentPath(root, sha256);
  await findingDocument(() => stat(path));
  return path;
}

/** Reads from the file only when iterated, so that an answer nobody takes holds no descriptor; the digest is checked on the way. */
async function* readVerified(path: string, sha256: Sha256Hex): AsyncGenerator<Uint8Array> {
  const handle = await findingDocument(() => open(path, 'r'));
  try {
    const hash = createHash('sha256');
    for (;;) {
      const { bytesRead, buffer } = await failingAsStorage(() => handle.read(new Uint8Array(READ_BYTES), 0, READ_BYTES));
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest('hex') !== sha256) throw new GatewayError('STORAGE_FAILED', 'A stored document was damaged: restore it from a backup');
  } finally {
    await handle.close();
  }
}

async function* readRange(path: string, range: ByteRange): AsyncGenerator<Uint8Array> {
  const handle = await findingDocument(() => open(path, 'r'));
  try {
    yield* readBytes(handle, range);
  } finally {
    await handle.close();
  }
}

async function removeAbandoned(incoming: string, now: Date): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await stat(path).catch(() => null); // finished by somebody else in between
    if (found !== null && now.getTime() - found.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}

function findingDocument<T>(work: () => Promise<T>): Promise<T> {
  return failingAsStorage(() =>
    work().catch((cause: unknown) => {
      throw isErrno(cause, 'ENOENT') ? notFound(cause) : cause;
    }),
  );
}

function notFound(cause?: unknown): GatewayError {
  return new GatewayError('DOCUMENT_NOT_FOUND', 'There is no such document here', { cause });
}
