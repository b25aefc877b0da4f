import { GatewayError } from '../domain/errors.ts';
import type { DigestAlgorithm } from '../domain/signature.ts';
import type { ChainLink, Check, RevocationStatus } from '../domain/validation-report.ts';
import { algorithmFault } from '../formats/algorithms/policy.ts';
import { NO_MATERIAL, type ValidationContext } from '../formats/ades/context.ts';
import { judgeCertificate, UNFETCHED, type CertificateJudgement } from '../formats/ades/judge-certificate.ts';
import type { ValidationPolicy } from '../formats/ades/policy.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import { checkSignerCertificate } from '../formats/x509/signer-certificate.ts';
import type { Clock } from '../ports/clock.ts';
import type { TrustStore } from '../ports/trust-store.ts';
import type { RevocationCollector } from './collect-revocation.ts';
import { judgeWithCollector } from './judge-with-collector.ts';

export interface CheckSignerPorts {
  readonly trustStore: TrustStore;
  readonly clock: Clock;
  /** Without it nothing is fetched, and the status of the certificate is not known. */
  readonly collector?: RevocationCollector | undefined;
}

export interface CheckSignerRequest {
  /** The signer's certificate and what came with it, DER. */
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  readonly policy: ValidationPolicy;
  readonly digestAlgorithm: DigestAlgorithm;
  /** Default: what the policy says. */
  readonly revocationUnavailable?: 'refuse' | 'warn' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was found about the signer's certificate before its key is used, for the evidence row. */
export interface CheckedSigner {
  readonly certificate: Certificate;
  readonly checkedAt: Date;
  readonly policy: { readonly id: string; readonly version: string; readonly sha256: string };
  readonly chain: readonly ChainLink[];
  readonly revocation: readonly RevocationStatus[];
  /** `unavailable` only where policy permits; `warnings` then say why. */
  readonly status: 'good' | 'unavailable';
  readonly warnings: readonly string[];
}

/**
 * Before a key is used: validity, usage, path to an anchor for signers, algorithms by policy, revocation of the whole path. What cannot be
 * checked is refused unless policy permits; what is known to be wrong always is.
 * @throws CERTIFICATE_MALFORMED, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_USAGE, KEY_UNSUPPORTED, ALGORITHM_UNSUPPORTED,
 * CERTIFICATE_CHAIN, CERTIFICATE_REVOKED, REVOCATION_UNAVAILABLE, CANCELLED; what the trust store throws
 * @see Circular 15/2025/TT-BKHCN art. 5; RFC 5280 §6
 */
export async function checkSigner(ports: CheckSignerPorts, request: CheckSignerRequest): Promise<CheckedSigner> {
  const { policy, digestAlgorithm, signal } = request;
  const [certificate, ...carried] = readChain(request.chainDer);
  const checkedAt = ports.clock.now();
  checkSignerCertificate(certificate, checkedAt);
  checkAlgorithm(certificate, digestAlgorithm, policy, checkedAt);
  const anchors = (await ports.trustStore.anchors('signature')).map(({ certificateDer, ...rest }) => ({ ...rest, certificate: readKnownCertificate(certificateDer) }));
  const context: ValidationContext = { policy, at: checkedAt, anchors: { signature: anchors, timestamp: [] }, certificates: [], revocation: NO_MATERIAL };
  const question = { certificate, carried, embedded: NO_MATERIAL, anchors, rules: policy.signaturePath, at: checkedAt };
  const judgement = await judgeWithCollector(ports.collector, context, (known) => judgeCertificate({ ...question, context: known }), signal);
  checkPath(judgement);
  checkNotRevoked(judgement);
  const warnings = statusWarnings(judgement, request.revocationUnavailable ?? policy.signing.revocationUnavailable);
  const { id, version, sha256 } = policy;
  const { chain, revocation } = judgement;
  return { certificate, checkedAt, policy: { id, version, sha256 }, chain, revocation, status: warnings.length === 0 ? 'good' : 'unavailable', warnings };
}

function readChain([leafDer, ...others]: CheckSignerRequest['chainDer']): readonly [Certificate, ...Certificate[]] {
  return [readKnownCertificate(leafDer), ...others.map((der) => readKnownCertificate(der))];
}

function checkAlgorithm({ publicKey }: Certificate, digest: DigestAlgorithm, policy: ValidationPolicy, at: Date): void {
  const fault = algorithmFault(policy.algorithms, { digest, keyType: publicKey.type, keyBits: publicKey.bits }, at);
  if (fault !== null) throw new GatewayError('ALGORITHM_UNSUPPORTED', `The policy ${policy.id} refuses this signature: ${fault}; nothing was signed`);
}

const REVOCATION_CHECKS: readonly string[] = ['revocation-status', UNFETCHED];

function checkPath({ checks }: CertificateJudgement): void {
  const failed = checks.find(({ name, status }) => status === 'failed' && !REVOCATION_CHECKS.includes(name));
  if (failed === undefined) return;
  const unfetched = checks.filter(({ name }) => name === UNFETCHED).map(({ detail }) => `; ${detail}`);
  throw new GatewayError(CODE_OF[failed.name] ?? 'CERTIFICATE_CHAIN', `The signer's certificate has no valid path to a trust anchor (${failed.detail}${unfetched.join('')}): nothing was signed`);
}

const CODE_OF: Readonly<Record<Check['name'], 'ALGORITHM_UNSUPPORTED'>> = { 'path-algorithms-by-date': 'ALGORITHM_UNSUPPORTED' };

/** A suspended certificate (certificateHold) must not sign either, nor one whose revocation is dated in the future. */
function checkNotRevoked({ revocation, checks }: CertificateJudgement): void {
  const index = revocation.findIndex(({ status }) => status === 'revoked');
  if (index < 0) return;
  const whose = index === 0 ? "The signer's certificate" : "A certificate above the signer's";
  const detail = checks.filter(({ name }) => name === 'revocation-status')[index]?.detail ?? 'revoked';
  throw new GatewayError('CERTIFICATE_REVOKED', `${whose} is revoked or suspended (${detail}): nothing was signed`);
}

function statusWarnings({ revocation, checks }: CertificateJudgement, unavailable: 'refuse' | 'warn'): readonly string[] {
  if (revocation.every(({ status }) => status === 'good')) return [];
  const unfetched = checks.filter(({ name }) => name === UNFETCHED);
  const open = unfetched.length > 0 ? unfetched : checks.filter(({ name, status }) => name === 'revocation-status' && status === 'failed');
  const reasons = open.map(({ detail }) => detail);
  if (unavailable === 'warn') return reasons;
  throw new GatewayError('REVOCATION_UNAVAILABLE', `Whether the signer's certificate is revoked could not be found out, so nothing was signed: ${reasons.join(' | ')}`);
}
