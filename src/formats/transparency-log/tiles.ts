import { nodeHash, rootHash, subtreesOf, type NodeAt, type Span, type Subtree } from './merkle-tree.ts';

/**
 * The tree as it is stored and served: tiles of 256 hashes, those of level L being the roots of complete subtrees of 256^L leaves. What lies
 * between is computed from them.
 * @see https://c2sp.org/tlog-tiles
 */

export const TILE_WIDTH = 256;
export const HASH_BYTES = 32;
const TILE_HEIGHT = 8;

/** Where a tile stands. */
export interface TilePlace {
  readonly level: number;
  readonly index: number;
}

/** What tiles a span's hash is computed from. */
export function tilesFor(spans: readonly Span[]): readonly TilePlace[] {
  const places = new Map<string, TilePlace>();
  for (const subtree of spans.flatMap((span) => subtreesOf(span))) {
    const place = tileOf(subtree);
    places.set(`${place.level}/${place.index}`, place);
  }
  return [...places.values()];
}

/** A node lies in the tile whose hashes it is made of. */
function tileOf({ level, index }: Subtree): TilePlace {
  const inside = level % TILE_HEIGHT;
  return { level: (level - inside) / TILE_HEIGHT, index: Math.floor((index * 2 ** inside) / TILE_WIDTH) };
}

export type TileAt = (place: TilePlace) => Uint8Array | undefined;

/** Nodes out of tiles. What it gives throws RangeError for a node whose tile is not there or too short. */
export function nodesOfTiles(tileAt: TileAt): NodeAt {
  return (subtree) => {
    const tile = tileAt(tileOf(subtree));
    const inside = subtree.level % TILE_HEIGHT;
    const first = (subtree.index * 2 ** inside) % TILE_WIDTH;
    const count = 2 ** inside;
    if (tile === undefined || tile.length < (first + count) * HASH_BYTES) throw new RangeError(`The tile of node ${subtree.level}/${subtree.index} is not there`);
    return rootOf(tile, first, count);
  };
}

/** Of `count` hashes, a power of two. */
function rootOf(tile: Uint8Array, first: number, count: number): Uint8Array {
  if (count === 1) return tile.subarray(first * HASH_BYTES, (first + 1) * HASH_BYTES);
  return nodeHash(rootOf(tile, first, count / 2), rootOf(tile, first + count / 2, count / 2));
}

/** The tiles that are not full, one a level: all that new leaves need to know of the tree. */
export type Edge = readonly TilePlace[];

export function edgeOf(size: number): Edge {
  const edge: TilePlace[] = [];
  for (let [level, count] = [0, size]; count > 0; [level, count] = [level + 1, Math.floor(count / TILE_WIDTH)]) {
    if (count % TILE_WIDTH !== 0) edge.push({ level, index: Math.floor(count / TILE_WIDTH) });
  }
  return edge;
}

export interface GrownTile extends TilePlace {
  readonly hashes: Uint8Array;
}

/**
 * Adds leaves to a tree of `size`. Costs what the new leaves cost.
 * @param edge the tiles named by `edgeOf(size)` @returns the tiles that changed, and the new root
 * @throws RangeError when the edge is not that of `size`
 */
export function growTiles(size: number, edge: readonly GrownTile[], leafHashes: readonly Uint8Array[]): { readonly tiles: readonly GrownTile[]; readonly root: Uint8Array } {
  const known = new Map(edge.map((tile) => [`${tile.level}/${tile.index}`, tile.hashes]));
  for (const { level, index } of edgeOf(size)) {
    const expected = (Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH) * HASH_BYTES;
    if (known.get(`${level}/${index}`)?.length !== expected) throw new RangeError(`The tile ${level}/${index} is not that of a tree of ${size} leaves`);
  }
  const grown = new Map<string, GrownTile>();
  let hashes = leafHashes;
  for (let [level, count] = [0, size]; hashes.length > 0; [level, count] = [level + 1, Math.floor(count / TILE_WIDTH)]) {
    const full: Uint8Array[] = [];
    for (let at = 0; at < hashes.length; ) {
      const index = Math.floor((count + at) / TILE_WIDTH);
      const name = `${level}/${index}`;
      const before = known.get(name) ?? new Uint8Array();
      const taken = hashes.slice(at, at + TILE_WIDTH - before.length / HASH_BYTES);
      const bytes = Buffer.concat([before, ...taken]);
      grown.set(name, { level, index, hashes: bytes });
      known.set(name, bytes);
      if (bytes.length === TILE_WIDTH * HASH_BYTES) full.push(rootOf(bytes, 0, TILE_WIDTH));
      at += taken.length;
    }
    hashes = full;
  }
  const nodeAt = nodesOfTiles(({ level, index }) => known.get(`${level}/${index}`));
  return { tiles: [...grown.values()], root: rootHash(size + leafHashes.length, nodeAt) };
}
