import { randomBytes, randomInt } from 'node:crypto';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';

/** Randomness of the operating system; ids carry the time of `clock`, and those of one process ascend also within a millisecond. */
export function systemChance(clock: Clock): Chance {
  const nextTick = ticks();
  return {
    bytes: (count) => new Uint8Array(randomBytes(count)),
    uuid() {
      const random = randomBytes(10);
      const { ms, counter } = nextTick(clock.now().getTime());
      random.writeUInt16BE(counter, 0);
      return uuidVersion7(new Date(ms), random);
    },
    fraction: () => randomInt(2 ** 47) / 2 ** 47,
  };
}

const COUNTER_END = 2 ** 12;

/** A counter in the 12 bits after the time, begun anew each millisecond in its lower half; a clock that stands or goes back does not stop it (RFC 9562 §6.2, method 1). */
function ticks(): (nowMs: number) => { readonly ms: number; readonly counter: number } {
  let ms = 0;
  let counter = 0;
  return (nowMs) => {
    if (nowMs > ms) [ms, counter] = [nowMs, randomInt(COUNTER_END / 2)];
    else if (counter + 1 < COUNTER_END) counter += 1;
    else [ms, counter] = [ms + 1, 0];
    return { ms, counter };
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
