/** Caps of one parse. They are checked before anything is allocated or descended into. */
export interface Asn1Limits {
  /** Bytes of the outermost value. */
  readonly maxBytes: number;
  /** Nesting of constructed values; the outermost has depth 0. */
  readonly maxDepth: number;
  /** Values visited through one root, children of children included. */
  readonly maxNodes: number;
}

export const DEFAULT_LIMITS: Asn1Limits = { maxBytes: 64 * 1024 * 1024, maxDepth: 64, maxNodes: 2_000_000 };
