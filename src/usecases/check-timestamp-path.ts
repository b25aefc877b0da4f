import { GatewayError } from '../domain/errors.ts';
import { NO_MATERIAL, type ValidationContext } from '../formats/ades/context.ts';
import { judgeCertificate, type CertificateJudgement } from '../formats/ades/judge-certificate.ts';
import type { TimestampToken } from '../formats/tsp/token.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import type { Clock } from '../ports/clock.ts';
import { judgeWithCollector } from './judge-with-collector.ts';
import { anchorsFor, type LongTermPorts } from './look-at-document.ts';

export interface TimestampPathPorts {
  readonly clock: Clock;
  /** Absent: nobody says which authorities are trusted. */
  readonly longTerm?: LongTermPorts | undefined;
}

/**
 * Whether the authority is one that is trusted for time-stamps: a verifier with the same anchors would not take its token otherwise. Nothing is fetched
 * where the token carries its chain; whether the authority's certificate is revoked is asked for B-LT and above. Without anchors for
 * time-stamps nothing is judged.
 * @throws TSA_TOKEN_INVALID; what the trust store throws; CANCELLED
 * @see RFC 3161 §2.3, RFC 5280 §6
 */
export async function checkTimestampPath({ longTerm, clock }: TimestampPathPorts, { signedData, info }: TimestampToken, certificate: Certificate, signal?: AbortSignal): Promise<void> {
  if (longTerm === undefined) return;
  const { trustStore, policy, collector } = longTerm;
  const anchors = await anchorsFor(trustStore, 'timestamp');
  if (anchors.length === 0) return;
  const context: ValidationContext = { policy, at: clock.now(), anchors: { signature: [], timestamp: anchors }, certificates: [], revocation: NO_MATERIAL };
  const question = { certificate, carried: signedData.certificates, embedded: NO_MATERIAL, anchors, rules: policy.timestampPath, at: info.genTime };
  const judge = (known: ValidationContext): CertificateJudgement => judgeCertificate({ ...question, context: known });
  const alone = judge(context);
  const judged = pathFault(alone) === null ? alone : await judgeWithCollector(collector, context, judge, signal);
  const fault = pathFault(judged);
  if (fault !== null) throw new GatewayError('TSA_TOKEN_INVALID', `The time-stamp cannot be used: the certificate of the authority has no valid path to a trust anchor for time-stamps (${fault}); name its anchor with --trust-tsa, LIENTHONG_TRUST_TSA or “lienthong trust”`);
}

function pathFault({ checks, revocation }: CertificateJudgement): string | null {
  if (revocation.some(({ status }) => status === 'revoked')) return 'revoked';
  return checks.find(({ name, status }) => status === 'failed' && /^(path|leaf)-/.test(name))?.detail ?? null;
}
