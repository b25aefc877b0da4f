import { nodeHash } from './merkle-tree.ts';

/** A tree that is read once, leaf by leaf: nothing is kept but the roots of its complete subtrees. */
export interface GrowingTree {
  size(): number;
  /** @param leafHash see `leafHash` */
  add(leafHash: Uint8Array): void;
  /** Of at least one leaf. */
  root(): Uint8Array;
}

/** @param subtrees roots of the complete subtrees of `size` leaves, largest first, as `subtreesOf` names them */
export function growingTree(size = 0, subtrees: readonly Uint8Array[] = []): GrowingTree {
  const roots = [...subtrees];
  let leaves = size;
  return {
    size: () => leaves,
    add(leafHash) {
      let hash = leafHash;
      for (let rest = leaves; rest % 2 === 1; rest = Math.floor(rest / 2)) hash = nodeHash(roots.pop() ?? new Uint8Array(), hash);
      roots.push(hash);
      leaves += 1;
    },
    root: () => roots.reduceRight((right, left) => nodeHash(left, right)),
  };
}
