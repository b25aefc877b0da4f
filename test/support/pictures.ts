import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { withFile } from './pdf.ts';

/** A true-colour PNG with transparency, drawn by a function of the pixel. */
export function drawPng(width: number, height: number, pixel: (x: number, y: number) => readonly [number, number, number, number]): Buffer {
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows.set(pixel(x, y), y * (width * 4 + 1) + 1 + x * 4);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 6], 8);
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(8 + body.length);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), 4 + body.length);
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue at a pixel counted from the top left. */
  at(x: number, y: number): readonly [number, number, number];
}

/** Page 1 as poppler paints it at one pixel a point, crop box respected. */
export function paintFirstPage(pdf: Uint8Array): Picture {
  return withFile(pdf, (path) => {
    const { status, stderr } = spawnSync('pdftoppm', ['-r', '72', '-cropbox', '-singlefile', path, path], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`pdftoppm: ${stderr}`);
    const ppm = readFileSync(`${path}.ppm`);
    const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.subarray(0, 40).toString('latin1'));
    if (head === null) throw new Error('pdftoppm wrote no PPM');
    const width = Number(head[1]);
    const data = ppm.subarray(head[0].length);
    const at = (x: number, y: number): readonly [number, number, number] => {
      const i = (Math.floor(y) * width + Math.floor(x)) * 3;
      return [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0];
    };
    return { width, height: Number(head[2]), at };
  });
}

/** Text of the document as poppler extracts it. */
export function textOf(pdf: Uint8Array): string {
  return withFile(pdf, (path) => spawnSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' }).stdout);
}
