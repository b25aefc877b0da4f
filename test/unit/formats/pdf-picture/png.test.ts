import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { writePng } from '../../../../src/formats/pdf-picture/png.ts';
import { requireTool } from '../../../support/tools.ts';

function pixels(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 37 + (index >> 5)) & 0xff);
}

describe.skipIf(!requireTool('convert'))('writePng, as ImageMagick reads it', () => {
  it.each([
    [1, 1],
    [7, 3],
    [64, 129],
  ])('gives back every pixel of %d × %d (PNG 3rd edition §9)', (width, height) => {
    const rgb = pixels(width, height);
    const { status, stdout } = spawnSync('convert', ['png:-', '-depth', '8', 'rgb:-'], { input: writePng({ width, height, rgb }), maxBuffer: 10_000_000 });
    expect(status).toBe(0);
    expect(Buffer.compare(stdout, rgb)).toBe(0);
  });
});
