import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { checkRange, type ByteSource } from '../formats/byte-source.ts';

export interface FileSource extends ByteSource {
  close(): void;
}

const WINDOW_BYTES = 64 * 1024;

/** A file read where it is asked for, through a window of 64 KiB so that small neighbouring reads cost one system call. @throws the error of `open`, EISDIR */
export function openFileSource(path: string): FileSource {
  const descriptor = openSync(path, 'r');
  const facts = fstatSync(descriptor);
  if (facts.isDirectory()) {
    closeSync(descriptor);
    throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  }
  const sizeBytes = facts.size;
  let window: Uint8Array = new Uint8Array(0);
  let windowAt = 0;
  const readExactly = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const count = readSync(descriptor, bytes, done, length - done, offset + done);
      checkRange(offset, length, count === 0 ? offset + done : sizeBytes); // the file became shorter under our hands
      done += count;
    }
    return bytes;
  };
  return {
    sizeBytes,
    read(offset, length) {
      checkRange(offset, length, sizeBytes);
      if (length >= WINDOW_BYTES) return readExactly(offset, length);
      if (offset < windowAt || offset + length > windowAt + window.length) {
        windowAt = offset;
        window = readExactly(offset, Math.min(WINDOW_BYTES, sizeBytes - offset));
      }
      return window.subarray(offset - windowAt, offset - windowAt + length);
    },
    close: () => closeSync(descriptor),
  };
}
