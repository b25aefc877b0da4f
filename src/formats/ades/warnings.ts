import type { TimestampReport } from '../../domain/validation-report.ts';
import type { SignerInfoResult } from '../cms/check-signer-info.ts';
import { UNFETCHED, type CertificateJudgement } from './judge-certificate.ts';

export interface WarningsInput {
  readonly signer: SignerInfoResult;
  readonly trust: CertificateJudgement | null;
  readonly timestamps: readonly TimestampReport[];
}

/** What a reader of the verdict must know beside it whatever the policy, in words. Circular 15/2025/TT-BKHCN art. 6 asks for the one on revocation. */
export function warningsOf({ signer, trust, timestamps }: WarningsInput): string[] {
  const warnings: string[] = [];
  const unchecked = trust?.revocation.filter(({ status }) => status === 'missing' || status === 'unknown' || status === 'stale').length ?? 0;
  if (unchecked > 0) warnings.push(`The revocation status of ${unchecked} certificate(s) could not be checked: no usable OCSP response or CRL`);
  const unfetched = [...(trust?.checks ?? []), ...timestamps.flatMap(({ checks }) => checks)].filter(({ name }) => name === UNFETCHED);
  warnings.push(...new Set(unfetched.map(({ detail }) => detail)));
  if (signer.algorithms.weak !== null) warnings.push(`Weak algorithm: ${signer.algorithms.weak}`);
  return warnings;
}
