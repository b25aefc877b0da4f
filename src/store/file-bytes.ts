import type { FileHandle } from 'node:fs/promises';
import { GatewayError } from '../domain/errors.ts';
import type { ByteRange } from '../ports/document-store.ts';
import { isErrno } from './errno.ts';

const READ_BYTES = 256 * 1024;

/** write(2) may take less than it was given; on a full disk it does so once before it fails. */
export async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await handle.write(chunk, done)).bytesWritten;
  }
}

/** @throws STORAGE_FAILED when the file ends before the range does */
export async function* readBytes(handle: FileHandle, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  for (let at = start; at <= end; ) {
    const wanted = Math.min(READ_BYTES, end + 1 - at);
    const { bytesRead, buffer } = await failingAsStorage(() => handle.read(new Uint8Array(wanted), 0, wanted, at));
    if (bytesRead === 0) throw new GatewayError('STORAGE_FAILED', 'A stored document was damaged: restore it from a backup');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Only around calls of our own on the folder: what the incoming stream throws is its sender's and stays as it is. */
export async function failingAsStorage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    if (isErrno(cause, 'ENOSPC', 'EDQUOT')) throw new GatewayError('STORAGE_FULL', 'The disk for documents is full: make room and try again', { cause });
    throw new GatewayError('STORAGE_FAILED', 'The folder for documents cannot be used: check its permissions and its disk', { cause });
  }
}
