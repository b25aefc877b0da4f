/** Why a delivery stands still until a person decides: replay, skip or cancel. Shown to operators and in the dossier's timeline. */
export const PARK_REASONS = [
  /** The recipient refused for good. */
  'refused',
  /** The recipient's system says that this address is gone (HTTP 410). */
  'gone',
  /** The whole retry schedule was used up. */
  'exhausted',
  /** It may have taken effect, and the recipient tolerates no repetition and offers no look-up. */
  'outcome-unknown',
  /** It was not delivered before its expiry. */
  'expired',
  /** The recipient confirmed another message than was sent. */
  'receipt-invalid',
  /** What it needs is not recorded any more: partner or message. */
  'undeliverable',
] as const;
export type ParkReason = (typeof PARK_REASONS)[number];
