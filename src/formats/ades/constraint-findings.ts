import type { Coverage, SignatureReport } from '../../domain/validation-report.ts';
import { ATTRIBUTE } from '../cms/oids.ts';
import type { SignerInfoResult } from '../cms/check-signer-info.ts';
import type { SignedData, SignerInfo } from '../cms/signed-data.ts';
import type { ConstraintFinding, ConstraintName } from './constraints.ts';
import type { ProofOfExistence } from './context.ts';
import { isMadeAfter, type StampedTime } from '../tsp/order.ts';
import type { CoveringTimestamp, ValidatedTimestamp } from './validate-timestamp.ts';

export interface ConstraintFactsInput {
  readonly signedData: SignedData;
  readonly signerInfo: SignerInfo;
  readonly signer: SignerInfoResult;
  readonly coverage: Coverage;
  /** What the container warns of (shadow content and the like). */
  readonly containerWarnings: readonly string[];
  readonly level: SignatureReport['level'];
  readonly proof: ProofOfExistence | null;
  readonly best: Date;
  readonly claimed: Date | null;
  readonly contentTimestamps: readonly ValidatedTimestamp[];
  readonly signatureTimestamps: readonly ValidatedTimestamp[];
  readonly coveringTimestamps: readonly CoveringTimestamp[];
  readonly skewMs: number;
}

/** How a signature stands to every constraint that is judged on it as a whole; the rest are judged where their facts are. */
export function constraintFindings(input: ConstraintFactsInput): ConstraintFinding[] {
  const { signedData, signerInfo, coverage, level, proof, containerWarnings } = input;
  const attributes = signerInfo.signedAttributes;
  const has = (...oids: readonly string[]): boolean => attributes?.some(({ oid }) => oids.includes(oid)) === true;
  const unreadable = signedData.unreadableCertificates;
  const wrong = [...input.contentTimestamps, ...input.signatureTimestamps].filter(({ report }) => report.indication === 'FAILED').length;
  return [
    finding('signed-attributes', attributes !== null, 'the attributes are signed', 'there are no signed attributes'),
    finding('signing-certificate-attribute', has(ATTRIBUTE.signingCertificate, ATTRIBUTE.signingCertificateV2), 'the signer names the certificate', 'the signer does not say which certificate is the right one'),
    finding('baseline-level', level !== 'none' && level !== 'basic', `level ${level}`, 'no baseline level is met'),
    finding('trusted-time', proof !== null, 'a time-stamp proves the time', 'The signing time is only the signer’s claim: no trusted time-stamp proves it'),
    claimedTime(input),
    finding('signature-policy', !has(ATTRIBUTE.signaturePolicy), 'the signature names no policy of its own', 'the signature names a policy of its own, which this software does not process'),
    finding('timestamps-right', wrong === 0, 'no time-stamp of the signature is wrong', `${wrong} time-stamp(s) of the signature are wrong and prove nothing`),
    timestampOrder(input),
    finding('nothing-suspicious', containerWarnings.length === 0, 'nothing suspicious was found', containerWarnings.join('; ')),
    finding('nothing-later', coverage.changesAfter === 'none', 'nothing came later', 'the document has later revisions'),
    finding('certificates-readable', unreadable === 0, 'all certificates can be read', `${unreadable} certificate(s) in the signature cannot be read`),
  ];
}

function claimedTime({ claimed, best, proof, signer, skewMs }: ConstraintFactsInput): ConstraintFinding {
  const certificate = signer.signerCertificate;
  if (claimed === null) return finding('claimed-time', true, 'the signer states no time', '');
  const isLate = claimed.getTime() > best.getTime() + skewMs;
  const isOutside = certificate !== null && (claimed < certificate.notBefore || claimed > certificate.notAfter);
  const words = isLate ? `the signer states a time that lies after ${proof === null ? 'the time of validation' : 'the proven one'}` : 'the signer states a time at which the certificate was not valid';
  return finding('claimed-time', !isLate && !isOutside, 'the time the signer states is possible', words);
}

/**
 * A content time-stamp is made before the signature, a signature time-stamp after it, and one that covers others after those: none that
 * passed may be certain to be older than one that came before it.
 * @see ETSI EN 319 102-1 §5.5.4; RFC 3161 §2.4.2
 */
function timestampOrder({ contentTimestamps, signatureTimestamps, coveringTimestamps }: ConstraintFactsInput): ConstraintFinding {
  const contents = timesOf(contentTimestamps);
  const overContent = contents.some((content) => timesOf(signatureTimestamps).some((time) => isMadeAfter(content, time)));
  const overCovered = coveringTimestamps.some((covering) =>
    timesOf([covering]).some((time) => {
      const later = [...signatureTimestamps, ...coveringTimestamps].filter((stamp) => timesOf([stamp]).some((other) => isMadeAfter(other, time)));
      return contents.some((content) => isMadeAfter(content, time)) || later.some(({ sha256Hex }) => covering.covers(sha256Hex));
    }),
  );
  const words = overContent ? 'a time-stamp over the content is later than one over the signature' : 'a time-stamp is later than one that covers it';
  return finding('timestamp-order', !overContent && !overCovered, 'the time-stamps are in order', words);
}

/** Of those that passed. */
function timesOf(stamps: readonly ValidatedTimestamp[]): StampedTime[] {
  return stamps.flatMap(({ proves, time }) => (proves === null || time === null ? [] : [time]));
}

function finding(name: ConstraintName, kept: boolean, keptWords: string, brokenWords: string): ConstraintFinding {
  return { name, kept, detail: kept ? keptWords : brokenWords };
}
