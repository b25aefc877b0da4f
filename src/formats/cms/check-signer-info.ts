import type { Check, SubIndication } from '../../domain/validation-report.ts';
import type { DigestName } from '../algorithms/digests.ts';
import { findDigest } from '../algorithms/digests.ts';
import type { Certificate } from '../x509/certificate.ts';
import { checkAlgorithmAgreement, checkAlgorithmProtection } from './check-algorithms.ts';
import { bareContent, checkBareContent, digestOfBareContent } from './bare-content.ts';
import { checkAttributeRules, claimedSigningTimeOf } from './check-attributes.ts';
import { checkContentDigest } from './check-digest.ts';
import { identifySigner } from './check-signing-certificate.ts';
import { checkValue, type SignerAlgorithms } from './check-value.ts';
import { worstOf, type Finding } from './finding.ts';
import { ATTRIBUTE } from './oids.ts';
import { valuesOf } from './attributes.ts';
import type { SignedData, SignerInfo } from './signed-data.ts';

/**
 * What a signature is used as. `cades`: may stand beside others in one CMS; `pades`: alone; `cms`: PDF's adbe.pkcs7.*, alone,
 * where the signing-certificate attribute is not required; `timestamp`: RFC 3161 token; `counter-signature`: RFC 5652 §11.4,
 * without content-type.
 */
export type SignatureProfile = 'cades' | 'pades' | 'cms' | 'timestamp' | 'counter-signature';

export interface CheckSignerInfoInput {
  readonly signedData: SignedData;
  readonly signerInfo: SignerInfo;
  /** Digest of detached content, null when it is not there; when given, content inside the CMS is refused. When absent, the content inside is judged. */
  readonly contentDigest?: (digest: DigestName) => Uint8Array | null;
  readonly profile: SignatureProfile;
  /**
   * The detached content itself, for profile `cms` alone: without signed attributes the value is over it (RFC 5652 §5.4). When
   * absent, a signature without signed attributes is refused.
   */
  readonly contentBytes?: () => Uint8Array | null;
  /** Further certificates among which the signer's may be (DSS, given by the caller). */
  readonly certificates?: readonly Certificate[];
}

export interface SignerInfoResult {
  /** Digest and value, apart from trust; `unknown` when they could not be computed. */
  readonly integrity: 'intact' | 'broken' | 'unknown';
  /** Why the signature cannot be passed, the gravest first; null when these rules leave nothing to say. */
  readonly subIndication: SubIndication | null;
  readonly signerCertificate: Certificate | null;
  readonly checks: readonly Check[];
  readonly algorithms: SignerAlgorithms;
  /** What the signer says; proves nothing. */
  readonly claimedSigningTime: Date | null;
  /** DER of the tokens in signature-time-stamp attributes, not judged. */
  readonly signatureTimestamps: readonly Uint8Array[];
  readonly contentTimestamps: readonly Uint8Array[];
  /** DER of SignerInfo values, not judged. */
  readonly counterSignatures: readonly Uint8Array[];
}

/**
 * Applies every rule to one SignerInfo, all of them always, and answers; does not throw for bad signatures. Trust in the
 * signer's certificate, and whether the algorithms are strong enough, are decided elsewhere.
 * @see RFC 5652 §5.3, §5.4, §5.6, §11; RFC 5035; RFC 6211; RFC 8933; ETSI EN 319 102-1 §5.2.2, §5.2.3, §5.2.7
 */
export function checkSignerInfo(input: CheckSignerInfoInput): SignerInfoResult {
  const { signedData, signerInfo, profile } = input;
  const attributes = signerInfo.signedAttributes ?? [];
  const bare = bareContent(input);
  const structure = [...checkContainer(input), ...(bare === null ? checkAttributeRules(signedData, signerInfo, profile) : [checkBareContent(bare)])];
  const digest = bare === null ? checkContentDigest(input) : digestOfBareContent();
  const signer = identifySigner(signerInfo, [...signedData.certificates, ...(input.certificates ?? [])], profile);
  const value = checkValue(signerInfo, signer.certificate, bare);
  const findings = [...structure, ...checkAlgorithmAgreement(signerInfo), ...checkAlgorithmProtection(signerInfo), ...signer.findings, digest.finding, value.finding];
  return {
    integrity: digest.matches === false || value.valid === false ? 'broken' : digest.matches === true && value.valid === true ? 'intact' : 'unknown',
    subIndication: worstOf(findings),
    signerCertificate: signer.certificate,
    checks: findings.map(({ check }) => check),
    algorithms: { ...value.algorithms, digest: findDigest(signerInfo.digestAlgorithm) ?? value.algorithms.digest },
    claimedSigningTime: claimedSigningTimeOf(attributes),
    signatureTimestamps: valuesOf(signerInfo.unsignedAttributes, ATTRIBUTE.signatureTimestamp).map((node) => node.bytes),
    contentTimestamps: valuesOf(attributes, ATTRIBUTE.contentTimestamp).map((node) => node.bytes),
    counterSignatures: valuesOf(signerInfo.unsignedAttributes, ATTRIBUTE.counterSignature).map((node) => node.bytes),
  };
}

/** One signer, and content where the profile says it is. */
function checkContainer({ signedData, contentDigest, profile }: CheckSignerInfoInput): Finding[] {
  if (profile === 'counter-signature') return [];
  const count = signedData.signerInfos.length;
  const inside = signedData.encapsulatedContent !== null;
  const detached = contentDigest !== undefined;
  const alone = count === 1 || profile === 'cades';
  return [
    {
      check: { name: 'one-signer-info', clause: 'ETSI EN 319 142-1 §6.3; RFC 3161 §2.4.2', status: alone ? 'passed' : 'failed', detail: `${count} SignerInfo` },
      subIndication: 'FORMAT_FAILURE',
    },
    {
      check: {
        name: 'content-placement',
        clause: 'RFC 5652 §5.2',
        // Content that is nowhere is reported by message-digest: it may yet be found.
        status: inside && detached ? 'failed' : inside || detached ? 'passed' : 'skipped',
        detail: inside ? 'the content is inside the CMS' : 'the content is outside the CMS',
      },
      subIndication: 'FORMAT_FAILURE',
    },
  ];
}
