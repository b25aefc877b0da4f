import type { TrustWindow } from '../domain/trust-window.ts';

/** Trust anchors, kept apart by purpose and by set (public CAs, official-use CA). */
export type TrustPurpose = 'signature' | 'timestamp';

export interface TrustAnchor {
  readonly certificateDer: Uint8Array;
  readonly set: string;
  /** When it may be relied on, as the trusted list it comes from says; absent: whenever asked. */
  readonly windows?: readonly TrustWindow[];
  /** Whether it may stand for itself: a trusted list names the very certificate of a time-stamping unit. Absent: no. */
  readonly direct?: boolean;
}

export interface TrustStore {
  anchors(purpose: TrustPurpose): Promise<readonly TrustAnchor[]>;
}
