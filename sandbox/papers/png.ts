import { crc32, deflateSync } from 'node:zlib';
import type { Coverage } from './raster.ts';

/** One colour on transparent ground, as Decree 30/2020 Annex I asks of images of signatures and seals. @param ink red, green, blue 0–255 */
export function inkPng({ width, height, amounts }: Coverage, ink: readonly [number, number, number], opacityAt: (x: number, y: number) => number = () => 1): Uint8Array {
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set([...ink, Math.round((amounts[y * width + x] ?? 0) * opacityAt(x, y) * 255)], y * (width * 4 + 1) + 1 + x * 4);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 6], 8); // 8 bits a channel, red green blue alpha
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}
