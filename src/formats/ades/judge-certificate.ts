import type { Check, ChainLink, RevocationStatus, SubIndication } from '../../domain/validation-report.ts';
import type { Certificate } from '../x509/certificate.ts';
import { checkRevocation, isRevokedAt, type CertificateStatus } from '../x509/path/revocation.ts';
import { validatePath, type PathResult } from '../x509/path/validate-path.ts';
import { NO_MATERIAL, NOTHING_PROVEN, withoutPieces, type CertificateQuestion, type ExistenceProofs, type MaterialSource, type ValidationContext } from './context.ts';
import { judgePast, standsToday, type PastJudgement } from './past-validation.ts';
import { relianceOf } from './reliance.ts';

export interface JudgeCertificateInput extends CertificateQuestion {
  readonly context: ValidationContext;
  /** Proofs for certificates and revocation information; absent: none. */
  readonly existed?: ExistenceProofs;
}

export interface CertificateJudgement {
  /** null: path and revocation leave nothing to say. */
  readonly subIndication: SubIndication | null;
  /** When the certificate itself was revoked; null when it was not, or nobody says so. */
  readonly revokedAt: Date | null;
  readonly chain: readonly ChainLink[];
  readonly revocation: readonly RevocationStatus[];
  readonly checks: readonly Check[];
  /** Whether everything but the anchor came with the document: what the long-term levels ask for (EN 319 142-1 §6.3). */
  readonly selfContained: boolean;
}

/**
 * Whether a certificate may be relied on at a time: path to an anchor, then revocation of each certificate of the path, and for a time in
 * the past, whether what is known of it may still be believed.
 * @see ETSI EN 319 102-1 §5.2.5, §5.2.6, §5.6.2
 */
export function judgeCertificate(input: JudgeCertificateInput): CertificateJudgement {
  const { context, existed: _, ...question } = input;
  const { certificate, carried, anchors, rules, at } = question;
  const path = validatePath({ leaf: certificate, intermediates: [...carried, ...context.certificates], anchors, at, rules });
  const chain = path.chain.map((link) => ({ subject: link.subject, sha256: link.sha256Hex, anchor: path.anchor?.certificate.sha256Hex === link.sha256Hex }));
  const { statuses, checks, past } = believedRevocation(input, path);
  if (statuses.some(({ status }) => status !== 'good' && status !== 'revoked')) context.onQuestion?.(question, path);
  context.onReliance?.(relianceOf(path.chain, statuses));
  const revocation = statuses.map((status) => reported(status, input));
  return {
    subIndication: path.subIndication ?? gravest(statuses, at) ?? past?.subIndication ?? null,
    revokedAt: statuses[0]?.status === 'revoked' ? statuses[0].revokedAt : null,
    chain,
    revocation,
    checks: [...path.checks, ...checks, ...(past === null ? [] : [past.check]), ...unfetchedOf(path, context)],
    selfContained: path.anchor !== null && isCarried(path, carried) && isEmbedded(revocation, input, path),
  };
}

interface BelievedRevocation extends RevocationFindings {
  /** null where the present is asked about, or nothing is left to ask of the past. */
  readonly past: PastJudgement | null;
}

/** Pieces set aside for one certificate. */
const MAX_SET_ASIDE = 20;

/**
 * Revocation with what is believed of it. Newer information comes first, but may be proven less well: it is set aside and the rest is
 * asked, unless it speaks of a revocation. When nothing else does better, the first answer stands.
 */
function believedRevocation(input: JudgeCertificateInput, path: PathResult): BelievedRevocation {
  const first = pastOf(revocationOf(input, path), input, path);
  let tried = first;
  const aside = new Set<string>();
  while (tried.past !== null && tried.past.unproven.length > 0 && aside.size < MAX_SET_ASIDE) {
    for (const piece of tried.past.unproven) aside.add(piece);
    const { context, embedded } = input;
    const rest = { ...input, embedded: withoutPieces(embedded, aside), context: { ...context, revocation: withoutPieces(context.revocation, aside) } };
    tried = pastOf(revocationOf(rest, path), input, path);
  }
  const isBetter = tried.past?.subIndication === null || tried.statuses.some((status) => isRevokedAt(status, input.at));
  return isBetter ? tried : first;
}

function pastOf(found: RevocationFindings, { context, existed = NOTHING_PROVEN, rules, at }: JudgeCertificateInput, path: PathResult): BelievedRevocation {
  if (at >= context.at || path.anchor === null || gravest(found.statuses, at) !== null) return { ...found, past: null };
  const { algorithms, revocation } = context.policy;
  const past = { chain: path.chain, statuses: found.statuses, at, now: context.at, existed, algorithms, rules: revocation, anchorEnds: rules.anchors.validity };
  return { ...found, past: standsToday(past) ? null : judgePast(past) };
}

function isCarried({ chain }: PathResult, carried: readonly Certificate[]): boolean {
  const known = new Set(carried.map(({ sha256Hex }) => sha256Hex));
  return chain.slice(0, -1).every(({ sha256Hex }) => known.has(sha256Hex));
}

/** Information fetched later may be newer than what the document holds; it does not make the document hold less. */
function isEmbedded(revocation: readonly RevocationStatus[], input: JudgeCertificateInput, path: PathResult): boolean {
  if (revocation.every(({ source }) => source === 'embedded')) return true;
  const { crls, ocsps } = input.context.revocation;
  if (crls.length + ocsps.length === 0) return false;
  const { statuses } = revocationOf({ ...input, context: { ...input.context, revocation: NO_MATERIAL } }, path);
  return statuses.every(({ evidence }) => evidence !== null);
}

function unfetchedOf({ chain }: PathResult, { unfetched }: ValidationContext): Check[] {
  const texts = new Set(chain.flatMap(({ sha256Hex }) => unfetched?.get(sha256Hex) ?? []));
  return [...texts].map((detail) => ({ name: UNFETCHED, clause: 'Circular 15/2025/TT-BKHCN art. 6', status: 'warning', detail }));
}

/** Name of the checks that say what could not be fetched. */
export const UNFETCHED = 'revocation-fetched';

interface RevocationFindings {
  readonly statuses: readonly CertificateStatus[];
  readonly checks: readonly Check[];
}

/** Also asked when the path fails for another reason, so that a revocation is never hidden; without an anchor nobody can vouch for anything. */
function revocationOf(input: JudgeCertificateInput, path: PathResult): RevocationFindings {
  const { context, embedded, carried, at } = input;
  if (path.anchor === null) {
    const check: Check = { name: 'revocation-status', clause: 'RFC 5280 §6.3.3', status: 'skipped', detail: 'not asked: there is no path to a trust anchor' };
    return { statuses: [nothingKnown(input.certificate)], checks: [check] };
  }
  return checkRevocation({
    chain: { certificates: path.chain, anchor: path.anchor },
    crls: [...embedded.crls, ...context.revocation.crls].map(({ crl }) => crl),
    ocsps: [...embedded.ocsps, ...context.revocation.ocsps].map(({ ocsp }) => ocsp),
    certificates: [...carried, ...context.certificates],
    at,
    now: context.at,
    rules: context.policy.revocation,
  });
}

function nothingKnown(certificate: Certificate): CertificateStatus {
  return { certificate, status: 'missing', revokedAt: null, reason: null, thisUpdate: null, nextUpdate: null, evidence: null, reasons: [] };
}

/** What is not known is never taken for good. */
function gravest(statuses: readonly CertificateStatus[], at: Date): SubIndication | null {
  const revoked = statuses.findIndex((status) => isRevokedAt(status, at));
  if (revoked >= 0) return revoked === 0 ? 'REVOKED_NO_POE' : 'REVOKED_CA_NO_POE';
  if (statuses.some(({ status }) => status === 'missing' || status === 'unknown')) return 'CERTIFICATE_CHAIN_GENERAL_FAILURE';
  return statuses.some(({ status }) => status === 'stale') ? 'TRY_LATER' : null;
}

function reported({ certificate, status, thisUpdate, evidence }: CertificateStatus, input: JudgeCertificateInput): RevocationStatus {
  return { for: certificate.sha256Hex, source: sourceOf(evidence, input), type: evidence?.kind ?? null, thisUpdate: thisUpdate?.toISOString() ?? null, status };
}

function sourceOf(evidence: CertificateStatus['evidence'], { embedded, context }: JudgeCertificateInput): MaterialSource | null {
  if (evidence === null) return null;
  const all = [embedded, context.revocation];
  if (evidence.kind === 'crl') return all.flatMap(({ crls }) => crls).find(({ crl }) => crl === evidence.crl)?.source ?? null;
  return all.flatMap(({ ocsps }) => ocsps).find(({ ocsp }) => ocsp === evidence.ocsp)?.source ?? null;
}
