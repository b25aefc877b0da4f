import { createHash } from 'node:crypto';

/** What the derived octets are for, RFC 7292 §B.3. */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

export interface DerivationInput {
  readonly digest: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  /** BMPString with its two zero octets, or nothing at all for the absent passphrase. */
  readonly passphrase: Uint8Array;
  readonly salt: Uint8Array;
  /** Checked against the limit by the caller: this loop runs as long as it says. */
  readonly iterations: number;
  readonly purpose: (typeof PURPOSE)[keyof typeof PURPOSE];
  readonly lengthBytes: number;
}

/** The key derivation that PKCS#12 defines for itself. @see RFC 7292 §B.2 */
export function derivePkcs12(input: DerivationInput): Uint8Array {
  const blockBytes = input.digest === 'sha384' || input.digest === 'sha512' ? 128 : 64;
  const diversifier = new Uint8Array(blockBytes).fill(input.purpose);
  const state = Buffer.concat([repeated(input.salt, blockBytes), repeated(input.passphrase, blockBytes)]);
  const derived: Uint8Array[] = [];
  let sizeBytes = 0;
  while (sizeBytes < input.lengthBytes) {
    const block = iterate(input, diversifier, state);
    derived.push(block);
    sizeBytes += block.length;
    addToEveryBlock(state, repeated(block, blockBytes).subarray(0, blockBytes));
  }
  return Buffer.concat(derived).subarray(0, input.lengthBytes);
}

function iterate(input: DerivationInput, diversifier: Uint8Array, state: Uint8Array): Uint8Array {
  let block: Uint8Array = createHash(input.digest).update(diversifier).update(state).digest();
  for (let round = 1; round < input.iterations; round++) block = createHash(input.digest).update(block).digest();
  return block;
}

/** Copies of `bytes`, end to end, up to a whole number of blocks. */
function repeated(bytes: Uint8Array, blockBytes: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / blockBytes) * blockBytes);
  for (let at = 0; at < out.length; at += bytes.length) out.set(bytes.subarray(0, Math.min(bytes.length, out.length - at)), at);
  return out;
}

/** I_j := (I_j + B + 1) mod 2^v for every block of `state`. */
function addToEveryBlock(state: Uint8Array, block: Uint8Array): void {
  for (let start = 0; start < state.length; start += block.length) {
    let carry = 1;
    for (let i = block.length - 1; i >= 0; i--) {
      carry += (state[start + i] ?? 0) + (block[i] ?? 0);
      state[start + i] = carry & 0xff;
      carry >>= 8;
    }
  }
}
