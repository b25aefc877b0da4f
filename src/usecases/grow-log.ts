import { leafHash } from '../formats/transparency-log/merkle-tree.ts';
import { signCheckpoint } from '../formats/transparency-log/checkpoint.ts';
import type { NoteSigner } from '../formats/transparency-log/signed-note.ts';
import { growTiles } from '../formats/transparency-log/tiles.ts';
import type { GrowTree } from '../ports/log-records.ts';

/** Adds leaves to the tree's edge and signs what it has become. Costs what the new leaves cost. */
export function growerFor(signer: NoteSigner): GrowTree {
  return (size, edge, leafData) => {
    const { tiles, root } = growTiles(size, edge, leafData.map(leafHash));
    return { tiles, root, note: signCheckpoint({ size: size + leafData.length, root }, signer) };
  };
}
