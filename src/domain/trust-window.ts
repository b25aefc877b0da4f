/** A time during which a trust anchor may be relied on, from `from` on; the moment `until` is outside; null: no end is known. */
export interface TrustWindow {
  readonly from: Date;
  readonly until: Date | null;
}

/** Whether an anchor counts at a time; one without windows always does. */
export function isTrustedAt(windows: readonly TrustWindow[] | undefined, at: Date): boolean {
  return windows === undefined || windows.some(({ from, until }) => from <= at && (until === null || at < until));
}
