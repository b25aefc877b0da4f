/** Trust anchors, kept apart by purpose and by set (public CAs, official-use CA). */
export type TrustPurpose = 'signature' | 'timestamp';

export interface TrustAnchor {
  readonly certificateDer: Uint8Array;
  readonly set: string;
}

export interface TrustStore {
  anchors(purpose: TrustPurpose): Promise<readonly TrustAnchor[]>;
}
