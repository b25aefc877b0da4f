import { realpathSync } from 'node:fs';
import { GatewayError } from '../domain/errors.ts';
import { openFileSource, type FileSource } from '../isolation/file-source.ts';
import { unreadable } from './arguments.ts';

/** @throws FILE_NOT_READABLE */
export function openInput(file: string): FileSource {
  try {
    return openFileSource(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** @throws REQUEST_INVALID when the output would be the input, by whatever name */
export function checkOtherFile(out: string, file: string): void {
  if (realPath(out) === realPath(file)) throw new GatewayError('REQUEST_INVALID', `${out} is the input itself, which is never changed: choose another name`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not there yet, so not the input
  }
}
