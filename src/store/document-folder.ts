import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GatewayError } from '../domain/errors.ts';
import type { Sha256Hex } from '../domain/ids.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { ByteRange, DocumentStore, SpooledBytes, StoredBytes } from '../ports/document-store.ts';
import { isErrno } from './errno.ts';
import { failingAsStorage, readBytes, writeAll } from './file-bytes.ts';
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
  const giveName = namesIn(root);
  return {
    put: (bytes, maxBytes) => putFile(giveName, join(incoming, chance.uuid()), bytes, maxBytes),
    spool: (bytes, maxBytes) => spoolFile(join(incoming, chance.uuid()), bytes, maxBytes),
    stream: async (sha256, range) => {
      const path = await existingPath(root, sha256);
      return range === undefined ? readVerified(path, sha256) : readRange(path, range);
    },
    remove: (sha256) => removeSettled(documentPath(root, sha256), join(incoming, chance.uuid()), clock.now()),
    localPath: (sha256) => existingPath(root, sha256),
  };
}

type GiveName = (temporary: string, sha256: Sha256Hex) => Promise<void>;

async function putFile(giveName: GiveName, temporary: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StoredBytes> {
  try {
    const stored = await writeFile(temporary, bytes, maxBytes, { isDurable: true });
    await failingAsStorage(() => giveName(temporary, stored.sha256));
    return stored;
  } catch (error) {
    await removeFile(temporary);
    throw error;
  }
}

/** Not waited for until it is on the disk: after a crash nobody asks for it. */
async function spoolFile(path: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<SpooledBytes> {
  const remove = (): Promise<void> => removeFile(path);
  try {
    const stored = await writeFile(path, bytes, maxBytes, { isDurable: false });
    return { ...stored, path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Gone afterwards, whether or not it was there. */
async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
}

async function writeFile(path: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number, { isDurable }: { readonly isDurable: boolean }): Promise<StoredBytes> {
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
    if (isDurable) await failingAsStorage(() => handle.sync());
    return { sha256: hash.digest('hex') as Sha256Hex, sizeBytes };
  } finally {
    await handle.close();
  }
}

/**
 * Renaming over an equal file is harmless, and syncs its name even if whoever wrote it first was killed before doing so. The names in `root`
 * itself, 256 at most, are synced once a process, unless they have to be made anew.
 */
function namesIn(root: string): GiveName {
  const synced = new Set<string>();
  return async (temporary, sha256) => {
    const path = documentPath(root, sha256);
    const folder = dirname(path);
    const parent = dirname(folder);
    const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(temporary, path);
    const isParentMade = firstMade !== undefined && resolve(firstMade) !== resolve(folder);
    await Promise.all([folder, parent, ...(synced.has(parent) && !isParentMade ? [] : [root])].map(syncFolder));
    synced.add(parent);
  };
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
    const { size } = await failingAsStorage(() => handle.stat());
    for await (const chunk of readBytes(handle, { start: 0, end: size - 1 })) {
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
