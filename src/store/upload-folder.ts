import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { UploadPiece, UploadStore } from '../ports/upload-store.ts';
import { failingAsStorage, readBytes, writeAll } from './file-bytes.ts';
import { syncFolder } from './sync-folder.ts';

/** What a crash may cost of a request; each checkpoint is one fsync and one small transaction. */
const CHECKPOINT_BYTES = 8 * 1024 * 1024;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Unfinished uploads in a folder: `<upload id>.<epoch>`, files 0600. Two requests of one upload never write to the same file.
 * @throws STORAGE_FAILED
 */
export async function openUploadFolder(root: string): Promise<UploadStore> {
  await failingAsStorage(() => mkdir(root, { recursive: true, mode: 0o700 }));
  const pathOf = ({ uploadId, epoch }: UploadPiece): string => join(root, `${uploadId}.${epoch}`);
  return {
    async write(piece, bytes, onDurable) {
      const handle = await failingAsStorage(() => open(pathOf(piece), 'wx', 0o600));
      try {
        await failingAsStorage(() => syncFolder(root));
        await writeCheckpointed(handle, bytes, onDurable);
      } finally {
        await handle.close();
      }
    },
    list: () => failingAsStorage(async () => [...new Set((await readdir(root)).map((name) => name.split('.')[0] ?? ''))].filter((id) => UUID.test(id))),
    read: (piece, sizeBytes) => readPiece(pathOf(piece), sizeBytes),
    async remove(uploadId) {
      await failingAsStorage(async () => {
        const names = (await readdir(root)).filter((name) => name.startsWith(`${uploadId}.`));
        await Promise.all(names.map((name) => rm(join(root, name), { force: true })));
      });
    },
  };
}

async function writeCheckpointed(handle: FileHandle, bytes: AsyncIterable<Uint8Array>, onDurable: (sizeBytes: number) => Promise<void>): Promise<void> {
  let sizeBytes = 0;
  let durableBytes = 0;
  const checkpoint = async (): Promise<void> => {
    if (sizeBytes === durableBytes) return;
    await failingAsStorage(() => handle.sync());
    await onDurable(sizeBytes);
    durableBytes = sizeBytes;
  };
  try {
    for await (const chunk of bytes) {
      await failingAsStorage(() => writeAll(handle, chunk));
      sizeBytes += chunk.length;
      if (sizeBytes - durableBytes >= CHECKPOINT_BYTES) await checkpoint();
    }
  } catch (error) {
    await checkpoint().catch(() => undefined); // what came before counts, and so does the first failure
    throw error;
  }
  await checkpoint();
}

async function* readPiece(path: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const handle = await failingAsStorage(() => open(path, 'r'));
  try {
    yield* readBytes(handle, { start: 0, end: sizeBytes - 1 });
  } finally {
    await handle.close();
  }
}
