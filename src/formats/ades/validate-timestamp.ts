import { isGatewayError } from '../../domain/errors.ts';
import type { Check, TimestampReport } from '../../domain/validation-report.ts';
import type { DigestName } from '../algorithms/digests.ts';
import { algorithmFault } from '../algorithms/policy.ts';
import type { Certificate } from '../x509/certificate.ts';
import { checkTimestampToken, type TimestampCheckResult } from '../tsp/check-token.ts';
import { readTimestampToken, type TimestampToken } from '../tsp/token.ts';
import { joinMaterial, readMaterial, withProofOf, type ExistenceProofs, type RevocationMaterial, type ValidationContext } from './context.ts';
import { judgeCertificate, type CertificateJudgement } from './judge-certificate.ts';

export interface ValidateTimestampInput {
  readonly type: TimestampReport['type'];
  /** Id of the signature, or of the field of a document time-stamp. */
  readonly covers: string;
  readonly tokenDer: Uint8Array;
  /** Digest of what the token should cover. */
  readonly imprint: (digest: DigestName) => Uint8Array;
  /** When the token is proven to have existed; the validation time when nothing proves it. */
  readonly provenAt: Date;
  /** Certificates and revocation information of the container (DSS). */
  readonly certificates: readonly Certificate[];
  readonly embedded: RevocationMaterial;
  /** Proofs for the container's revocation information. */
  readonly existed: ExistenceProofs;
  readonly context: ValidationContext;
}

export interface ValidatedTimestamp {
  readonly report: TimestampReport;
  /** genTime, when the token passed and so proves that what it covers existed then. */
  readonly proves: Date | null;
  /** Whether path and revocation of the authority came with the document. */
  readonly selfContained: boolean;
}

/**
 * Judges a time-stamp: token, authority's path, revocation, algorithms. Answers; does not throw for bad tokens.
 * @see ETSI EN 319 102-1 §5.4; RFC 3161 §2.4.2
 */
export function validateTimestamp(input: ValidateTimestampInput): ValidatedTimestamp {
  const token = readTokenOrReason(input.tokenDer);
  if (typeof token === 'string') return unreadable(input, token);
  const result = checkTimestampToken(token, { imprint: input.imprint, certificates: [...input.certificates, ...input.context.certificates], at: input.context.at });
  const trust = judgeTrust(input, token, result);
  const subIndication = result.subIndication ?? trust.subIndication;
  const indication = result.indication === 'FAILED' ? 'FAILED' : subIndication === null ? 'PASSED' : 'INDETERMINATE';
  const report: TimestampReport = {
    type: input.type,
    genTime: result.genTime.toISOString(),
    tsa: result.certificate?.subject ?? null,
    covers: input.covers,
    indication,
    subIndication,
    checks: [...result.checks, ...trust.checks],
  };
  return { report, proves: indication === 'PASSED' ? result.genTime : null, selfContained: trust.selfContained };
}

type Trust = Pick<CertificateJudgement, 'subIndication' | 'checks' | 'selfContained'>;

function judgeTrust({ context, provenAt, embedded: container, certificates, existed }: ValidateTimestampInput, token: TimestampToken, result: TimestampCheckResult): Trust {
  const { certificate, algorithms } = result;
  if (certificate === null) return { subIndication: 'NO_SIGNING_CERTIFICATE_FOUND', checks: [], selfContained: false };
  const { policy, anchors } = context;
  const { crlsDer, ocspResponsesDer } = token.signedData;
  const carried = [...token.signedData.certificates, ...certificates];
  const inside = readMaterial('embedded', crlsDer, ocspResponsesDer);
  const embedded = joinMaterial(container, inside);
  const path = judgeCertificate({ certificate, carried, embedded, anchors: anchors.timestamp, rules: policy.timestampPath, at: provenAt, existed: withProofOf(inside, provenAt < context.at ? provenAt : null, existed), context });
  const fault = algorithmFault(policy.algorithms, { digest: algorithms.digest, keyType: certificate.publicKey.type, keyBits: certificate.publicKey.bits }, provenAt);
  const check: Check = { name: 'algorithms', clause: 'EN 319 102-1 §5.2.8', status: fault === null ? 'passed' : 'failed', detail: fault ?? 'accepted by the policy' };
  return { subIndication: path.subIndication ?? (fault === null ? null : 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'), checks: [...path.checks, check], selfContained: path.selfContained };
}

function readTokenOrReason(der: Uint8Array): TimestampToken | string {
  try {
    return readTimestampToken(der);
  } catch (error) {
    if (isGatewayError(error, 'TSA_TOKEN_INVALID', 'ASN1_LIMIT')) return error.message;
    throw error;
  }
}

function unreadable(input: ValidateTimestampInput, reason: string): ValidatedTimestamp {
  const check: Check = { name: 'timestamp-readable', clause: 'RFC 3161 §2.4.2', status: 'failed', detail: reason };
  const report: TimestampReport = { type: input.type, genTime: null, tsa: null, covers: input.covers, indication: 'FAILED', subIndication: 'FORMAT_FAILURE', checks: [check] };
  return { report, proves: null, selfContained: false };
}
