import type { Hash } from 'node:crypto';
import { digestSizeBytes, newHash, type DigestName } from './algorithms/digests.ts';
import { chunksOf, type ByteSource } from './byte-source.ts';

/** Digest of parts of a document joined, each given as offset and length. */
export type RangeDigests = (digest: DigestName, ranges: readonly number[]) => Uint8Array;

interface Checkpoint {
  readonly at: number;
  readonly hash: Hash;
}

/**
 * Digests ranges of one document. Each signature of a PDF covers what the one before covered and some more, and the digest of the whole
 * file begins the same way: what ranges share at the start of the file is hashed once, and each goes on from a copy of that state.
 * @see ISO 32000-2 §12.8.1
 */
export function rangeDigests(source: ByteSource): RangeDigests {
  const checkpoints = new Map<DigestName, Checkpoint[]>();
  return (digest, ranges) => {
    const [start = 0, length = 0, ...rest] = ranges;
    if (start !== 0) return finish(newHash(digest), source, ranges);
    const known = checkpoints.get(digest) ?? [];
    checkpoints.set(digest, known);
    return finish(copyOf(hashUpTo(source, digest, length, known), digest), source, rest);
  };
}

/** The state after the first `end` bytes, kept for whoever comes next. */
function hashUpTo(source: ByteSource, digest: DigestName, end: number, known: Checkpoint[]): Hash {
  const nearest = known.reduce<Checkpoint | undefined>((best, checkpoint) => (checkpoint.at <= end && checkpoint.at >= (best?.at ?? 0) ? checkpoint : best), undefined);
  if (nearest?.at === end) return nearest.hash;
  const hash = nearest === undefined ? newHash(digest) : copyOf(nearest.hash, digest);
  const at = nearest?.at ?? 0;
  for (const chunk of chunksOf(source, at, end - at)) hash.update(chunk);
  known.push({ at: end, hash });
  return hash;
}

/** A copy forgets how long the value of an extendable-output function is to be (SHAKE256, RFC 8419 §2.3). */
function copyOf(hash: Hash, digest: DigestName): Hash {
  return hash.copy({ outputLength: digestSizeBytes(digest) });
}

function finish(hash: Hash, source: ByteSource, ranges: readonly number[]): Uint8Array {
  for (let i = 0; i + 1 < ranges.length; i += 2) for (const chunk of chunksOf(source, ranges[i] ?? 0, ranges[i + 1] ?? 0)) hash.update(chunk);
  return hash.digest();
}
