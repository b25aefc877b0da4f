import { isGatewayError } from '../../domain/errors.ts';
import type { Check, TimestampReport } from '../../domain/validation-report.ts';
import { findDigest, sha256HexOf, type DigestName } from '../algorithms/digests.ts';
import { algorithmFault, digestFault } from '../algorithms/policy.ts';
import type { Certificate } from '../x509/certificate.ts';
import { checkTimestampToken, type TimestampCheckResult } from '../tsp/check-token.ts';
import { stampedTime, type StampedTime } from '../tsp/order.ts';
import { readTimestampToken, type TimestampToken } from '../tsp/token.ts';
import { joinMaterial, piecesOfMaterial, proofsFrom, readMaterial, type ExistenceProofs, type RevocationMaterial, type ValidationContext } from './context.ts';
import { judgeCertificate, type CertificateJudgement } from './judge-certificate.ts';

export interface ValidateTimestampInput {
  readonly type: TimestampReport['type'];
  /** Id of the signature, or of the field of a document time-stamp. */
  readonly covers: string;
  readonly tokenDer: Uint8Array;
  /** Digest of what the token should cover. */
  readonly imprint: (digest: DigestName) => Uint8Array;
  /** When the token is proven to have existed, where that is not for `existed` to say. */
  readonly provenAt?: Date;
  /** Certificates and revocation information of the container (DSS). */
  readonly certificates: readonly Certificate[];
  readonly embedded: RevocationMaterial;
  /** Proofs for what the container holds. */
  readonly existed: ExistenceProofs;
  readonly context: ValidationContext;
}

export interface ValidatedTimestamp {
  readonly report: TimestampReport;
  /** genTime, when the token passed and so proves that what it covers existed then. */
  readonly proves: Date | null;
  /** When it says that it was made; null when it cannot be read. */
  readonly time: StampedTime | null;
  /** SHA-256 of the token as it stands in the document, for proofs of its existence. */
  readonly sha256Hex: string;
  /** Whether path and revocation of the authority came with the document. */
  readonly selfContained: boolean;
}

/** A time-stamp over more than one value. */
export interface CoveringTimestamp extends ValidatedTimestamp {
  /** Whether a certificate, revocation information or token of this SHA-256 is among what it covers. */
  readonly covers: (sha256Hex: string) => boolean;
}

/**
 * Judges a time-stamp: token, authority's path, revocation, algorithms, at the time at which the token itself is proven to have existed.
 * Answers; does not throw for bad tokens.
 * @see ETSI EN 319 102-1 §5.4, §5.6.2; RFC 3161 §2.4.2
 */
export function validateTimestamp(input: ValidateTimestampInput): ValidatedTimestamp {
  const sha256Hex = sha256HexOf(input.tokenDer);
  const token = readTokenOrReason(input.tokenDer);
  if (typeof token === 'string') return { ...unreadable(input, token), sha256Hex };
  const result = checkTimestampToken(token, { imprint: input.imprint, certificates: [...input.certificates, ...input.context.certificates], at: input.context.at });
  const trust = judgeTrust(input, input.provenAt ?? input.existed(sha256Hex) ?? input.context.at, token, result);
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
  return { report, proves: indication === 'PASSED' ? result.genTime : null, time: stampedTime(token.info, result.certificate), sha256Hex, selfContained: trust.selfContained };
}

type Trust = Pick<CertificateJudgement, 'subIndication' | 'checks' | 'selfContained'>;

function judgeTrust({ context, embedded: container, certificates, existed }: ValidateTimestampInput, provenAt: Date, token: TimestampToken, result: TimestampCheckResult): Trust {
  const { certificate } = result;
  if (certificate === null) return { subIndication: 'NO_SIGNING_CERTIFICATE_FOUND', checks: [], selfContained: false };
  const { policy, anchors, at: now } = context;
  const { crlsDer, ocspResponsesDer } = token.signedData;
  const carried = [...token.signedData.certificates, ...certificates];
  const inside = readMaterial('embedded', crlsDer, ocspResponsesDer);
  // What lies in the token existed when the token did, and so did the certificate that the authority signed the hash of.
  const pieces = new Set([...piecesOfMaterial(inside), ...token.signedData.certificates.map(({ sha256Hex }) => sha256Hex), certificate.sha256Hex]);
  const known = provenAt < now ? proofsFrom([{ time: provenAt, pieces }], existed) : existed;
  const path = judgeCertificate({ certificate, carried, embedded: joinMaterial(container, inside), anchors: anchors.timestamp, rules: policy.timestampPath, at: provenAt, existed: known, context });
  const fault = weaknessOf(token, certificate, result, provenAt, context);
  const check: Check = { name: 'algorithms', clause: 'EN 319 102-1 §5.2.8', status: fault === null ? 'passed' : 'failed', detail: fault ?? 'accepted by the policy' };
  return { subIndication: path.subIndication ?? (fault === null ? null : 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'), checks: [...path.checks, check], selfContained: path.selfContained };
}

/** Of the authority's signature, and of the hash by which the token knows what it covers. */
function weaknessOf({ info }: TimestampToken, { publicKey }: Certificate, { algorithms }: TimestampCheckResult, provenAt: Date, { policy }: ValidationContext): string | null {
  const ofSignature = algorithmFault(policy.algorithms, { digest: algorithms.digest, keyType: publicKey.type, keyBits: publicKey.bits }, provenAt);
  return ofSignature ?? digestFault(policy.algorithms, findDigest(info.imprintAlgorithm), provenAt);
}

function readTokenOrReason(der: Uint8Array): TimestampToken | string {
  try {
    return readTimestampToken(der);
  } catch (error) {
    if (isGatewayError(error, 'TSA_TOKEN_INVALID', 'ASN1_LIMIT')) return error.message;
    throw error;
  }
}

function unreadable(input: ValidateTimestampInput, reason: string): Omit<ValidatedTimestamp, 'sha256Hex'> {
  const check: Check = { name: 'timestamp-readable', clause: 'RFC 3161 §2.4.2', status: 'failed', detail: reason };
  const report: TimestampReport = { type: input.type, genTime: null, tsa: null, covers: input.covers, indication: 'FAILED', subIndication: 'FORMAT_FAILURE', checks: [check] };
  return { report, proves: null, time: null, selfContained: false };
}
