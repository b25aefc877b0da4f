import { timingSafeEqual } from 'node:crypto';
import { nodeHash, subtreesOf } from './merkle-tree.ts';

export interface InclusionClaim {
  /** Of the leaf in the log, from 0. */
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Whether the leaf is in the tree of that size and root, at that index. @see RFC 9162 §2.1.3.2 */
export function isIncluded({ index, size, leafHash, root, path }: InclusionClaim): boolean {
  if (!isSize(size) || !isSize(index) || index >= size || !areHashes([leafHash, root, ...path])) return false;
  let [fn, sn, hash] = [index, size - 1, leafHash];
  for (const sibling of path) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && timingSafeEqual(hash, root);
}

export interface ConsistencyClaim {
  readonly earlierSize: number;
  readonly earlierRoot: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Whether the larger tree begins with the smaller one, so that nothing was changed or removed. @see RFC 9162 §2.1.4.2 */
export function isConsistent({ earlierSize, earlierRoot, size, root, path }: ConsistencyClaim): boolean {
  if (!isSize(size) || !isSize(earlierSize) || earlierSize > size || !areHashes([earlierRoot, root, ...path])) return false;
  if (earlierSize === size) return path.length === 0 && timingSafeEqual(earlierRoot, root);
  if (earlierSize === 0) return path.length === 0; // every tree begins with the empty one
  // A power of two is one complete subtree, which the proof leaves out.
  const [first, ...rest] = subtreesOf({ start: 0, end: earlierSize }).length === 1 ? [earlierRoot, ...path] : path;
  if (first === undefined) return false;
  let [fn, sn, earlier, later] = [earlierSize - 1, size - 1, first, first];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  for (const sibling of rest) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      [earlier, later] = [nodeHash(sibling, earlier), nodeHash(sibling, later)];
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      later = nodeHash(later, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && timingSafeEqual(earlier, earlierRoot) && timingSafeEqual(later, root);
}

const HASH_BYTES = 32;
/** A tree of as many leaves as an index can name is not deeper. */
const MOST_HASHES = 64;

const areHashes = (hashes: readonly Uint8Array[]): boolean => hashes.length <= 2 * MOST_HASHES && hashes.every(({ length }) => length === HASH_BYTES);
const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
