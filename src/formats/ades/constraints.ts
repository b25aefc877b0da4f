import type { Check, SubIndication } from '../../domain/validation-report.ts';

/** What it costs to break a constraint: the signature is not passed; a warning; a word in the report; nothing. */
export const CONSTRAINT_LEVELS = ['FAIL', 'WARN', 'INFORM', 'IGNORE'] as const;
export type ConstraintLevel = (typeof CONSTRAINT_LEVELS)[number];

interface ConstraintFacts {
  readonly clause: string;
  /** With INDETERMINATE, where the policy says FAIL. */
  readonly subIndication: SubIndication;
}

const constraint = (clause: string, subIndication: SubIndication = 'SIG_CONSTRAINTS_FAILURE'): ConstraintFacts => ({ clause, subIndication });

/**
 * All a policy may decide, by name. What makes a signature right or wrong in itself (bytes, value, format, coverage, later changes), and
 * whether its certificate is known to be good, is no constraint: no policy can waive it.
 * @see ETSI EN 319 102-1 V1.4.1 §5.1.4, §5.2.8
 */
export const CONSTRAINTS = {
  /** There are signed attributes; adbe.pkcs7.* may do without. */
  'signed-attributes': constraint('RFC 5652 §5.3; ISO 32000-2 §12.8.3.3'),
  /** The signer says which certificate is theirs; adbe.pkcs7.* need not. */
  'signing-certificate-attribute': constraint('RFC 5035 §3; ETSI EN 319 142-1 §6.3'),
  /** A baseline level is met: B-B or more. */
  'baseline-level': constraint('ETSI EN 319 142-1 §6.3; EN 319 122-1 §6.3'),
  /** A time-stamp proves when the signature existed. */
  'trusted-time': constraint('ETSI EN 319 102-1 §5.5'),
  /** What the signer says of the time fits the certificate and the proofs. */
  'claimed-time': constraint('ETSI EN 319 102-1 §5.2.8; Circular 22/2020/TT-BTTTT art. 5'),
  /** No signature policy is named that this software does not know. */
  'signature-policy': constraint('ETSI EN 319 102-1 §5.2.4', 'SIGNATURE_POLICY_NOT_AVAILABLE'),
  /** Every time-stamp of the signature is right. */
  'timestamps-right': constraint('ETSI EN 319 102-1 §5.4'),
  /** The time-stamps of the signature follow each other as they must. */
  'timestamp-order': constraint('ETSI EN 319 102-1 §5.5.4', 'TIMESTAMP_ORDER_FAILURE'),
  /** Nothing in the signed document is prepared for a change that would not show as one. */
  'nothing-suspicious': constraint('ISO 32000-2 §12.8.2; Mainka et al., “Shadow Attacks”, NDSS 2021'),
  /** No later revision, not even a permitted one. */
  'nothing-later': constraint('ISO 32000-2 §12.8.1'),
  /** Every certificate that the signature carries can be read. */
  'certificates-readable': constraint('RFC 5652 §10.2.3'),
  /** Digest and key are accepted by the policy's lists for that time. */
  algorithms: constraint('EN 319 102-1 §5.2.8', 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'),
  /** The key usage of the signer's certificate allows signatures. */
  'signer-key-usage': constraint('RFC 5280 §4.2.1.3', 'CHAIN_CONSTRAINTS_FAILURE'),
  /** The extended key usages of the path allow signing documents. */
  'signer-purpose': constraint('RFC 5280 §4.2.1.12', 'CHAIN_CONSTRAINTS_FAILURE'),
} as const satisfies Record<string, ConstraintFacts>;

export type ConstraintName = keyof typeof CONSTRAINTS;
/** One level for each name, none missing, so that nothing is left to a default nobody wrote down. */
export type Constraints = Readonly<Record<ConstraintName, ConstraintLevel>>;

/** Whether a signature keeps one constraint. */
export interface ConstraintFinding {
  readonly name: ConstraintName;
  readonly kept: boolean;
  /** For people; also the warning, where the policy asks for one. */
  readonly detail: string;
  /** Where it is another than the constraint's own. */
  readonly subIndication?: SubIndication;
}

export interface ConstraintOutcome {
  readonly checks: readonly Check[];
  readonly warnings: readonly string[];
  /** Of the first broken constraint that the policy has as FAIL. */
  readonly subIndication: SubIndication | null;
}

/** What a policy makes of the findings: each check says what its level came to. Constraints that are ignored leave no trace. */
export function applyConstraints(constraints: Constraints, findings: readonly ConstraintFinding[]): ConstraintOutcome {
  const looked = findings.filter(({ name }) => constraints[name] !== 'IGNORE');
  const broken = looked.filter(({ kept }) => !kept);
  const failed = broken.find(({ name }) => constraints[name] === 'FAIL');
  return {
    checks: looked.map((finding) => checkOf(finding, constraints[finding.name])),
    warnings: broken.filter(({ name }) => constraints[name] === 'WARN').map(({ detail }) => detail),
    subIndication: failed === undefined ? null : (failed.subIndication ?? CONSTRAINTS[failed.name].subIndication),
  };
}

const STATUS = { FAIL: 'failed', WARN: 'warning', INFORM: 'skipped', IGNORE: 'skipped' } as const satisfies Record<ConstraintLevel, Check['status']>;

function checkOf({ name, kept, detail }: ConstraintFinding, level: ConstraintLevel): Check {
  return { name, clause: CONSTRAINTS[name].clause, status: kept ? 'passed' : STATUS[level], detail: kept || level !== 'INFORM' ? detail : `not asked for by the policy: ${detail}` };
}
