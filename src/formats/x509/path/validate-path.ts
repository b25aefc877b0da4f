import type { Check, SubIndication } from '../../../domain/validation-report.ts';
import type { Certificate } from '../certificate.ts';
import { candidatePaths } from './build-paths.ts';
import { leafOf, type Chain, type Fault, type PathAnchor, type PathCheck } from './chain.ts';
import { algorithmMatchFaults, anchorWindowFaults, algorithmPolicyFaults, criticalExtensionFaults, issuerFaults, leafUsageFaults, pathLengthFaults, purposeFaults, validityFaults } from './check-basics.ts';
import { nameConstraintFaults } from './name-constraints.ts';
import { processPolicies } from './policy-graph.ts';
import { profileFaults } from './profile.ts';
import type { PathRules } from './rules.ts';
import { inheritsParameters, signatureBook, workingKey, type SignatureBook } from './signatures.ts';

export interface PathInput {
  readonly leaf: Certificate;
  /** Untrusted certificates, in any order; others than the leaf's issuers do no harm. */
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly PathAnchor[];
  /** The time the path is judged for. */
  readonly at: Date;
  readonly rules: PathRules;
  /** Default 1,000. */
  readonly maxSignatureChecks?: number | undefined;
  /** Asked about each path that passed, for reasons that lie outside it (revocation): words refuse it, and the search goes on. */
  readonly refuse?: ((chain: Chain) => string | null) | undefined;
}

/** A way that was tried and given up. */
export interface RefusedCandidate {
  readonly certificates: readonly Certificate[];
  readonly reasons: readonly string[];
}

/** Outcome of path validation as data; `chain` is leaf first, anchor last, or the best of the failed ones as far as it goes. */
export interface PathResult {
  /** A path that fails is INDETERMINATE: it says nothing against the signature itself (EN 319 102-1 §5.2.6). */
  readonly outcome: 'PASSED' | 'INDETERMINATE';
  readonly subIndication: SubIndication | null;
  readonly chain: readonly Certificate[];
  /** Null when no path reached an anchor. */
  readonly anchor: PathAnchor | null;
  readonly checks: readonly Check[];
  /** Certificate policies the path holds for, in the anchor's domain (RFC 5280 §6.1.6). */
  readonly policies: readonly string[];
  /** At most 50. */
  readonly refused: readonly RefusedCandidate[];
  readonly signatureChecks: number;
}

const MAX_SIGNATURE_CHECKS = 1_000;
const MAX_CHAINS = 100;
const MAX_REFUSED = 50;

/**
 * Builds paths from the leaf to an anchor and validates each by RFC 5280 §6 until one passes. Revocation is not looked at unless
 * `refuse` does (`checkRevocation`). Pure: everything it knows comes in; a failed path is an answer, never an exception.
 * @see RFC 5280 §6.1, RFC 4158, EN 319 102-1 V1.4.1 §5.2.6
 */
export function validatePath(input: PathInput): PathResult {
  const book = signatureBook(input.maxSignatureChecks ?? MAX_SIGNATURE_CHECKS);
  const refused: RefusedCandidate[] = [];
  let best: Judged | null = null;
  let chains = 0;
  for (const candidate of candidatePaths({ ...input, book })) {
    if (!('chain' in candidate)) {
      keep(refused, { certificates: candidate.deadEnd, reasons: [candidate.reason] });
      continue;
    }
    const judged = judge(candidate.chain, input, book);
    if (judged.subIndication === null) return resultOf(judged, refused, book);
    keep(refused, { certificates: candidate.chain.certificates, reasons: judged.faults });
    if (best === null || judged.faults.length < best.faults.length) best = judged;
    if (++chains >= MAX_CHAINS) break;
  }
  return best === null ? notFound(input.leaf, refused, book) : resultOf(best, refused, book);
}

const SIGNATURES = { name: 'path-signatures', clause: 'RFC 5280 §6.1.3 (a)(1)', subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE' } as const;
const POLICIES = { name: 'path-certificate-policies', clause: 'RFC 5280 §6.1.5 (g)', subIndication: 'CHAIN_CONSTRAINTS_FAILURE' } as const;
const PROFILE = { name: 'path-certificate-profile', clause: 'RFC 5280 §4.2', subIndication: 'CHAIN_CONSTRAINTS_FAILURE' } as const;
const OUTSIDE = { name: 'path-accepted', clause: 'EN 319 102-1 §5.2.6', subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE' } as const;

const ANCHOR_IN_FORCE: PathCheck = { name: 'path-anchor-in-force', clause: 'ETSI TS 119 612 §5.5.4', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND_NO_POE', faults: anchorWindowFaults };

/** In the order in which a failed path is named after what it broke. */
const CHECKS: readonly PathCheck[] = [
  { name: 'path-signature-algorithms', clause: 'RFC 5280 §4.1.1.2', subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE', faults: algorithmMatchFaults },
  { name: 'path-algorithms-by-date', clause: 'EN 319 102-1 §5.2.8', subIndication: 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE', faults: algorithmPolicyFaults },
  { name: 'path-validity', clause: 'RFC 5280 §6.1.3 (a)(2)', subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE', faults: validityFaults },
  { name: 'path-issuers-are-cas', clause: 'RFC 5280 §6.1.4 (k), (n)', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', faults: issuerFaults },
  { name: 'path-length', clause: 'RFC 5280 §6.1.4 (l), (m)', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', faults: pathLengthFaults },
  { name: 'path-critical-extensions', clause: 'RFC 5280 §6.1.5 (f)', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', faults: criticalExtensionFaults },
  { name: 'path-name-constraints', clause: 'RFC 5280 §6.1.3 (b), (c)', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', faults: nameConstraintFaults },
  { name: 'leaf-usage', clause: 'RFC 5280 §4.2.1.3', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', faults: leafUsageFaults },
  { name: 'path-purpose', clause: 'RFC 5280 §4.2.1.12', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', faults: purposeFaults },
];

interface Judged {
  readonly chain: Chain;
  readonly checks: readonly Check[];
  readonly faults: readonly string[];
  readonly subIndication: SubIndication | null;
  readonly policies: readonly string[];
}

type Rule = Pick<PathCheck, 'name' | 'clause' | 'subIndication'>;

function judge(chain: Chain, input: PathInput, book: SignatureBook): Judged {
  const { rules, at } = input;
  const policies = processPolicies(chain, rules);
  const outcomes: [Rule, readonly Fault[]][] = [
    [SIGNATURES, deferredSignatureFaults(chain, book)],
    ...(chain.anchor.windows === undefined ? CHECKS : [ANCHOR_IN_FORCE, ...CHECKS]).map((check): [Rule, readonly Fault[]] => [named(check, chain, rules, at), check.faults(chain, rules, at)]),
    [POLICIES, policies.faults],
  ];
  if (rules.profile === 'fail') outcomes.push([PROFILE, profileFaults(chain)]);
  if (outcomes.every(([rule, faults]) => faults.length === 0 || waiverOf(rule, rules) !== null)) outcomes.push([OUTSIDE, refusal(chain, input)]);
  const failed = outcomes.filter(([rule, faults]) => faults.length > 0 && waiverOf(rule, rules) === null);
  return {
    chain,
    checks: [...outcomes.map(([rule, faults]) => checkOf(rule, faults, waiverOf(rule, rules) ?? 'failed')), ...profileWarnings(chain, rules)],
    faults: failed.flatMap(([, faults]) => faults.map((fault) => wordsOf(fault))),
    subIndication: failed[0]?.[0].subIndication ?? null,
    policies: failed.length === 0 ? policies.policies : [],
  };
}

function waiverOf({ name }: Rule, { waived }: PathRules): 'warning' | 'skipped' | null {
  return name === 'leaf-usage' || name === 'path-purpose' ? (waived[name] ?? null) : null;
}

/** Dates of the leaf are a matter of proofs of existence, dates of an issuer a failure of the chain (EN 319 102-1 §5.2.6.4). */
function named(check: PathCheck, chain: Chain, rules: PathRules, at: Date): Rule {
  if (check.faults !== validityFaults) return check;
  const leaf = leafOf(chain);
  return validityFaults(chain, rules, at).some(({ certificate }) => certificate === leaf) ? { ...check, subIndication: 'OUT_OF_BOUNDS_NO_POE' } : check;
}

function deferredSignatureFaults({ certificates }: Chain, book: SignatureBook): Fault[] {
  return certificates.slice(0, -1).flatMap((certificate, index) => {
    const issuer = certificates[index + 1];
    if (issuer === undefined || !inheritsParameters(issuer)) return [];
    const spkiDer = workingKey(certificates, index + 1);
    return spkiDer !== null && book.verdictWith(certificate, spkiDer) === 'right' ? [] : [{ certificate, text: 'its signature is not made with the issuer’s key' }];
  });
}

function refusal(chain: Chain, input: PathInput): Fault[] {
  const text = input.refuse?.(chain) ?? null;
  return text === null ? [] : [{ certificate: leafOf(chain), text }];
}

function profileWarnings(chain: Chain, rules: PathRules): Check[] {
  return rules.profile === 'warn' ? [checkOf(PROFILE, profileFaults(chain), 'warning')] : [];
}

function checkOf(rule: Rule, faults: readonly Fault[], status: 'failed' | 'warning' | 'skipped'): Check {
  if (faults.length === 0) return { name: rule.name, clause: rule.clause, status: 'passed', detail: 'kept by every certificate of the path' };
  return { name: rule.name, clause: rule.clause, status, detail: faults.map((fault) => wordsOf(fault)).join('; ') };
}

function wordsOf({ certificate, text }: Fault): string {
  return `“${certificate.subject}” ${text}`;
}

function resultOf(judged: Judged, refused: readonly RefusedCandidate[], book: SignatureBook): PathResult {
  const { chain, checks, subIndication, policies } = judged;
  const outcome = subIndication === null ? 'PASSED' : 'INDETERMINATE';
  return { outcome, subIndication, chain: chain.certificates, anchor: chain.anchor, checks, policies, refused, signatureChecks: book.checks };
}

function notFound(leaf: Certificate, refused: readonly RefusedCandidate[], book: SignatureBook): PathResult {
  const longest = refused.reduce<readonly Certificate[]>((chain, { certificates }) => (certificates.length > chain.length ? certificates : chain), [leaf]);
  const reasons = [...new Set(refused.flatMap((candidate) => candidate.reasons))].slice(0, 10);
  const detail = reasons.length === 0 ? 'no trust anchor is known' : reasons.join('; ');
  const check: Check = { name: 'path-found', clause: 'RFC 5280 §6.1', status: 'failed', detail };
  return { outcome: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND', chain: longest, anchor: null, checks: [check], policies: [], refused, signatureChecks: book.checks };
}

function keep(refused: RefusedCandidate[], candidate: RefusedCandidate): void {
  if (refused.length < MAX_REFUSED) refused.push(candidate);
}
