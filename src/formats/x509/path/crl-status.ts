import { GatewayError } from '../../../domain/errors.ts';
import { algorithmFault, type AlgorithmPolicy } from '../../algorithms/policy.ts';
import { verifyValue, type VerifyValueResult } from '../../algorithms/verify.ts';
import { ALL_REASONS, crlProfileFault, freshnessFault, isDeltaFor, lookUp, pointsOf, reasonsOf, scopeFault, type CrlStatus, type Freshness } from '../../crl/check-crl.ts';
import type { Crl } from '../../crl/read-crl.ts';
import type { Certificate } from '../certificate.ts';
import type { ReasonFlag } from '../extensions.ts';
import { sameName } from '../name.ts';
import type { Chain } from './chain.ts';
import type { CertificateStatus } from './revocation.ts';
import type { PathRules } from './rules.ts';
import { inheritsParameters, workingKey } from './signatures.ts';
import { validatePath } from './validate-path.ts';

export interface CrlContext {
  readonly chain: Chain;
  readonly crls: readonly Crl[];
  readonly others: readonly Certificate[];
  readonly freshness: Freshness;
  readonly strictProfile: boolean;
  readonly algorithms: AlgorithmPolicy | null;
  readonly pathRules: PathRules | null;
  /** SHA-256 of CRL signers whose own status is being asked: a signer's CRL may speak of the signer. */
  readonly trusted: ReadonlySet<string>;
}

/**
 * Status of one certificate by CRLs: over its distribution points until every reason is covered. Decides nothing about OCSP.
 * @see RFC 5280 §6.3.3
 */
export function crlStatus(certificate: Certificate, issuer: Certificate, context: CrlContext): CertificateStatus {
  const reasons: string[] = [];
  const covered = new Set<ReasonFlag>();
  let used = null as Usable | null;
  let stale = false;
  for (const point of pointsOf(certificate)) {
    for (const crl of completeCrls(context.crls)) {
      const speaksOf = reasonsOf(crl, point);
      if ([...speaksOf].every((reason) => covered.has(reason))) continue;
      const scope = scopeFault(crl, certificate, point);
      const usable = scope ?? usableCrl(crl, issuer, context);
      if (typeof usable === 'string') {
        reasons.push(`CRL of “${crl.issuer}” ${usable}`);
        stale ||= usable.startsWith(STALE);
        continue;
      }
      const found = entryOf(usable, certificate);
      if (found !== null) return answer(certificate, usable, found, reasons);
      if (isForgotten(certificate, usable)) {
        reasons.push(`CRL of “${crl.issuer}” was issued after the certificate had expired, when it need not be listed any more`);
        continue;
      }
      for (const reason of speaksOf) covered.add(reason);
      used = used === null || usable.thisUpdate < used.thisUpdate ? usable : used;
    }
  }
  if (used !== null && [...ALL_REASONS].every((reason) => covered.has(reason))) return answer(certificate, used, null, reasons);
  const status = used !== null ? 'unknown' : stale ? 'stale' : 'missing';
  return { certificate, status, revokedAt: null, reason: null, thisUpdate: null, nextUpdate: null, evidence: null, reasons: [...new Set(reasons)] };
}

interface Usable {
  readonly crl: Crl;
  readonly delta: Crl | null;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
}

/** RFC 5280 §3.3: entries are kept until one list after the certificate's end, unless the issuer says that it keeps them longer (X.509 §9.5.2.8). */
function isForgotten({ notAfter }: Certificate, { crl, thisUpdate }: Usable): boolean {
  return thisUpdate > notAfter && (crl.expiredCertsFrom === null || crl.expiredCertsFrom > notAfter);
}

const STALE = 'is stale';

function answer(certificate: Certificate, { crl, delta, thisUpdate, nextUpdate }: Usable, found: CrlStatus | null, reasons: readonly string[]): CertificateStatus {
  const evidence = { kind: 'crl', crl, delta } as const;
  if (found === null) return { certificate, status: 'good', revokedAt: null, reason: null, thisUpdate, nextUpdate, evidence, reasons };
  return { certificate, status: 'revoked', revokedAt: found.revokedAt, reason: found.reason, thisUpdate, nextUpdate, evidence, reasons };
}

/** Newest first, so that an older one never hides what a newer one says. */
function completeCrls(crls: readonly Crl[]): Crl[] {
  return crls.filter((crl) => crl.baseNumber === null).sort((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());
}

/** A delta CRL's entry comes before the complete one's; `removeFromCRL` lifts a hold (RFC 5280 §6.3.3 (i)–(k)). */
function entryOf({ crl, delta }: Usable, certificate: Certificate): CrlStatus | null {
  const changed = delta === null ? null : lookUp(delta, certificate);
  const entry = changed ?? lookUp(crl, certificate);
  return entry?.reason === 'removeFromCRL' ? null : entry;
}

/** The CRL with the newest delta CRL that fits, or why it must not be used. */
function usableCrl(crl: Crl, issuer: Certificate, context: CrlContext): Usable | string {
  const content = contentFault(crl, context);
  if (content !== null) return content;
  const signer = findSigner(crl, issuer, context);
  if (typeof signer === 'string') return signer;
  const delta = findDelta(crl, signer, context);
  const fault = freshnessFault(delta ?? crl, context.freshness);
  if (fault !== null) return fault.startsWith('is stale') || fault.startsWith('is older') ? `${STALE}: it ${fault}` : fault;
  const newest = delta ?? crl;
  return { crl, delta, thisUpdate: newest.thisUpdate, nextUpdate: newest.nextUpdate };
}

function contentFault(crl: Crl, { strictProfile }: CrlContext): string | null {
  if (crl.unknownCritical.length > 0) return `has the critical extension ${crl.unknownCritical.join(', ')}, which is not processed`;
  return strictProfile ? crlProfileFault(crl) : null;
}

function findDelta(crl: Crl, signer: Certificate, context: CrlContext): Crl | null {
  const fitting = context.crls.filter(
    (delta) => isDeltaFor(delta, crl) && contentFault(delta, context) === null && freshnessFault(delta, context.freshness) === null && signatureFault(delta, signer, context) === null,
  );
  return fitting.reduce<Crl | null>((newest, delta) => (newest === null || (delta.number ?? 0n) > (newest.number ?? 0n) ? delta : newest), null);
}

/** RFC 5280 §6.3.3 (f), (g): the issuer itself, or another key of the CRL issuer with a valid path to the same anchor. */
function findSigner(crl: Crl, issuer: Certificate, context: CrlContext): Certificate | string {
  const known = [issuer, ...context.chain.certificates, ...context.others];
  const candidates = known.filter((candidate, index) => sameName(candidate.subjectName, crl.issuerName) && known.findIndex(({ sha256Hex }) => sha256Hex === candidate.sha256Hex) === index);
  if (candidates.length === 0) return 'is of an issuer whose certificate is not known';
  const faults = new Set<string>();
  for (const candidate of candidates.slice(0, 20)) {
    const fault = signatureFault(crl, candidate, context) ?? usageFault(candidate) ?? authorityFault(candidate, issuer, context);
    if (fault === null) return candidate;
    faults.add(fault);
  }
  return [...faults].join('; ');
}

/** What a key says of a list's value is mathematics and stays; lists that are kept for their validity are asked again and again. */
const checkedValues = new WeakMap<Crl, WeakMap<Certificate, VerifyValueResult>>();

function checkValue(crl: Crl, signer: Certificate, chain: Chain): VerifyValueResult {
  const value = { algorithm: crl.signatureAlgorithm, data: crl.tbsDer, signature: crl.signature };
  if (inheritsParameters(signer)) {
    const index = chain.certificates.findIndex(({ sha256Hex }) => sha256Hex === signer.sha256Hex);
    return verifyValue({ ...value, spkiDer: (index < 0 ? null : workingKey(chain.certificates, index)) ?? signer.spkiDer });
  }
  const bySigner = checkedValues.get(crl) ?? new WeakMap<Certificate, VerifyValueResult>();
  const result = bySigner.get(signer) ?? verifyValue({ ...value, spkiDer: signer.spkiDer });
  checkedValues.set(crl, bySigner.set(signer, result));
  return result;
}

function signatureFault(crl: Crl, signer: Certificate, { algorithms, freshness, chain }: CrlContext): string | null {
  try {
    const { valid, digest, keyBits } = checkValue(crl, signer, chain);
    if (!valid) return 'is not signed with the key of its issuer';
    const weak = algorithms === null ? null : algorithmFault(algorithms, { digest, keyType: signer.publicKey.type, keyBits }, freshness.at);
    return weak === null ? null : `is signed with what policy refuses: ${weak}`;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'ALGORITHM_UNSUPPORTED') return 'is signed with an algorithm that is not supported';
    throw error;
  }
}

function usageFault({ keyUsage }: Certificate): string | null {
  return keyUsage !== null && !keyUsage.has('cRLSign') ? 'is signed by a key that may not sign CRLs (keyUsage)' : null;
}

function authorityFault(signer: Certificate, issuer: Certificate, context: CrlContext): string | null {
  const inChain = [issuer, ...context.chain.certificates.slice(1)].some(({ sha256Hex }) => sha256Hex === signer.sha256Hex);
  if (inChain || context.trusted.has(signer.sha256Hex)) return null;
  if (context.pathRules === null) return 'is signed outside the certificate’s path';
  const result = validatePath({
    leaf: signer,
    intermediates: [...context.chain.certificates.slice(1), ...context.others],
    anchors: [context.chain.anchor],
    at: context.freshness.at,
    rules: { ...context.pathRules, leaf: { keyUsage: ['cRLSign'], onlyKeyUsage: null, purpose: null, mayBeCa: true, asAnchor: 'accepted' }, issuerPurpose: null },
  });
  if (result.outcome !== 'PASSED' || result.anchor === null) return 'is signed by an issuer without a valid path to the same anchor';
  return isRevoked(signer, { certificates: result.chain, anchor: result.anchor }, context) ? 'is signed by an issuer whose certificate is revoked' : null;
}

/** The signer's CRL may be the one that speaks of the signer: it is trusted for that question alone. */
function isRevoked(signer: Certificate, chain: Chain, context: CrlContext): boolean {
  const issuer = chain.certificates[1];
  if (issuer === undefined) return false;
  const trusted = new Set([...context.trusted, signer.sha256Hex]);
  const { status, revokedAt } = crlStatus(signer, issuer, { ...context, chain, trusted });
  return status === 'revoked' && (revokedAt === null || revokedAt <= context.freshness.at);
}
