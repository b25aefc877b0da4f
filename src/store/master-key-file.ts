import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { GatewayError } from '../domain/errors.ts';
import type { Chance } from '../ports/chance.ts';
import { isErrno } from './errno.ts';
import { syncFolder } from './sync-folder.ts';

/** The master key file: one key a line, base64 of 32 bytes; the first seals, all open. */

const KEY_BYTES = 32;
export const KEY_ID_BYTES = 8;

export interface MasterKey {
  readonly id: Buffer;
  readonly key: KeyObject;
}

export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

/** @throws MASTER_KEY_UNREADABLE */
export function readMasterKeys(path: string): MasterKeys {
  const [first, ...others] = readLines(path).map((line) => readKey(line, path));
  if (first === undefined) throw unreadable(`The master key file ${path} is empty: restore it from your copy`);
  return [first, ...others];
}

function readLines(path: string): string[] {
  const descriptor = openFile(path);
  try {
    const { mode } = fstatSync(descriptor); // of the file opened, not of a path that may be swapped
    if ((mode & 0o077) !== 0) throw unreadable(`The master key file ${path} can be read by others: run chmod 600 on it`);
    return readFileSync(descriptor, 'utf8').split('\n').map((line) => line.trim()).filter((line) => line !== '');
  } finally {
    closeSync(descriptor);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw new GatewayError('MASTER_KEY_UNREADABLE', `The master key file ${path} does not exist: set MASTER_KEY_FILE to the file that sealed this data`, { cause: error });
    throw unreadable(`The master key file ${path} cannot be read`, error);
  }
}

function readKey(line: string, path: string): MasterKey {
  const bytes = Buffer.from(line, 'base64');
  if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/]{43}=$/.test(line)) throw unreadable(`The master key file ${path} holds something else than base64 of ${KEY_BYTES} bytes a line`);
  return { id: createHash('sha256').update('lienthong master key id\0').update(bytes).digest().subarray(0, KEY_ID_BYTES), key: createSecretKey(bytes) };
}

/** Makes the file with one key, unless it is there: two first starts at once agree on one key. @throws MASTER_KEY_UNREADABLE */
export async function createMasterKeyFile(path: string, chance: Chance): Promise<void> {
  await writeWhole(path, [newKey(chance)], chance, async (made) => {
    await link(made, path).catch((error: unknown) => {
      if (!isErrno(error, 'EEXIST')) throw error;
    });
  });
}

/** Puts a new key first; the others go on opening what they sealed. @throws MASTER_KEY_UNREADABLE */
export async function addMasterKey(path: string, chance: Chance): Promise<void> {
  readMasterKeys(path);
  await writeWhole(path, [newKey(chance), ...readLines(path)], chance, (made) => rename(made, path));
}

/** Until then a gateway that runs may still seal under the key before (`sealing.ts` looks every five seconds). */
const SETTLED_AFTER_MS = 60_000;

/**
 * Leaves the first key alone. Whoever calls has made sure that nothing is sealed under the others.
 * @throws MASTER_KEY_UNREADABLE; STATE_CONFLICT less than a minute after the file was changed
 */
export async function dropOldMasterKeys(path: string, chance: Chance, now: Date): Promise<void> {
  readMasterKeys(path);
  if (now.getTime() - statSync(path).mtimeMs < SETTLED_AFTER_MS) throw new GatewayError('STATE_CONFLICT', 'The master key file was changed less than a minute ago, and gateways may still seal under the key before: try again in a minute');
  await writeWhole(path, readLines(path).slice(0, 1), chance, (made) => rename(made, path));
}

function newKey(chance: Chance): string {
  return Buffer.from(chance.bytes(KEY_BYTES)).toString('base64');
}

/** Written whole under another name, then put in place, so that a crash leaves the old file or the new one. */
async function writeWhole(path: string, lines: readonly string[], chance: Chance, putInPlace: (made: string) => Promise<void>): Promise<void> {
  const folder = dirname(resolve(path));
  const making = `${path}.${chance.uuid()}.new`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(making, 'wx', 0o600);
    try {
      await handle.writeFile(`${lines.join('\n')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await putInPlace(making);
    await syncFolder(folder);
  } catch (error) {
    throw unreadable(`The master key file ${path} cannot be made: check the folder and its permissions`, error);
  } finally {
    await rm(making, { force: true });
  }
}

function unreadable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('MASTER_KEY_UNREADABLE', message, { cause });
}
