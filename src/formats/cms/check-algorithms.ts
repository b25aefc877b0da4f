import { isGatewayError } from '../../domain/errors.ts';
import { findDigest } from '../algorithms/digests.ts';
import { hasNoParameters, readAlgorithmIdentifier, sameAlgorithm, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readScheme, type Scheme } from '../algorithms/schemes.ts';
import type { Asn1Node } from '../asn1/reader.ts';
import { readOid, readSequence } from '../asn1/values.ts';
import { singleValueOf } from './attributes.ts';
import { ATTRIBUTE } from './oids.ts';
import type { Finding } from './finding.ts';
import type { SignerInfo } from './signed-data.ts';

/** digestAlgorithm must be a digest, and the one the signature algorithm names (RFC 8933 §3): mixed hashes are how weak ones come in. */
export function checkAlgorithmAgreement(signerInfo: SignerInfo): Finding[] {
  const digest = findDigest(signerInfo.digestAlgorithm);
  if (digest === null) return [finding('digest-algorithm', 'RFC 5652 §5.3', false, `${signerInfo.digestAlgorithm.oid} is not a digest algorithm known here`)];
  const scheme = schemeOrNull(signerInfo);
  if (scheme === null || scheme.digest === null) return [finding('digest-algorithm', 'RFC 5652 §5.3', true, digest)];
  const agrees = scheme.digest === digest;
  return [finding('digest-algorithm', 'RFC 8933 §3', agrees, agrees ? digest : `the content is hashed with ${digest}, the attributes with ${scheme.digest}`)];
}

function schemeOrNull(signerInfo: SignerInfo): Scheme | null {
  try {
    return readScheme(signerInfo.signatureAlgorithm, signerInfo.digestAlgorithm);
  } catch (error) {
    // The check of the value reports it.
    if (isGatewayError(error, 'ALGORITHM_UNSUPPORTED', 'ASN1_MALFORMED')) return null;
    throw error;
  }
}

/** CMSAlgorithmProtection, where there is one, must name the algorithms outside it (RFC 6211 §3). */
export function checkAlgorithmProtection(signerInfo: SignerInfo): Finding[] {
  const value = singleValueOf(signerInfo.signedAttributes ?? [], ATTRIBUTE.algorithmProtection);
  if (value === null) return [];
  const agrees = protects(value, signerInfo);
  return [finding('algorithm-protection', 'RFC 6211 §3', agrees, agrees ? 'the algorithms are the signed ones' : 'the algorithms are not the ones that were signed')];
}

function protects(value: Asn1Node, signerInfo: SignerInfo): boolean {
  try {
    const [digest, signature] = readSequence(value);
    if (signature?.isContext(1) !== true) return false;
    const [oid, parameters] = signature.children;
    const named: AlgorithmIdentifier = { oid: readOid(oid), parametersDer: parameters?.bytes ?? null };
    return sameMeaning(readAlgorithmIdentifier(digest), signerInfo.digestAlgorithm) && sameMeaning(named, signerInfo.signatureAlgorithm);
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return false;
    throw error;
  }
}

function sameMeaning(a: AlgorithmIdentifier, b: AlgorithmIdentifier): boolean {
  return sameAlgorithm(a, b) || (a.oid === b.oid && hasNoParameters(a) && hasNoParameters(b));
}

function finding(name: string, clause: string, passed: boolean, detail: string): Finding {
  return { check: { name, clause, status: passed ? 'passed' : 'failed', detail }, subIndication: 'FORMAT_FAILURE' };
}
