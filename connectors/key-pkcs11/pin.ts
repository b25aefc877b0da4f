import { open } from 'node:fs/promises';
import { GatewayError } from '../../src/domain/errors.ts';
import { MAX_PIN_BYTES } from './protocol.ts';

/** Gives the PIN in UTF-8, in an array of its own each time: whoever asked wipes it. */
export type PinSource = () => Promise<Uint8Array>;

/** A PIN in a file of its own; one line end after it is not part of it. @throws FILE_NOT_READABLE, CONFIG_INVALID when it is empty or over 256 bytes */
export function pinFromFile(path: string): PinSource {
  return async () => {
    const buffer = Buffer.alloc(MAX_PIN_BYTES + 3);
    try {
      const size = await readInto(buffer, path);
      const end = buffer[size - 1] !== 0x0a ? size : buffer[size - 2] === 0x0d ? size - 2 : size - 1;
      checkPinSize(end);
      return Uint8Array.from(buffer.subarray(0, end));
    } finally {
      buffer.fill(0);
    }
  };
}

async function readInto(buffer: Buffer, path: string): Promise<number> {
  try {
    const file = await open(path, 'r');
    try {
      return (await file.read(buffer, 0, buffer.length, 0)).bytesRead;
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new GatewayError('FILE_NOT_READABLE', 'The file with the PIN of the key device cannot be read', { cause });
  }
}

export function checkPinSize(sizeBytes: number): void {
  if (sizeBytes < 1 || sizeBytes > MAX_PIN_BYTES) throw new GatewayError('CONFIG_INVALID', `The PIN of the key device is empty or has more than ${MAX_PIN_BYTES} bytes`);
}
