import type { TimestampReport } from '../../domain/validation-report.ts';
import type { SignerInfoResult } from '../cms/check-signer-info.ts';
import type { SignedData } from '../cms/signed-data.ts';
import type { ProofOfExistence } from './context.ts';
import { UNFETCHED, type CertificateJudgement } from './judge-certificate.ts';

export interface WarningsInput {
  readonly signedData: SignedData;
  readonly signer: SignerInfoResult;
  readonly trust: CertificateJudgement | null;
  readonly proof: ProofOfExistence | null;
  readonly claimed: Date | null;
  readonly timestamps: readonly TimestampReport[];
}

/** What a reader of the verdict must know beside it, in words. Circular 15/2025/TT-BKHCN art. 6 asks for the one on revocation. */
export function warningsOf({ signedData, signer, trust, proof, claimed, timestamps }: WarningsInput): string[] {
  const warnings: string[] = [];
  const unchecked = trust?.revocation.filter(({ status }) => status === 'missing' || status === 'unknown' || status === 'stale').length ?? 0;
  if (unchecked > 0) warnings.push(`The revocation status of ${unchecked} certificate(s) could not be checked: no usable OCSP response or CRL`);
  const unfetched = [...(trust?.checks ?? []), ...timestamps.flatMap(({ checks }) => checks)].filter(({ name }) => name === UNFETCHED);
  warnings.push(...new Set(unfetched.map(({ detail }) => detail)));
  if (proof === null && claimed !== null) warnings.push('The signing time is only the signer’s claim: no trusted time-stamp proves it');
  if (signer.algorithms.weak !== null) warnings.push(`Weak algorithm: ${signer.algorithms.weak}`);
  if (signedData.unreadableCertificates > 0) warnings.push(`${signedData.unreadableCertificates} certificate(s) in the signature cannot be read`);
  const failed = timestamps.filter(({ indication }) => indication === 'FAILED').length;
  if (failed > 0) warnings.push(`${failed} time-stamp(s) of the signature are wrong and prove nothing`);
  return warnings;
}
