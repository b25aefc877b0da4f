import { createCipheriv, createDecipheriv } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { GatewayError } from '../domain/errors.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Sealing } from '../ports/sealing.ts';
import { isErrno } from './errno.ts';
import { createMasterKeyFile, KEY_ID_BYTES, readMasterKeys, type MasterKey, type MasterKeys } from './master-key-file.ts';

/** A box: version 1 ‖ key id 8 ‖ nonce 12 ‖ ciphertext ‖ tag 16. Version and key id are authenticated with the context. */
const VERSION = 1;
const NONCE_BYTES = 12; // NIST SP 800-38D §8.2.2: random nonces are good for 2^32 boxes a key
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES;

/** A file that was changed is read again after so long: a new key seals soon everywhere, without a restart. */
const LOOK_AGAIN_MS = 5_000;

/**
 * Opens the master key file: one key a line, base64 of 32 bytes; the first seals, all open. A new first line is noticed while the
 * process runs (`lienthong master-key rotate`).
 * @param path of the file; made with one random key and mode 0600 when `create` is set and it is not there
 * @throws MASTER_KEY_UNREADABLE
 */
export async function openSealing(path: string, chance: Chance, { create, clock }: { readonly create: boolean; readonly clock: Clock }): Promise<Sealing> {
  if (create && !(await exists(path))) await createMasterKeyFile(path, chance);
  return sealingUnder(watchedKeys(path, clock), chance);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => !isErrno(error, 'ENOENT'), // what cannot be looked at is told by reading it
  );
}

interface WatchedKeys {
  /** As the file says now, or said a moment ago. */
  current(): MasterKeys;
  /** Read again at once: a box names a key that is not known. */
  renewed(): MasterKeys;
}

/** While the file cannot be read, what was read last counts on. */
function watchedKeys(path: string, clock: Clock): WatchedKeys {
  let keys = readMasterKeys(path);
  let lookedAt = clock.now().getTime();
  const renewed = (): MasterKeys => {
    lookedAt = clock.now().getTime();
    try {
      keys = readMasterKeys(path);
    } catch {
      // being replaced, or unreadable for a while: the next look finds it
    }
    return keys;
  };
  return { current: () => (clock.now().getTime() - lookedAt < LOOK_AGAIN_MS ? keys : renewed()), renewed };
}

function sealingUnder(keys: WatchedKeys, chance: Chance): Sealing {
  return {
    seal(plain, context) {
      const [current] = keys.current();
      const head = Buffer.concat([Buffer.of(VERSION), current.id]);
      const nonce = chance.bytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(additionalData(head, context));
      return new Uint8Array(Buffer.concat([head, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
    },
    open(sealed, context) {
      const box = readBox(sealed);
      const isOf = ({ id }: MasterKey): boolean => id.equals(box.keyId);
      const key = keys.current().find(isOf) ?? keys.renewed().find(isOf);
      if (key === undefined) throw unreadable(`Sealed under key ${box.keyId.toString('hex')}, which the master key file does not hold: add it as a further line`);
      return decrypt(box, key, context);
    },
    isStale: (sealed) => !keys.current()[0].id.equals(readBox(sealed).keyId),
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

function unreadable(message: string): GatewayError {
  return new GatewayError('MASTER_KEY_UNREADABLE', message);
}

function broken(cause?: unknown): GatewayError {
  return new GatewayError('SEALED_DATA_UNREADABLE', 'Sealed data was changed or stands in the wrong place: restore it from a backup', { cause });
}
