import type { SignatureReport } from '../../domain/validation-report.ts';
import { singleValueOf } from '../cms/attributes.ts';
import type { SignerInfoResult } from '../cms/check-signer-info.ts';
import { ATTRIBUTE } from '../cms/oids.ts';
import type { SignerInfo } from '../cms/signed-data.ts';
import type { CertificateJudgement } from './judge-certificate.ts';
import type { ValidatedTimestamp } from './validate-timestamp.ts';

/**
 * The baseline level whose requirements are met by what is in the document, trust apart: `none` when a B-B requirement is
 * missing, `basic` for adbe.pkcs7.*. Time-stamps of the whole PDF count where the signature has none of its own; B-LTA needs a later
 * one over the validation data, which the container knows of.
 * @param timestamps over the signature's value
 * @see ETSI EN 319 142-1 §6.3, EN 319 122-1 §6.3
 */
export function levelMet(
  { format, signerInfo, coveringTimestamps }: { readonly format: 'PAdES' | 'CAdES' | 'PKCS7'; readonly signerInfo: SignerInfo; readonly coveringTimestamps: readonly ValidatedTimestamp[] },
  signer: SignerInfoResult,
  timestamps: readonly ValidatedTimestamp[],
  trust: CertificateJudgement | null,
): SignatureReport['level'] {
  if (format === 'PKCS7') return 'basic';
  if (!meetsBaseline(format, signerInfo, signer)) return 'none';
  const own = timestamps.filter(isUsable);
  const over = format === 'PAdES' ? coveringTimestamps.filter(isUsable) : [];
  if (own.length + over.length === 0) return 'B-B';
  const stampsContained = own.length > 0 ? own.every(({ selfContained }) => selfContained) : over.some(({ selfContained }) => selfContained);
  return trust?.selfContained === true && stampsContained ? 'B-LT' : 'B-T';
}

const isUsable = ({ report }: ValidatedTimestamp): boolean => report.indication !== 'FAILED';

/** What B-B requires of a SignerInfo, its integrity and trust apart. */
export function meetsBaseline(format: 'PAdES' | 'CAdES', { signedAttributes }: Pick<SignerInfo, 'signedAttributes'>, { checks, signerCertificate }: Pick<SignerInfoResult, 'checks' | 'signerCertificate'>): boolean {
  const required = ['one-signer-info', 'signed-attributes-present', 'attributes-single', 'content-type', 'signing-certificate', 'signer-identifier'];
  const kept = required.every((name) => checks.some((check) => check.name === name && check.status !== 'failed' && check.status !== 'skipped'));
  const hasTime = singleValueOf(signedAttributes ?? [], ATTRIBUTE.signingTime) !== null;
  return kept && signerCertificate !== null && (format === 'PAdES' ? !hasTime : hasTime);
}
