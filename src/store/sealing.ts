import { createCipheriv, createDecipheriv, createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { GatewayError } from '../domain/errors.ts';
import type { Chance } from '../ports/chance.ts';
import type { Sealing } from '../ports/sealing.ts';
import { isErrno } from './errno.ts';
import { syncFolder } from './sync-folder.ts';

/** A box: version 1 ‖ key id 8 ‖ nonce 12 ‖ ciphertext ‖ tag 16. Version and key id are authenticated with the context. */
const VERSION = 1;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12; // NIST SP 800-38D §8.2.2: random nonces are good for 2^32 boxes a key
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES;

interface MasterKey {
  readonly id: Buffer;
  readonly key: KeyObject;
}

/**
 * Opens the master key file: one key a line, base64 of 32 bytes; the first seals, all open. To rotate, put a new first line.
 * @param path of the file; made with one random key and mode 0600 when `create` is set and it is not there
 * @throws MASTER_KEY_UNREADABLE
 */
export async function openSealing(path: string, chance: Chance, { create }: { readonly create: boolean }): Promise<Sealing> {
  const keys = await readKeys(path).catch(async (error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw unreadable(`The master key file ${path} cannot be read`, error);
    if (!create) throw unreadable(`The master key file ${path} does not exist: set MASTER_KEY_FILE to the file that sealed this data`, error);
    await createKeyFile(path, chance);
    return readKeys(path);
  });
  return sealingUnder(keys, chance);
}

async function readKeys(path: string): Promise<readonly [MasterKey, ...MasterKey[]]> {
  const handle = await open(path, 'r');
  try {
    const { mode } = await handle.stat(); // of the file opened, not of a path that may be swapped
    if ((mode & 0o077) !== 0) throw unreadable(`The master key file ${path} can be read by others: run chmod 600 on it`);
    const lines = (await handle.readFile('utf8')).split('\n').map((line) => line.trim()).filter((line) => line !== '');
    const [first, ...others] = lines.map((line) => readKey(line, path));
    if (first === undefined) throw unreadable(`The master key file ${path} is empty: restore it from your copy`);
    return [first, ...others];
  } finally {
    await handle.close();
  }
}

function readKey(line: string, path: string): MasterKey {
  const bytes = Buffer.from(line, 'base64');
  if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/]{43}=$/.test(line)) {
    throw unreadable(`The master key file ${path} holds something else than base64 of ${KEY_BYTES} bytes a line`);
  }
  return { id: createHash('sha256').update('lienthong master key id\0').update(bytes).digest().subarray(0, KEY_ID_BYTES), key: createSecretKey(bytes) };
}

/** Written whole under another name, then linked: two first starts at once agree on one key. */
async function createKeyFile(path: string, chance: Chance): Promise<void> {
  const folder = dirname(resolve(path));
  const making = `${path}.${chance.uuid()}.new`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(making, 'wx', 0o600);
    try {
      await handle.writeFile(`${Buffer.from(chance.bytes(KEY_BYTES)).toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(making, path).catch((error: unknown) => {
      if (!isErrno(error, 'EEXIST')) throw error;
    });
    await syncFolder(folder);
  } catch (error) {
    throw unreadable(`The master key file ${path} cannot be made: check the folder and its permissions`, error);
  } finally {
    await rm(making, { force: true });
  }
}

function sealingUnder(keys: readonly [MasterKey, ...MasterKey[]], chance: Chance): Sealing {
  const [current] = keys;
  return {
    seal(plain, context) {
      const head = Buffer.concat([Buffer.of(VERSION), current.id]);
      const nonce = chance.bytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(additionalData(head, context));
      return new Uint8Array(Buffer.concat([head, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
    },
    open(sealed, context) {
      const box = readBox(sealed);
      const key = keys.find(({ id }) => id.equals(box.keyId));
      if (key === undefined) throw unreadable(`Sealed under key ${box.keyId.toString('hex')}, which the master key file does not hold: add it as a further line`);
      return decrypt(box, key, context);
    },
    isStale: (sealed) => !current.id.equals(readBox(sealed).keyId),
  };
}

interface Box {
  readonly head: Buffer;
  readonly keyId: Buffer;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

function readBox(sealed: Uint8Array): Box {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw broken();
  const head = bytes.subarray(0, HEAD_BYTES);
  return {
    head,
    keyId: head.subarray(1),
    nonce: bytes.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES),
    ciphertext: bytes.subarray(HEAD_BYTES + NONCE_BYTES, -TAG_BYTES),
    tag: bytes.subarray(-TAG_BYTES),
  };
}

function decrypt(box: Box, { key }: MasterKey, context: string): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, box.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(box.head, context));
  decipher.setAuthTag(box.tag);
  const plain = decipher.update(box.ciphertext);
  try {
    return new Uint8Array(Buffer.concat([plain, decipher.final()]));
  } catch (error) {
    throw broken(error);
  }
}

function additionalData(head: Uint8Array, context: string): Uint8Array {
  return Buffer.concat([head, Buffer.from(context, 'utf8')]);
}

function unreadable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('MASTER_KEY_UNREADABLE', message, { cause });
}

function broken(cause?: unknown): GatewayError {
  return new GatewayError('SEALED_DATA_UNREADABLE', 'Sealed data was changed or stands in the wrong place: restore it from a backup', { cause });
}
