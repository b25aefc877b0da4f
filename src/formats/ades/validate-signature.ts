import type { CertificateSummary, Check, Coverage, SignatureReport, SubIndication, TimestampReport } from '../../domain/validation-report.ts';
import { digestOf, standardDigestName, type DigestName } from '../algorithms/digests.ts';
import { algorithmFault } from '../algorithms/policy.ts';
import { checkSignerInfo, type SignatureProfile, type SignerInfoResult } from '../cms/check-signer-info.ts';
import { readRevocationInfoArchival } from '../cms/revocation-info-archival.ts';
import type { SignedData, SignerInfo } from '../cms/signed-data.ts';
import type { Certificate } from '../x509/certificate.ts';
import { conclude } from './conclude.ts';
import { joinMaterial, readMaterial, type ProofOfExistence, type RevocationMaterial, type ValidationContext } from './context.ts';
import { judgeCertificate, type CertificateJudgement } from './judge-certificate.ts';
import { levelMet } from './level.ts';
import { validateTimestamp, type ValidatedTimestamp } from './validate-timestamp.ts';
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
  readonly certification: SignatureReport['certification'];
  readonly reason: string | null;
  /** Time in the container (/M of a PDF); the signing-time attribute counts when this is null. */
  readonly containerTime: Date | null;
  /** Certificates and revocation information of the container (DSS). */
  readonly certificates: readonly Certificate[];
  readonly material: RevocationMaterial;
  /** What proves from outside that the signature existed, such as a later document time-stamp. */
  readonly proof: ProofOfExistence | null;
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
  const trust = judgeTrust(input, signer.signerCertificate, best);
  const algorithmCheck = checkAlgorithms(signer, best, context);
  const conclusion = conclude({
    integrity: signer.integrity,
    signature: signer.subIndication,
    containerBroken: input.containerChecks.some(({ status }) => status === 'failed'),
    coverage: input.coverage,
    certificate: proof !== null && signer.signerCertificate !== null && best < signer.signerCertificate.notBefore ? 'NOT_YET_VALID' : (trust?.subIndication ?? null),
    proven: proof !== null,
    algorithms: algorithmCheck.status === 'failed' ? algorithmSubIndication(proof) : null,
  });
  const claimed = input.containerTime ?? signer.claimedSigningTime;
  const reports = timestamps.map(({ report }) => report);
  const report: SignatureReport = {
    id: input.id,
    kind: input.kind,
    format: input.format,
    level: levelMet(input, signer, timestamps, trust),
    integrity: signer.integrity,
    ...conclusion,
    signer: signer.signerCertificate === null ? null : summaryOf(signer.signerCertificate),
    chain: trust?.chain ?? [],
    revocation: trust?.revocation ?? [],
    signingTime: { claimed: claimed?.toISOString() ?? null, best: best.toISOString(), source: proof?.source ?? 'validation-time' },
    validityAtClaimedTime: validityAt(claimed, signer.signerCertificate, trust),
    algorithms: { digest: signer.algorithms.digest === null ? null : standardDigestName(signer.algorithms.digest), signature: signer.algorithms.signature, keyBits: signer.algorithms.keyBits },
    coverage: input.coverage,
    certification: input.certification,
    reason: input.reason,
    checks: [...input.containerChecks, ...signer.checks, ...(trust?.checks ?? []), algorithmCheck],
    warnings: warningsOf({ signedData, signer, trust, proof, claimed, timestamps: reports }),
  };
  return { report, timestamps: reports, signer };
}

function validateSignatureTimestamp(input: ValidateSignatureInput, tokenDer: Uint8Array): ValidatedTimestamp {
  const { context, signerInfo, id, proof } = input;
  // Proven no later than a document time-stamp over it; otherwise only now.
  const provenAt = proof?.time ?? context.at;
  return validateTimestamp({ type: 'signature', covers: id, tokenDer, imprint: (digest) => digestOf(digest, signerInfo.signature), provenAt, certificates: input.certificates, embedded: input.material, context });
}

function judgeTrust(input: ValidateSignatureInput, certificate: Certificate | null, at: Date): CertificateJudgement | null {
  if (certificate === null) return null;
  const { signedData, context } = input;
  const archived = readRevocationInfoArchival(input.signerInfo.signedAttributes ?? []);
  const carriedData = readMaterial('embedded', [...signedData.crlsDer, ...archived.crlsDer], [...signedData.ocspResponsesDer, ...archived.ocspsDer]);
  const embedded = joinMaterial(input.material, carriedData);
  const carried = [...signedData.certificates, ...input.certificates];
  return judgeCertificate({ certificate, carried, embedded, anchors: context.anchors.signature, rules: context.policy.signaturePath, at, context });
}

function checkAlgorithms({ algorithms, signerCertificate }: SignerInfoResult, at: Date, { policy }: ValidationContext): Check {
  const clause = 'EN 319 102-1 §5.2.8';
  if (signerCertificate === null) return { name: 'algorithms', clause, status: 'skipped', detail: 'no certificate, so no key, is known' };
  const { type, bits } = signerCertificate.publicKey;
  const fault = algorithmFault(policy.algorithms, { digest: algorithms.digest, keyType: type, keyBits: bits }, at);
  return { name: 'algorithms', clause, status: fault === null ? 'passed' : 'failed', detail: fault ?? `${algorithms.digest ?? 'no digest'}, ${type} of ${bits} bits: accepted` };
}

const algorithmSubIndication = (proof: ProofOfExistence | null): SubIndication => (proof === null ? 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE' : 'CRYPTO_CONSTRAINTS_FAILURE');

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

function earliest(proofs: readonly (ProofOfExistence | null)[]): ProofOfExistence | null {
  return proofs.reduce<ProofOfExistence | null>((best, proof) => (proof !== null && (best === null || proof.time < best.time) ? proof : best), null);
}
