import { createHash } from 'node:crypto';

/**
 * The Merkle tree of a log: which hashes a root or a proof needs, as spans of leaves, and how they come together. Knows no storage: nodes
 * are asked for by level and index. Sizes and indexes are safe integers; hashes are SHA-256, 32 bytes.
 * @see RFC 9162 §2.1
 */

/** The leaves `start` (included) to `end` (excluded). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The complete subtree over the 2^level leaves that begin at index × 2^level. It never changes once its last leaf is there. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/** @throws whatever its store throws for a node that is not there */
export type NodeAt = (subtree: Subtree) => Uint8Array;

const HASH = 'sha256';
const [LEAF, NODE] = [Buffer.of(0), Buffer.of(1)];

/** HASH(0x00 || entry). @see RFC 9162 §2.1.1 */
export function leafHash(entry: Uint8Array): Uint8Array {
  return createHash(HASH).update(LEAF).update(entry).digest();
}

/** HASH(0x01 || left || right). @see RFC 9162 §2.1.1 */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash(HASH).update(NODE).update(left).update(right).digest();
}

/** MTH of a whole log; of none it is the hash of nothing. @see RFC 9162 §2.1.1 */
export function rootHash(size: number, nodeAt: NodeAt): Uint8Array {
  return size === 0 ? createHash(HASH).digest() : spanHash({ start: 0, end: size }, nodeAt);
}

/** MTH of a span that begins where a subtree of its size may begin, as all spans of proofs do. */
export function spanHash(span: Span, nodeAt: NodeAt): Uint8Array {
  return subtreesOf(span).map(nodeAt).reduceRight((right, left) => nodeHash(left, right));
}

/** The complete subtrees that make up a span, from left to right: what has to be read from a store. */
export function subtreesOf({ start, end }: Span): readonly Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = start; at < end; ) {
    const level = levelIn(end - at);
    subtrees.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return subtrees;
}

/** The subtrees that a new leaf completes, smallest first, its own among them: what has to be written to a store. */
export function completedBy(leaf: number): readonly Subtree[] {
  const completed: Subtree[] = [];
  for (let level = 0; (leaf + 1) % 2 ** level === 0; level += 1) completed.push({ level, index: (leaf + 1) / 2 ** level - 1 });
  return completed;
}

/** The spans whose hashes prove that leaf `index` is in the tree of `size` leaves, in the order of the proof: PATH(m, D_n). @see RFC 9162 §2.1.3.1 */
export function inclusionSpans(index: number, size: number): readonly Span[] {
  const path = (start: number, end: number): Span[] => {
    if (end - start === 1) return [];
    const middle = start + splitOf(end - start);
    return index < middle ? [...path(start, middle), { start: middle, end }] : [...path(middle, end), { start, end: middle }];
  };
  return path(0, size);
}

/** The spans whose hashes prove that the tree of `size` leaves begins with that of `earlier`: PROOF(m, D_n). @see RFC 9162 §2.1.4.1 */
export function consistencySpans(earlier: number, size: number): readonly Span[] {
  if (earlier === 0 || earlier === size) return [];
  const subproof = (start: number, end: number, isKnown: boolean): Span[] => {
    if (earlier === end) return isKnown ? [] : [{ start, end }];
    const middle = start + splitOf(end - start);
    return earlier <= middle ? [...subproof(start, middle, isKnown), { start: middle, end }] : [...subproof(middle, end, false), { start, end: middle }];
  };
  return subproof(0, size, true);
}

/** The largest power of two smaller than n, n > 1. */
function splitOf(n: number): number {
  return 2 ** levelIn(n - 1);
}

/** Of the largest complete subtree in so many leaves. Counted: a logarithm is off by one near 2^48. */
function levelIn(leaves: number): number {
  let level = 0;
  while (2 ** (level + 1) <= leaves) level += 1;
  return level;
}
