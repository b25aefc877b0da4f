import type { Check, Coverage, SignatureReport } from '../../domain/validation-report.ts';

export interface UnreadableSignature {
  readonly id: string;
  readonly kind: SignatureReport['kind'];
  readonly format: string;
  readonly coverage: Coverage;
  readonly checks: readonly Check[];
  readonly certification: SignatureReport['certification'];
  readonly reason: string | null;
  readonly containerTime: Date | null;
  readonly at: Date;
}

/** The report of a signature that is there but cannot be read: listed and failed, never left out. @see ETSI EN 319 102-1 §5.2.2 */
export function unreadableSignature({ at, containerTime, ...known }: UnreadableSignature): SignatureReport {
  return {
    ...known,
    level: 'none',
    integrity: 'unknown',
    indication: 'TOTAL-FAILED',
    subIndication: 'FORMAT_FAILURE',
    signer: null,
    chain: [],
    revocation: [],
    signingTime: { claimed: containerTime?.toISOString() ?? null, best: at.toISOString(), source: 'validation-time' },
    validityAtClaimedTime: 'unknown',
    algorithms: { digest: null, signature: null, keyBits: null },
    warnings: [],
  };
}
