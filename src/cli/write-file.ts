import { closeSync, constants, copyFileSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, basename } from 'node:path';
import { GatewayError } from '../domain/errors.ts';

/**
 * Writes `original` followed by `increment` to `out`, whole or not at all: under another name first, flushed, then renamed.
 * The original is copied by the file system where it can share blocks.
 * @throws STORAGE_FULL, STORAGE_FAILED; nothing half-written stays behind
 */
export function writeSigned(original: string, increment: Uint8Array, out: string): void {
  replaceWhole(out, (making) => {
    copyFileSync(original, making, constants.COPYFILE_FICLONE);
    append(making, [increment]);
  });
}

/** Writes `bytes` to `out`, whole or not at all. @throws as `writeSigned` */
export function writeWhole(out: string, bytes: Uint8Array): void {
  replaceWhole(out, (making) => append(making, [bytes]));
}

/** Writes what comes in pieces to `out`, whole or not at all. @throws as `writeSigned` */
export function writeChunks(out: string, chunks: Iterable<Uint8Array>): void {
  replaceWhole(out, (making) => append(making, chunks));
}

function replaceWhole(out: string, make: (making: string) => void): void {
  const making = join(dirname(out), `.${basename(out)}.${process.pid}.part`);
  try {
    make(making);
    renameSync(making, out);
  } catch (cause) {
    rmSync(making, { force: true });
    const full = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC';
    throw new GatewayError(full ? 'STORAGE_FULL' : 'STORAGE_FAILED', `${out} cannot be written: ${full ? 'the disk is full' : 'check the folder and its permissions'}`, { cause });
  }
}

function append(path: string, pieces: Iterable<Uint8Array>): void {
  const descriptor = openSync(path, 'a', 0o644);
  try {
    for (const bytes of pieces) for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
