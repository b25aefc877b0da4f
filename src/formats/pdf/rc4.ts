import { createHash } from 'node:crypto';

/** RC4 as old encrypted documents need it; OpenSSL 3 no longer offers it. Reading only: nothing is encrypted with it. */
export function rc4(key: Uint8Array, data: Uint8Array): Uint8Array {
  const state = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + at(state, i) + at(key, i % key.length)) & 0xff;
    swap(state, i, j);
  }
  const out = new Uint8Array(data.length);
  for (let n = 0, i = 0, j = 0; n < data.length; n++) {
    i = (i + 1) & 0xff;
    j = (j + at(state, i)) & 0xff;
    swap(state, i, j);
    out[n] = at(data, n) ^ at(state, (at(state, i) + at(state, j)) & 0xff);
  }
  return out;
}

/** Key of one object (ISO 32000-2 §7.6.3.2, algorithm 1). */
export function objectKey(fileKey: Uint8Array, num: number, gen: number, aes: boolean): Uint8Array {
  const salt = Uint8Array.of(num & 0xff, (num >> 8) & 0xff, (num >> 16) & 0xff, gen & 0xff, (gen >> 8) & 0xff);
  const hash = createHash('md5').update(fileKey).update(salt);
  if (aes) hash.update('sAlT');
  return hash.digest().subarray(0, Math.min(fileKey.length + 5, 16));
}

const at = (bytes: Uint8Array, i: number): number => bytes[i] ?? 0;

function swap(bytes: Uint8Array, i: number, j: number): void {
  const held = at(bytes, i);
  bytes[i] = at(bytes, j);
  bytes[j] = held;
}
