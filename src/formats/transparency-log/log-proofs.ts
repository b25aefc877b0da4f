import { consistencySpans, inclusionSpans, rootHash, spanHash, type Span } from './merkle-tree.ts';
import { nodesOfTiles, tilesFor, type TilePlace } from './tiles.ts';

/** Tiles by where they stand; undefined: not there. */
export type LoadTile = (place: TilePlace) => Promise<Uint8Array | undefined>;

/** PATH(index, D_size), out of stored tiles. @throws RangeError when tiles are missing @see RFC 9162 §2.1.3.1 */
export function proveInclusion(load: LoadTile, index: number, size: number): Promise<readonly Uint8Array[]> {
  return hashesOf(load, inclusionSpans(index, size));
}

/** PROOF(earlier, D_size), out of stored tiles. @throws RangeError when tiles are missing @see RFC 9162 §2.1.4.1 */
export function proveConsistency(load: LoadTile, earlier: number, size: number): Promise<readonly Uint8Array[]> {
  return hashesOf(load, consistencySpans(earlier, size));
}

/** The root that the tree had when it had `size` leaves. @throws RangeError when tiles are missing */
export async function rootAt(load: LoadTile, size: number): Promise<Uint8Array> {
  const span = { start: 0, end: size };
  const tiles = await loaded(load, size === 0 ? [] : [span]);
  return rootHash(size, nodesOfTiles((place) => tiles.get(nameOf(place))));
}

async function hashesOf(load: LoadTile, spans: readonly Span[]): Promise<readonly Uint8Array[]> {
  const tiles = await loaded(load, spans);
  const nodeAt = nodesOfTiles((place) => tiles.get(nameOf(place)));
  return spans.map((span) => spanHash(span, nodeAt));
}

async function loaded(load: LoadTile, spans: readonly Span[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = await Promise.all(tilesFor(spans).map(async (place) => [nameOf(place), await load(place)] as const));
  return new Map(found.flatMap(([name, hashes]) => (hashes === undefined ? [] : [[name, hashes] as const])));
}

const nameOf = ({ level, index }: TilePlace): string => `${level}/${index}`;
