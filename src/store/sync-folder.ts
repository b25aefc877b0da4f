import { open } from 'node:fs/promises';

/** fsync(2) of a folder: a rename or a new name in it survives a power cut only after this. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
