import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { consistencySpans, inclusionSpans, leafHash, nodeHash, rootHash, spanHash, type NodeAt } from '../../../../src/formats/transparency-log/merkle-tree.ts';
import { edgeOf, growTiles, nodesOfTiles, tilesFor, type GrownTile } from '../../../../src/formats/transparency-log/tiles.ts';

const leaves = Array.from({ length: 66_000 }, (_, index) => leafHash(createHash('sha256').update(String(index)).digest()));

/** The definition itself (RFC 9162 §2.1.1), each complete subtree once. */
const nodes = new Map<string, Uint8Array>();
const byDefinition: NodeAt = ({ level, index }) => {
  if (level === 0) return leaves[index] ?? new Uint8Array();
  const known = nodes.get(`${level}/${index}`);
  if (known !== undefined) return known;
  const node = nodeHash(byDefinition({ level: level - 1, index: 2 * index }), byDefinition({ level: level - 1, index: 2 * index + 1 }));
  nodes.set(`${level}/${index}`, node);
  return node;
};

/** A store of tiles that grows by steps. */
function store() {
  const tiles = new Map<string, GrownTile>();
  const read = (level: number, index: number): GrownTile[] => [tiles.get(`${level}/${index}`) ?? []].flat();
  return {
    tiles,
    nodeAt: nodesOfTiles(({ level, index }) => tiles.get(`${level}/${index}`)?.hashes),
    grow(size: number, by: number): Uint8Array {
      const edge = edgeOf(size).flatMap(({ level, index }) => read(level, index));
      const grown = growTiles(size, edge, leaves.slice(size, size + by));
      for (const tile of grown.tiles) tiles.set(`${tile.level}/${tile.index}`, tile);
      return grown.root;
    },
  };
}

describe('tiles of a log (C2SP tlog-tiles)', () => {
  it.each([[[1, 1, 1]], [[255, 1, 1]], [[256, 256, 1]], [[3, 700, 12, 5_000, 1, 1_000]], [[65_535, 1, 1, 300]]])('grow by %j to the root of RFC 9162 §2.1.1, whatever the steps', (steps) => {
    const log = store();
    let size = 0;
    for (const by of steps) {
      const root = log.grow(size, by);
      size += by;
      expect(Buffer.from(root).equals(rootHash(size, byDefinition))).toBe(true);
    }
    for (const index of [0, 1, 254, 255, 256, 257, size - 1].filter((one) => one < size)) {
      const spans = inclusionSpans(index, size);
      expect(spans.map((span) => spanHash(span, log.nodeAt))).toEqual(spans.map((span) => spanHash(span, byDefinition)));
      for (const { level, index: at } of tilesFor(spans)) expect(log.tiles.has(`${level}/${at}`)).toBe(true);
    }
    for (const earlier of steps.map((_, at) => steps.slice(0, at + 1).reduce((sum, by) => sum + by, 0))) {
      const spans = consistencySpans(earlier, size);
      expect(spans.map((span) => spanHash(span, log.nodeAt))).toEqual(spans.map((span) => spanHash(span, byDefinition)));
    }
  });

  it('refuse an edge of another size', () => {
    expect(() => growTiles(300, [], leaves.slice(0, 1))).toThrow(RangeError);
    expect(() => growTiles(300, [{ level: 0, index: 1, hashes: new Uint8Array(32) }, { level: 1, index: 0, hashes: new Uint8Array(32) }], leaves.slice(0, 1))).toThrow(RangeError);
  });

  it('change no more tiles than the new leaves need', () => {
    const log = store();
    log.grow(0, 6_000);
    const before = new Map(log.tiles);
    log.grow(6_000, 1);
    expect([...log.tiles].filter(([name, tile]) => before.get(name) !== tile)).toHaveLength(1);
  });
});
