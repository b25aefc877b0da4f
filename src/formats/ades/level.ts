import type { SignatureReport, TimestampReport } from '../../domain/validation-report.ts';
import { singleValueOf } from '../cms/attributes.ts';
import type { SignerInfoResult } from '../cms/check-signer-info.ts';
import { ATTRIBUTE } from '../cms/oids.ts';
import type { SignerInfo } from '../cms/signed-data.ts';

/**
 * The baseline level whose requirements are met by what is in the signature, trust apart: `none` when a B-B requirement is
 * missing, `basic` for adbe.pkcs7.*. Levels above B-T need the container's validation data and are not told here.
 * @see ETSI EN 319 142-1 §6.3, EN 319 122-1 §6.3
 */
export function levelMet(
  { format, signerInfo }: { readonly format: 'PAdES' | 'CAdES' | 'PKCS7'; readonly signerInfo: SignerInfo },
  signer: SignerInfoResult,
  timestamps: readonly TimestampReport[],
): SignatureReport['level'] {
  if (format === 'PKCS7') return 'basic';
  if (!meetsBasic(format, signerInfo, signer)) return 'none';
  return timestamps.some(({ indication }) => indication !== 'FAILED') ? 'B-T' : 'B-B';
}

function meetsBasic(format: 'PAdES' | 'CAdES', { signedAttributes }: SignerInfo, { checks, signerCertificate }: SignerInfoResult): boolean {
  const required = ['one-signer-info', 'signed-attributes-present', 'attributes-single', 'content-type', 'signing-certificate', 'signer-identifier'];
  const kept = required.every((name) => checks.some((check) => check.name === name && check.status !== 'failed' && check.status !== 'skipped'));
  const hasTime = singleValueOf(signedAttributes ?? [], ATTRIBUTE.signingTime) !== null;
  return kept && signerCertificate !== null && (format === 'PAdES' ? !hasTime : hasTime);
}
