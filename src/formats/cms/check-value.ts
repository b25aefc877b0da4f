import { isGatewayError } from '../../domain/errors.ts';
import type { DigestName } from '../algorithms/digests.ts';
import { findDigest } from '../algorithms/digests.ts';
import type { SchemeName } from '../algorithms/schemes.ts';
import { verifyValue, type VerifyValueResult } from '../algorithms/verify.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { Finding } from './finding.ts';
import type { SignerInfo } from './signed-data.ts';

export interface SignerAlgorithms {
  readonly digest: DigestName | null;
  readonly signature: SchemeName | null;
  readonly keyBits: number | null;
  /** Why today's policies call the algorithms weak; null when they do not. For the policy to judge. */
  readonly weak: string | null;
}

export interface ValueResult {
  /** null when it could not be computed. */
  readonly valid: boolean | null;
  readonly finding: Finding;
  readonly algorithms: SignerAlgorithms;
}

const NONE: SignerAlgorithms = { digest: null, signature: null, keyBits: null, weak: null };

/**
 * The signature value over the signed attributes as DER SET OF, with the hash that the signature algorithm names.
 * @param bareContent what the value is over when there are no signed attributes and the profile allows that; otherwise null
 */
export function checkValue(signerInfo: SignerInfo, certificate: Certificate | null, bareContent: Uint8Array | null): ValueResult {
  const signed = signerInfo.signedAttributesDer ?? bareContent;
  if (signed === null) return notComputed('failed', 'there are no signed attributes to verify', 'FORMAT_FAILURE');
  if (certificate === null) return notComputed('skipped', 'there is no certificate to verify with', null);
  const result = verifyOrReason(signerInfo, signed, certificate);
  if (typeof result === 'string') return notComputed('failed', result, 'SIG_CRYPTO_FAILURE');
  const { scheme, digest, keyBits } = result;
  const weak = result.weak ?? weakDigest(signerInfo);
  const detail = `${scheme}, ${keyBits} bits${digest === null ? '' : `, ${digest}`}: ${result.valid ? 'right' : 'wrong'}`;
  return {
    valid: result.valid,
    finding: { check: { name: 'signature-value', clause: 'RFC 5652 §5.6; ETSI EN 319 102-1 §5.2.7', status: result.valid ? 'passed' : 'failed', detail }, subIndication: 'SIG_CRYPTO_FAILURE' },
    algorithms: { digest, signature: scheme, keyBits, weak },
  };
}

function verifyOrReason(signerInfo: SignerInfo, data: Uint8Array, certificate: Certificate): VerifyValueResult | string {
  const { signatureAlgorithm: algorithm, digestAlgorithm, signature } = signerInfo;
  try {
    return verifyValue({ algorithm, digestAlgorithm, spkiDer: certificate.spkiDer, data, signature });
  } catch (error) {
    if (isGatewayError(error, 'ALGORITHM_UNSUPPORTED', 'ASN1_MALFORMED')) return error.message;
    throw error;
  }
}

/** A strong signature over a weak digest is as weak as the digest. */
function weakDigest(signerInfo: SignerInfo): string | null {
  const digest = findDigest(signerInfo.digestAlgorithm);
  return digest === 'md5' || digest === 'sha1' ? `digest ${digest}` : null;
}

function notComputed(status: 'failed' | 'skipped', detail: string, subIndication: Finding['subIndication']): ValueResult {
  return { valid: null, finding: { check: { name: 'signature-value', clause: 'RFC 5652 §5.6', status, detail }, subIndication }, algorithms: NONE };
}
