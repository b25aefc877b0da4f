import { randomBytes, randomInt } from 'node:crypto';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';

/** Randomness of the operating system; ids carry the time of `clock`. */
export function systemChance(clock: Clock): Chance {
  return {
    bytes: (count) => new Uint8Array(randomBytes(count)),
    uuid: () => uuidVersion7(clock.now(), randomBytes(10)),
    fraction: () => randomInt(2 ** 47) / 2 ** 47,
  };
}

/** RFC 9562 §5.7: 48 bits of Unix milliseconds, version 7, variant 10, 74 random bits. */
export function uuidVersion7(at: Date, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(at.getTime(), 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
