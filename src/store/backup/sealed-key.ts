import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto';
import { GatewayError } from '../../domain/errors.ts';
import type { Chance } from '../../ports/chance.ts';
import { damaged } from './manifest.ts';

/** The master key in a backup: magic ‖ salt 16 ‖ nonce 12 ‖ AES-256-GCM of the key file ‖ tag 16, under scrypt of a passphrase (RFC 7914). */
const MAGIC = Buffer.from('LTMK1\0');
const [SALT_BYTES, NONCE_BYTES, TAG_BYTES] = [16, 12, 16];
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };
const LEAST_PASSPHRASE = 12;

/** @throws REQUEST_INVALID for a passphrase that is too short */
export function sealKeyFile(content: Uint8Array, passphrase: string, chance: Chance): Uint8Array {
  if (passphrase.normalize('NFC').length < LEAST_PASSPHRASE) throw new GatewayError('REQUEST_INVALID', `The passphrase that seals the master key needs at least ${LEAST_PASSPHRASE} characters`);
  const salt = chance.bytes(SALT_BYTES);
  const nonce = chance.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', derive(passphrase, salt), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(MAGIC);
  return Buffer.concat([MAGIC, salt, nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** @throws REQUEST_INVALID when the passphrase does not open it, BACKUP_DAMAGED */
export function openKeyFile(sealed: Uint8Array, passphrase: string): Uint8Array {
  const bytes = Buffer.from(sealed);
  if (bytes.length < MAGIC.length + SALT_BYTES + NONCE_BYTES + TAG_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged('its master key has an unknown form');
  const rest = bytes.subarray(MAGIC.length);
  const nonce = rest.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', derive(passphrase, rest.subarray(0, SALT_BYTES)), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(MAGIC);
  decipher.setAuthTag(rest.subarray(-TAG_BYTES));
  const plain = decipher.update(rest.subarray(SALT_BYTES + NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch (cause) {
    throw new GatewayError('REQUEST_INVALID', 'The passphrase does not open the master key of this backup', { cause });
  }
}

function derive(passphrase: string, salt: Uint8Array): Buffer {
  return scryptSync(passphrase.normalize('NFC'), salt, 32, SCRYPT);
}
