import type { Check, SubIndication } from '../../domain/validation-report.ts';

/** A check and what its failure means; the sub-indication counts only when the check failed. */
export interface Finding {
  readonly check: Check;
  readonly subIndication: SubIndication | null;
}

/** Gravest first, in the order in which ETSI EN 319 102-1 §5.2 meets them: format, certificate, digest, value, constraints. */
const ORDER: readonly SubIndication[] = ['FORMAT_FAILURE', 'HASH_FAILURE', 'SIG_CRYPTO_FAILURE', 'SIG_CONSTRAINTS_FAILURE', 'NO_SIGNING_CERTIFICATE_FOUND'];

export function worstOf(findings: readonly Finding[]): SubIndication | null {
  const failed = findings.filter(({ check }) => check.status === 'failed').map(({ subIndication }) => subIndication);
  return ORDER.find((candidate) => failed.includes(candidate)) ?? failed.find((candidate) => candidate !== null) ?? null;
}
