import type { Check, SubIndication } from '../../../domain/validation-report.ts';
import type { AlgorithmPolicy } from '../../algorithms/policy.ts';
import type { CrlReason } from '../../crl/build-crl.ts';
import type { Crl } from '../../crl/read-crl.ts';
import { checkOcspResponse } from '../../ocsp/check-ocsp.ts';
import type { OcspResponse } from '../../ocsp/read-ocsp-response.ts';
import type { Certificate } from '../certificate.ts';
import type { Chain } from './chain.ts';
import { crlStatus, type CrlContext } from './crl-status.ts';
import type { PathRules } from './rules.ts';

export interface RevocationRules {
  /** Most between `thisUpdate` and the time asked for; null: what the issuer's nextUpdate allows. */
  readonly maxAgeMs: number | null;
  /** How far clocks may differ. */
  readonly skewMs: number;
  /** Duties of CRL issuers that validation does not need: whether a CRL that breaks one is refused. */
  readonly profile: 'fail' | 'ignore';
  /** Whose status decides the outcome. */
  readonly scope: 'leaf' | 'chain';
  /**
   * How far information that is no longer fresh carries a past validation: to its issuance, as ETSI EN 319 102-1 §5.6.2.2 has it, or to
   * the end of its own validity.
   */
  readonly slidesTo: 'thisUpdate' | 'nextUpdate';
  /** Algorithms of the signatures on revocation information; null: not looked at. */
  readonly algorithms: AlgorithmPolicy | null;
}

export const REVOCATION_RULES: RevocationRules = { maxAgeMs: null, skewMs: 0, profile: 'ignore', scope: 'chain', slidesTo: 'nextUpdate', algorithms: null };

export interface RevocationInput {
  /** A path that passed, leaf first. */
  readonly chain: Chain;
  readonly crls: readonly Crl[];
  readonly ocsps: readonly OcspResponse[];
  /** Further certificates: of CRL issuers and responders that stand outside the path. */
  readonly certificates?: readonly Certificate[] | undefined;
  /** The time the status is asked for. */
  readonly at: Date;
  /** The time of asking; information dated later than this is refused. */
  readonly now: Date;
  readonly rules: RevocationRules;
  /** How paths of CRL issuers outside the chain are validated; without it only issuers of the chain count. */
  readonly pathRules?: PathRules | undefined;
  /** Nonce sent with a live request for the leaf, extnValue content; null or absent: none. */
  readonly nonceDer?: Uint8Array | null | undefined;
}

export type RevocationEvidence = OcspEvidence | CrlEvidence;

export interface OcspEvidence {
  readonly kind: 'ocsp';
  readonly ocsp: OcspResponse;
  readonly responder: Certificate;
  /** What speaks of the responder's own certificate; `forgone` where nobody need be asked (RFC 6960 §4.2.2.2.1), null: nothing does. */
  readonly responderStatus: CrlEvidence | 'forgone' | null;
  /** When the responder's certificate was revoked, after the time asked for; null: not that anybody says. */
  readonly responderRevokedAt: Date | null;
}

export interface CrlEvidence {
  readonly kind: 'crl';
  readonly crl: Crl;
  readonly delta: Crl | null;
}

export interface CertificateStatus {
  readonly certificate: Certificate;
  /** `unknown`: an authority says it does not know, or says something of part of the reasons only; `missing`: nothing speaks of it. */
  readonly status: 'good' | 'revoked' | 'unknown' | 'missing' | 'stale';
  readonly revokedAt: Date | null;
  readonly reason: CrlReason | null;
  readonly thisUpdate: Date | null;
  readonly nextUpdate: Date | null;
  /** Null for `missing` and `stale`. */
  readonly evidence: RevocationEvidence | null;
  /** Why each piece of information was not used. */
  readonly reasons: readonly string[];
}

export interface RevocationResult {
  /** Leaf first; the anchor, whose status nobody can vouch for, is left out. */
  readonly statuses: readonly CertificateStatus[];
  readonly outcome: 'PASSED' | 'INDETERMINATE';
  readonly subIndication: SubIndication | null;
  readonly checks: readonly Check[];
}

/**
 * Status of every certificate of a path, from the revocation information handed in; nothing is fetched. A certificate revoked at or before
 * `at` fails the path, one revoked later is reported with its date and passes: what that means is for proofs of existence to say.
 * @see RFC 5280 §6.3, RFC 6960 §3.2, EN 319 102-1 V1.4.1 §5.2.5, §5.2.6.4
 */
export function checkRevocation(input: RevocationInput): RevocationResult {
  const { certificates } = input.chain;
  const statuses = certificates.slice(0, -1).map((certificate, index) => statusOf(certificate, certificates[index + 1] ?? input.chain.anchor.certificate, input, index === 0));
  const decisive = input.rules.scope === 'leaf' ? statuses.slice(0, 1) : statuses;
  const subIndication = decisive.reduce<SubIndication | null>((worst, status, index) => worst ?? indicationOf(status, index === 0, input.at), null);
  return { statuses, outcome: subIndication === null ? 'PASSED' : 'INDETERMINATE', subIndication, checks: statuses.map((status) => checkOf(status, input.at)) };
}

function indicationOf(status: CertificateStatus, isLeaf: boolean, at: Date): SubIndication | null {
  if (isRevokedAt(status, at)) return isLeaf ? 'REVOKED_NO_POE' : 'REVOKED_CA_NO_POE';
  return status.status === 'good' || status.status === 'revoked' ? null : 'TRY_LATER';
}

/** Revoked no later than `at`. */
export function isRevokedAt({ status, revokedAt }: Pick<CertificateStatus, 'status' | 'revokedAt'>, at: Date): boolean {
  return status === 'revoked' && (revokedAt === null || revokedAt <= at);
}

/** Every usable piece of information is asked; a final revocation counts whatever else says, else the newest counts. */
function statusOf(certificate: Certificate, issuer: Certificate, input: RevocationInput, isLeaf: boolean): CertificateStatus {
  const answers = [...input.ocsps.map((ocsp) => ocspStatus(ocsp, certificate, issuer, input, isLeaf)), crlStatus(certificate, issuer, contextOf(input))];
  const reasons = answers.flatMap((answer) => answer.reasons);
  const decided = answers.filter(({ evidence }) => evidence !== null);
  const final = decided.find(({ status, reason }) => status === 'revoked' && reason !== 'certificateHold');
  const newest = decided.reduce<CertificateStatus | null>((best, answer) => (best === null || rank(answer) > rank(best) ? answer : best), null);
  const chosen = final ?? newest;
  if (chosen !== null) return { ...chosen, reasons };
  const status = answers.some((answer) => answer.status === 'stale') ? 'stale' : answers.some((answer) => answer.status === 'unknown') ? 'unknown' : 'missing';
  return { ...NOTHING, certificate, status, reasons };
}

const NOTHING = { revokedAt: null, reason: null, thisUpdate: null, nextUpdate: null, evidence: null } as const;

/** By date; of two of one date an answer that knows comes before one that does not. */
function rank({ thisUpdate, status }: CertificateStatus): number {
  return (thisUpdate?.getTime() ?? 0) * 4 + (status === 'revoked' ? 2 : status === 'good' ? 1 : 0);
}

function ocspStatus(ocsp: OcspResponse, certificate: Certificate, issuer: Certificate, input: RevocationInput, isLeaf: boolean): CertificateStatus {
  const check = checkOcspResponse({
    response: ocsp,
    certificate,
    issuer,
    others: [...input.chain.certificates, ...(input.certificates ?? [])],
    freshness: freshnessOf(input),
    algorithms: input.rules.algorithms,
    nonceDer: isLeaf ? (input.nonceDer ?? null) : null,
  });
  const none = { ...NOTHING, certificate };
  if (!check.usable) return { ...none, status: check.stale ? 'stale' : 'missing', reasons: [`OCSP: ${check.fault}`] };
  const { single, responder } = check;
  const ofResponder = statusOfResponder(responder, issuer, input);
  if (ofResponder === 'revoked') return { ...none, status: 'missing', reasons: ['OCSP: the responder’s certificate is revoked'] };
  const { status, revokedAt, reason, thisUpdate, nextUpdate } = single;
  return { certificate, status, revokedAt, reason, thisUpdate, nextUpdate, evidence: { kind: 'ocsp', ocsp, responder, ...ofResponder }, reasons: [] };
}

/** RFC 6960 §4.2.2.2.1: asked of the issuer's CRLs, unless the responder's certificate forgoes it. */
function statusOfResponder(responder: Certificate, issuer: Certificate, input: RevocationInput): Pick<OcspEvidence, 'responderStatus' | 'responderRevokedAt'> | 'revoked' {
  if (responder.sha256Hex === issuer.sha256Hex || responder.ocspNoCheck) return { responderStatus: 'forgone', responderRevokedAt: null };
  const status = crlStatus(responder, issuer, contextOf(input));
  if (isRevokedAt(status, input.at)) return 'revoked';
  return { responderStatus: status.evidence?.kind === 'crl' ? status.evidence : null, responderRevokedAt: status.revokedAt };
}

function freshnessOf({ at, now, rules }: RevocationInput): CrlContext['freshness'] {
  return { at, now, maxAgeMs: rules.maxAgeMs, skewMs: rules.skewMs };
}

function contextOf(input: RevocationInput): CrlContext {
  const { chain, crls, certificates, rules, pathRules } = input;
  return { chain, crls, others: certificates ?? [], freshness: freshnessOf(input), strictProfile: rules.profile === 'fail', algorithms: rules.algorithms, pathRules: pathRules ?? null, trusted: new Set() };
}

function checkOf(status: CertificateStatus, at: Date): Check {
  const clause = status.evidence?.kind === 'ocsp' ? 'RFC 6960 §3.2' : 'RFC 5280 §6.3.3';
  const passed = status.status === 'good' || (status.status === 'revoked' && !isRevokedAt(status, at));
  return { name: 'revocation-status', clause, status: passed ? 'passed' : 'failed', detail: `“${status.certificate.subject}”: ${wordsOf(status)}` };
}

function wordsOf({ status, revokedAt, reason, thisUpdate, reasons }: CertificateStatus): string {
  if (status === 'good') return `not revoked as of ${thisUpdate?.toISOString()}`;
  if (status === 'revoked') return `revoked on ${revokedAt?.toISOString()} (${reason ?? 'no reason given'})`;
  const why = reasons.length === 0 ? '' : `: ${reasons.slice(0, 10).join('; ')}`;
  return `${status === 'missing' ? 'no usable revocation information' : `revocation information is ${status}`}${why}`;
}
