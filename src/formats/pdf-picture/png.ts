import { crc32, deflateSync } from 'node:zlib';

/** Pixels of three bytes each (red, green, blue), row by row from the top left. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** A true-colour PNG, every row predicted from the one above, which suits pages. The same pixels give the same bytes. @see PNG 3rd edition §9.2, §11 */
export function writePng({ width, height, rgb }: Pixels): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // eight bits, true colour, no interlace
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(predicted({ width, height, rgb }), { level: 6 })), chunk('IEND', new Uint8Array())]);
}

const FILTER_UP = 2;

function predicted({ width, height, rgb }: Pixels): Uint8Array {
  const stride = width * 3;
  const rows = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    const from = y * stride;
    const to = y * (stride + 1);
    rows[to] = FILTER_UP;
    for (let i = 0; i < stride; i++) rows[to + 1 + i] = (rgb[from + i] ?? 0) - (y === 0 ? 0 : (rgb[from + i - stride] ?? 0));
  }
  return rows;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(8 + body.length);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), 4 + body.length);
  return out;
}
