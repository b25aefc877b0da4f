import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bytesSource, type ByteSource } from '../../../src/formats/byte-source.ts';
import { rangeDigests } from '../../../src/formats/range-digests.ts';

const BYTES = createHash('shake256', { outputLength: 5_000 }).update('range-digests').digest();
const plain = (digest: string, ranges: readonly number[]): string => {
  const hash = createHash(digest, digest === 'shake256' ? { outputLength: 64 } : {});
  for (let i = 0; i < ranges.length; i += 2) hash.update(BYTES.subarray(ranges[i], (ranges[i] ?? 0) + (ranges[i + 1] ?? 0)));
  return hash.digest('hex');
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Counts the bytes that are read. */
function counted(): { readonly source: ByteSource; readonly bytesRead: () => number } {
  const inner = bytesSource(BYTES);
  let total = 0;
  return { source: { sizeBytes: inner.sizeBytes, read: (offset, length) => ((total += length), inner.read(offset, length)) }, bytesRead: () => total };
}

describe('digests of ranges (ISO 32000-2 §12.8.1)', () => {
  const CASES = [[0, 1_000, 1_200, 300], [0, 2_000, 2_300, 700], [0, 5_000], [0, 1_000, 1_200, 300], [0, 0, 10, 20], [7, 90], [], [0, 400, 500, 10, 600, 20]];

  it('are those of the bytes joined, whatever was asked before and in whatever order', () => {
    for (const order of [CASES, [...CASES].reverse()]) {
      const digests = rangeDigests(bytesSource(BYTES));
      for (const ranges of order) for (const name of ['sha256', 'sha512', 'sha512-256', 'sha3-256', 'shake256'] as const) expect(hex(digests(name, ranges))).toBe(plain(name, ranges));
    }
  });

  it('read what ranges share at the start once', () => {
    const { source, bytesRead } = counted();
    const digests = rangeDigests(source);
    for (const end of [4_000, 4_100, 4_200, 4_300]) digests('sha256', [0, end, end + 50, 10]);
    expect(bytesRead()).toBe(4_300 + 4 * 10);
  });
});
