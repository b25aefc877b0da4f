import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completedBy, consistencySpans, inclusionSpans, leafHash, nodeHash, rootHash, spanHash, subtreesOf, type NodeAt, type Span } from '../../../../src/formats/transparency-log/merkle-tree.ts';
import { isConsistent, isIncluded } from '../../../../src/formats/transparency-log/verify-proof.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The leaves and roots that the reference implementations of RFC 6962 are tried with. */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((entry) => Buffer.from(entry, 'hex'));
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

interface Log {
  readonly leaves: readonly Uint8Array[];
  readonly nodeAt: NodeAt;
}

/** Written leaf by leaf, as a store does it: from what each leaf completes. */
function logOf(entries: readonly Uint8Array[]): Log {
  const nodes = new Map<string, Uint8Array>();
  const nodeAt: NodeAt = ({ level, index }) => {
    const node = nodes.get(`${level}/${index}`);
    if (node === undefined) throw new Error(`no node ${level}/${index}`);
    return node;
  };
  const leaves = entries.map(leafHash);
  for (const [index, hash] of leaves.entries()) {
    for (const { level, index: at } of completedBy(index)) {
      nodes.set(`${level}/${at}`, level === 0 ? hash : nodeHash(nodeAt({ level: level - 1, index: 2 * at }), nodeAt({ level: level - 1, index: 2 * at + 1 })));
    }
  }
  return { leaves, nodeAt };
}

/** As RFC 9162 §2.1.1 writes it. */
function plainRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return rootHash(0, () => new Uint8Array());
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(plainRoot(leaves.slice(0, split)), plainRoot(leaves.slice(split)));
}

const hashesOf = (spans: readonly Span[], { nodeAt }: Log): Uint8Array[] => spans.map((span) => spanHash(span, nodeAt));
const entriesOf = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => Buffer.from(`leaf ${at}`));
const flipped = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte, at) => (at === 5 ? byte ^ 1 : byte));

describe('the tree of a log (RFC 9162 §2.1)', () => {
  it.each(ROOTS.map((root, size) => [size, root] as const))('of %i leaves has the root that other implementations compute', (size, root) => {
    expect(hex(rootHash(size, logOf(ENTRIES.slice(0, size)).nodeAt))).toBe(root);
  });

  it('has the root of the definition, from stored subtrees alone', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 300 }), (size) => {
      const log = logOf(entriesOf(size));
      expect(hex(rootHash(size, log.nodeAt))).toBe(hex(plainRoot(log.leaves)));
    }), { numRuns: 50 });
  });

  it('needs few nodes, whatever its size', () => {
    expect(subtreesOf({ start: 0, end: 2 ** 40 + 2 ** 20 + 1 })).toEqual([{ level: 40, index: 0 }, { level: 20, index: 2 ** 20 }, { level: 0, index: 2 ** 40 + 2 ** 20 }]);
    expect(completedBy(7)).toEqual([{ level: 0, index: 7 }, { level: 1, index: 3 }, { level: 2, index: 1 }, { level: 3, index: 0 }]);
    expect(subtreesOf({ start: 0, end: 2 ** 48 - 1 })).toHaveLength(48);
    expect(inclusionSpans(2 ** 40, 2 ** 40 + 1)).toEqual([{ start: 0, end: 2 ** 40 }]);
  });
});

describe('a proof of inclusion (RFC 9162 §2.1.3)', () => {
  it('is the one of the example of §2.1.5', () => {
    expect(inclusionSpans(0, 7)).toEqual([{ start: 1, end: 2 }, { start: 2, end: 4 }, { start: 4, end: 7 }]);
    expect(inclusionSpans(3, 7)).toEqual([{ start: 2, end: 3 }, { start: 0, end: 2 }, { start: 4, end: 7 }]);
    expect(inclusionSpans(4, 7)).toEqual([{ start: 5, end: 6 }, { start: 6, end: 7 }, { start: 0, end: 4 }]);
    expect(inclusionSpans(6, 7)).toEqual([{ start: 4, end: 6 }, { start: 0, end: 4 }]);
  });

  it('holds for every leaf, and for nothing else', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 130 }), fc.nat(), (size, pick) => {
      const log = logOf(entriesOf(size));
      const index = pick % size;
      const claim = { index, size, leafHash: log.leaves[index] ?? new Uint8Array(), root: rootHash(size, log.nodeAt), path: hashesOf(inclusionSpans(index, size), log) };
      expect(isIncluded(claim)).toBe(true);
      expect(isIncluded({ ...claim, leafHash: flipped(claim.leafHash) })).toBe(false);
      expect(isIncluded({ ...claim, root: flipped(claim.root) })).toBe(false);
      expect(isIncluded({ ...claim, path: [...claim.path, claim.root] })).toBe(false);
      if (size > 1) {
        expect(isIncluded({ ...claim, index: (index + 1) % size })).toBe(false);
        expect(isIncluded({ ...claim, path: claim.path.slice(1) })).toBe(false);
        expect(isIncluded({ ...claim, path: [flipped(claim.path[0] ?? new Uint8Array()), ...claim.path.slice(1)] })).toBe(false);
      }
    }), { numRuns: 200 });
  });

  it.each([[-1, 1], [1, 1], [0.5, 1], [0, 0], [2 ** 53, 2 ** 53 + 2], [Number.NaN, 3]])('for leaf %d of %d is none', (index, size) => {
    const hash = leafHash(Buffer.from('x'));
    expect(isIncluded({ index, size, leafHash: hash, root: hash, path: [] })).toBe(false);
  });
});

describe('a proof of consistency (RFC 9162 §2.1.4)', () => {
  it('is the one of the example of §2.1.5', () => {
    expect(consistencySpans(3, 7)).toEqual([{ start: 2, end: 3 }, { start: 3, end: 4 }, { start: 0, end: 2 }, { start: 4, end: 7 }]);
    expect(consistencySpans(4, 7)).toEqual([{ start: 4, end: 7 }]);
    expect(consistencySpans(6, 7)).toEqual([{ start: 4, end: 6 }, { start: 6, end: 7 }, { start: 0, end: 4 }]);
  });

  it('holds for every earlier size, and not when an earlier leaf was changed, removed or put in', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(), fc.nat(), (size, pick, place) => {
      const entries = entriesOf(size);
      const log = logOf(entries);
      const earlierSize = pick % (size + 1);
      const claim = { earlierSize, earlierRoot: rootHash(earlierSize, log.nodeAt), size, root: rootHash(size, log.nodeAt), path: hashesOf(consistencySpans(earlierSize, size), log) };
      expect(isConsistent(claim)).toBe(true);
      if (earlierSize === 0) return;
      const at = place % earlierSize;
      const others = [entries.with(at, Buffer.from('changed')), entries.toSpliced(at, 1), entries.toSpliced(at, 0, Buffer.from('put in'))];
      for (const other of others.filter(({ length }) => length >= earlierSize)) {
        const forged = logOf(other);
        const path = hashesOf(consistencySpans(earlierSize, other.length), forged);
        expect(isConsistent({ ...claim, size: other.length, root: rootHash(other.length, forged.nodeAt), path })).toBe(false);
      }
      if (earlierSize < size) expect(isConsistent({ ...claim, path: [...claim.path, claim.root] })).toBe(false);
    }), { numRuns: 200 });
  });
});
