import type { Coverage, Indication, SubIndication } from '../../domain/validation-report.ts';

export interface Conclusion {
  readonly indication: Indication;
  readonly subIndication: SubIndication | null;
}

export interface Findings {
  readonly integrity: 'intact' | 'broken' | 'unknown';
  /** Of the rules on the SignerInfo. */
  readonly signature: SubIndication | null;
  /** Rules of the container (ByteRange, dictionary) that are broken. */
  readonly containerBroken: boolean;
  readonly coverage: Pick<Coverage, 'extent' | 'changesAfter'>;
  /** Of path and revocation, at the best time known, with what is proven of it. */
  readonly certificate: SubIndication | null;
  /** Of the constraints that the policy has as FAIL. */
  readonly constraints: SubIndication | null;
}

/** These say that the signature itself is wrong, or that it was made when it could not be; anything else leaves it open (EN 319 102-1 tables 5 and 6). */
const FAILED: readonly SubIndication[] = ['FORMAT_FAILURE', 'HASH_FAILURE', 'SIG_CRYPTO_FAILURE', 'REVOKED', 'EXPIRED', 'NOT_YET_VALID'];

/**
 * One verdict from all findings. What is wrong with the bytes comes first, so that it is never hidden by what is unknown of
 * the certificate; an error, a gap or an unknown never becomes TOTAL-PASSED.
 * @see ETSI EN 319 102-1 §5.1.3, §5.3.4
 */
export function conclude(findings: Findings): Conclusion {
  const { coverage, signature, integrity, certificate, constraints } = findings;
  const failed = (subIndication: SubIndication): Conclusion => ({ indication: 'TOTAL-FAILED', subIndication });
  const open = (subIndication: SubIndication): Conclusion => ({ indication: 'INDETERMINATE', subIndication });
  if (findings.containerBroken || coverage.extent === 'partial' || coverage.extent === 'unclear' || coverage.changesAfter === 'forbidden') return failed('FORMAT_FAILURE');
  if (signature !== null && FAILED.includes(signature)) return failed(signature);
  if (integrity === 'broken') return failed('SIG_CRYPTO_FAILURE');
  if (signature !== null) return open(signature);
  if (integrity === 'unknown') return open('SIGNED_DATA_NOT_FOUND');
  if (certificate !== null) return FAILED.includes(certificate) ? failed(certificate) : open(certificate);
  if (constraints !== null) return open(constraints);
  return coverage.changesAfter === 'unknown' ? open('POLICY_PROCESSING_ERROR') : { indication: 'TOTAL-PASSED', subIndication: null };
}
