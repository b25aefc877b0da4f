import type { CertificateSummary, Check, Coverage, SignatureReport, SubIndication, TimestampReport } from '../../domain/validation-report.ts';
import { digestOf, standardDigestName, type DigestName } from '../algorithms/digests.ts';
import { algorithmFault } from '../algorithms/policy.ts';
import { checkSignerInfo, type SignatureProfile, type SignerInfoResult } from '../cms/check-signer-info.ts';
import { readRevocationInfoArchival } from '../cms/revocation-info-archival.ts';
import type { SignedData, SignerInfo } from '../cms/signed-data.ts';
import type { Certificate } from '../x509/certificate.ts';
import { conclude } from './conclude.ts';
import { constraintFindings } from './constraint-findings.ts';
import { applyConstraints, type ConstraintFinding } from './constraints.ts';
import { joinMaterial, piecesOfMaterial, proofsFrom, readMaterial, type ExistenceProofs, type ProofOfExistence, type RevocationMaterial, type ValidationContext } from './context.ts';
import { judgeCertificate, type CertificateJudgement } from './judge-certificate.ts';
import { levelMet } from './level.ts';
import { notMadeBefore } from '../tsp/order.ts';
import { validateTimestamp, type CoveringTimestamp, type ValidatedTimestamp, type ValidateTimestampInput } from './validate-timestamp.ts';
import { warningsOf } from './warnings.ts';

export interface ValidateSignatureInput {
  readonly id: string;
  readonly kind: SignatureReport['kind'];
  /** `PAdES`, `CAdES`, or `PKCS7` for adbe.pkcs7.*. */
  readonly format: 'PAdES' | 'CAdES' | 'PKCS7';
  readonly profile: SignatureProfile;
  readonly signedData: SignedData;
  readonly signerInfo: SignerInfo;
  /** Digest of what is signed, when it lies outside the CMS; null when it cannot be had. */
  readonly contentDigest?: ((digest: DigestName) => Uint8Array | null) | undefined;
  /** What is signed, where signatures without signed attributes are to be judged (adbe.pkcs7.detached). */
  readonly contentBytes?: (() => Uint8Array | null) | undefined;
  readonly coverage: Coverage;
  /** Rules of the container, with their failures. */
  readonly containerChecks: readonly Check[];
  /** What the container warns of, in words. */
  readonly containerWarnings: readonly string[];
  readonly certification: SignatureReport['certification'];
  readonly reason: string | null;
  /** Time in the container (/M of a PDF); the signing-time attribute counts when this is null. */
  readonly containerTime: Date | null;
  /** Certificates and revocation information of the container (DSS). */
  readonly certificates: readonly Certificate[];
  readonly material: RevocationMaterial;
  /** What proves from outside that the signature existed, such as a later document time-stamp. */
  readonly proof: ProofOfExistence | null;
  /** Time-stamps of the container over the signature and more, whether they passed or not, in the order in which they were made. */
  readonly coveringTimestamps: readonly CoveringTimestamp[];
  /** Proofs for what the container and the CMS hold. */
  readonly existed: ExistenceProofs;
  readonly context: ValidationContext;
}

export interface ValidatedSignature {
  readonly report: SignatureReport;
  readonly timestamps: readonly TimestampReport[];
  readonly signer: SignerInfoResult;
}

/** Judged per signature; further ones can add no proof that these do not give. */
const MAX_TIMESTAMPS = 20;

/**
 * Validates one signature: format, certificate, value, time-stamps, path, revocation, algorithms; all blocks always run. Pure:
 * what is not handed in is missing, and said to be.
 * @see ETSI EN 319 102-1 §5.3, §5.5
 */
export function validateSignature(input: ValidateSignatureInput): ValidatedSignature {
  const { signedData, signerInfo, context, profile } = input;
  const signer = checkSignerInfo({ signedData, signerInfo, profile, certificates: [...input.certificates, ...context.certificates], ...(input.contentDigest && { contentDigest: input.contentDigest }), ...(input.contentBytes && { contentBytes: input.contentBytes }) });
  const timestamps = signer.signatureTimestamps.slice(0, MAX_TIMESTAMPS).map((tokenDer) => validateSignatureTimestamp(input, tokenDer));
  const proof = earliest([input.proof, ...timestamps.map(({ proves }): ProofOfExistence | null => (proves === null ? null : { time: proves, source: 'timestamp' }))]);
  const best = proof?.time ?? context.at;
  const contents = signer.contentTimestamps.slice(0, MAX_TIMESTAMPS).map((tokenDer) => validateContentTimestamp(input, tokenDer, best));
  const madeAfter = latest(contents);
  const trust = judgeTrust(input, signer.signerCertificate, best);
  const level = levelMet(input, signer, timestamps, trust);
  const claimed = input.containerTime ?? signer.claimedSigningTime;
  const { containerWarnings, coverage } = input;
  const constraints = applyConstraints(context.policy.constraints, [
    ...algorithmFindings(signer, best, madeAfter, context),
    ...constraintFindings({ signedData, signerInfo, signer, coverage, containerWarnings, level, proof, best, claimed, contentTimestamps: contents, signatureTimestamps: timestamps, coveringTimestamps: input.coveringTimestamps, skewMs: context.policy.revocation.skewMs }),
  ]);
  const conclusion = conclude({
    integrity: signer.integrity,
    signature: signer.subIndication,
    containerBroken: input.containerChecks.some(({ status }) => status === 'failed'),
    coverage,
    certificate: certificateFault(signer.signerCertificate, trust, proof, madeAfter),
    constraints: constraints.subIndication,
  });
  const reports = [...contents, ...timestamps].map(({ report }) => report);
  const report: SignatureReport = {
    id: input.id,
    kind: input.kind,
    format: input.format,
    level,
    integrity: signer.integrity,
    ...conclusion,
    signer: signer.signerCertificate === null ? null : summaryOf(signer.signerCertificate),
    chain: trust?.chain ?? [],
    revocation: trust?.revocation ?? [],
    signingTime: { claimed: claimed?.toISOString() ?? null, best: best.toISOString(), source: proof?.source ?? 'validation-time' },
    validityAtClaimedTime: validityAt(claimed, signer.signerCertificate, trust),
    algorithms: { digest: signer.algorithms.digest === null ? null : standardDigestName(signer.algorithms.digest), signature: signer.algorithms.signature, keyBits: signer.algorithms.keyBits },
    coverage,
    certification: input.certification,
    reason: input.reason,
    checks: [...input.containerChecks, ...signer.checks, ...(trust?.checks ?? []), ...constraints.checks],
    warnings: [...new Set([...warningsOf({ signer, trust, timestamps: reports }), ...constraints.warnings.filter((warning) => warning !== containerWarnings.join('; ')), ...containerWarnings])],
  };
  return { report, timestamps: reports, signer };
}

function validateSignatureTimestamp(input: ValidateSignatureInput, tokenDer: Uint8Array): ValidatedTimestamp {
  return validateTimestamp({ ...stampInput(input, tokenDer), type: 'signature', imprint: (digest) => digestOf(digest, input.signerInfo.signature) });
}

/** Over the content, so made before the signature: proven as early as the signature is (ETSI EN 319 122-1 §5.2.8). */
function validateContentTimestamp(input: ValidateSignatureInput, tokenDer: Uint8Array, provenAt: Date): ValidatedTimestamp {
  const { signedData, contentDigest } = input;
  const inside = signedData.encapsulatedContent;
  const imprint = (digest: DigestName): Uint8Array => (contentDigest === undefined ? (inside === null ? null : digestOf(digest, inside)) : contentDigest(digest)) ?? new Uint8Array();
  return validateTimestamp({ ...stampInput(input, tokenDer), type: 'content', imprint, provenAt });
}

function stampInput(input: ValidateSignatureInput, tokenDer: Uint8Array): Pick<ValidateTimestampInput, 'covers' | 'tokenDer' | 'certificates' | 'embedded' | 'existed' | 'context'> {
  const { id, signedData, existed, context } = input;
  const embedded = joinMaterial(input.material, readMaterial('embedded', signedData.crlsDer, signedData.ocspResponsesDer));
  return { covers: id, tokenDer, certificates: [...signedData.certificates, ...input.certificates], embedded, existed, context };
}

function judgeTrust(input: ValidateSignatureInput, certificate: Certificate | null, at: Date): CertificateJudgement | null {
  if (certificate === null) return null;
  const { signedData, context } = input;
  const archived = readRevocationInfoArchival(input.signerInfo.signedAttributes ?? []);
  // What is signed existed when the signature did, and so did the certificate whose hash is signed.
  const signed = readMaterial('embedded', archived.crlsDer, archived.ocspsDer);
  const carriedData = readMaterial('embedded', signedData.crlsDer, signedData.ocspResponsesDer);
  const existed = at < context.at ? proofsFrom([{ time: at, pieces: new Set([...piecesOfMaterial(signed), certificate.sha256Hex]) }], input.existed) : input.existed;
  const embedded = joinMaterial(input.material, carriedData, signed);
  const carried = [...signedData.certificates, ...input.certificates];
  return judgeCertificate({ certificate, carried, embedded, anchors: context.anchors.signature, rules: context.policy.signaturePath, at, existed, context });
}

/**
 * What the certificate comes to with what is proven of the time of signing: a time-stamp over the signature says that it is no younger,
 * one over the content that it is no older, and only the latter makes a revocation or an expiry before it final.
 * @see ETSI EN 319 102-1 §5.3.4, §5.5.4
 */
function certificateFault(certificate: Certificate | null, trust: CertificateJudgement | null, proof: ProofOfExistence | null, madeAfter: Date | null): SubIndication | null {
  if (certificate === null || trust === null) return null;
  if (proof !== null && proof.time < certificate.notBefore) return 'NOT_YET_VALID';
  const { subIndication, revokedAt } = trust;
  if (madeAfter === null) return subIndication;
  if (subIndication === 'REVOKED_NO_POE' && revokedAt !== null && madeAfter >= revokedAt) return 'REVOKED';
  return subIndication === 'OUT_OF_BOUNDS_NO_POE' && madeAfter > certificate.notAfter ? 'EXPIRED' : subIndication;
}

/** What no list ever accepted needs no proof; what was accepted once may have been used in time (EN 319 102-1 table 6). */
function algorithmFindings({ algorithms, signerCertificate }: SignerInfoResult, at: Date, madeAfter: Date | null, { policy }: ValidationContext): ConstraintFinding[] {
  if (signerCertificate === null) return [];
  const { type, bits } = signerCertificate.publicKey;
  const faultAt = (time: Date): string | null => algorithmFault(policy.algorithms, { digest: algorithms.digest, keyType: type, keyBits: bits }, time);
  const fault = faultAt(at);
  if (fault === null) return [{ name: 'algorithms', kept: true, detail: `${algorithms.digest ?? 'no digest'}, ${type} of ${bits} bits: accepted` }];
  const isFinal = faultAt(LONG_AGO) !== null || (madeAfter !== null && faultAt(madeAfter) !== null);
  return [{ name: 'algorithms', kept: false, detail: fault, subIndication: isFinal ? 'CRYPTO_CONSTRAINTS_FAILURE' : 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE' }];
}

const LONG_AGO = new Date(0);

function validityAt(claimed: Date | null, certificate: Certificate | null, trust: CertificateJudgement | null): SignatureReport['validityAtClaimedTime'] {
  if (claimed === null || certificate === null) return 'unknown';
  if (claimed < certificate.notBefore) return 'not-yet';
  if (claimed > certificate.notAfter) return 'expired';
  const own = trust?.revocation.find((status) => status.for === certificate.sha256Hex);
  if (own?.status === 'revoked') return 'revoked';
  return own?.status === 'good' ? 'valid' : 'unknown';
}

function summaryOf(certificate: Certificate): CertificateSummary {
  const { subject, issuer, serialHex, notBefore, notAfter } = certificate;
  return { subject, issuer, serialHex, notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() };
}

/** The latest time before which the signature cannot have been made. */
function latest(timestamps: readonly ValidatedTimestamp[]): Date | null {
  const times = timestamps.flatMap(({ proves, time }) => (proves === null || time === null ? [] : [notMadeBefore(time).getTime()]));
  return times.length === 0 ? null : new Date(Math.max(...times));
}

function earliest(proofs: readonly (ProofOfExistence | null)[]): ProofOfExistence | null {
  return proofs.reduce<ProofOfExistence | null>((best, proof) => (proof !== null && (best === null || proof.time < best.time) ? proof : best), null);
}
