export interface TargetCount {
  readonly inputs: number;
  readonly read: number;
  readonly refused: number;
  /** CPU time of the slowest input, in milliseconds. */
  readonly slowestMs: number;
}

/** What a worker tells the runner. */
export type FuzzMessage =
  | { readonly kind: 'fault'; readonly target: string; readonly number: number; readonly reason: string; readonly inputBase64: string }
  | { readonly kind: 'done'; readonly counts: Readonly<Record<string, TargetCount>>; readonly rssGrowthMb: number };
