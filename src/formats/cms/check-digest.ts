import { isGatewayError } from '../../domain/errors.ts';
import { digestOf, findDigest, type DigestName } from '../algorithms/digests.ts';
import { readOctetString } from '../asn1/values.ts';
import { singleValueOf } from './attributes.ts';
import type { CheckSignerInfoInput } from './check-signer-info.ts';
import type { Finding } from './finding.ts';
import { ATTRIBUTE } from './oids.ts';
import type { SignedData, SignerInfo } from './signed-data.ts';

export interface DigestResult {
  /** null when it could not be computed. */
  readonly matches: boolean | null;
  readonly finding: Finding;
}

const NAME = 'message-digest';
const CLAUSE = 'RFC 5652 §5.4, §11.2; ETSI EN 319 102-1 §5.2.7';

/** The message-digest attribute against the content, outside or inside. */
export function checkContentDigest({ signedData, signerInfo, contentDigest }: CheckSignerInfoInput): DigestResult {
  const digest = findDigest(signerInfo.digestAlgorithm);
  if (digest === null) return unknown(`digestAlgorithm ${signerInfo.digestAlgorithm.oid} is not a digest known here`);
  const stated = messageDigestOf(signerInfo);
  if (stated === null) return unknown('missing, ambiguous or not an OCTET STRING');
  // Content inside is hashed only when none is expected outside: otherwise the CMS could vouch for itself.
  const actual = contentDigest === undefined ? digestInside(signedData, digest) : contentDigest(digest);
  if (actual === null) return { matches: null, finding: { check: { name: NAME, clause: CLAUSE, status: 'failed', detail: 'the signed content is not there' }, subIndication: 'SIGNED_DATA_NOT_FOUND' } };
  const matches = Buffer.compare(stated, actual) === 0;
  const detail = matches ? `${digest} of the content` : `the content's ${digest} is another one: it was changed after signing`;
  return { matches, finding: { check: { name: NAME, clause: CLAUSE, status: matches ? 'passed' : 'failed', detail }, subIndication: 'HASH_FAILURE' } };
}

function digestInside({ encapsulatedContent }: SignedData, digest: DigestName): Uint8Array | null {
  return encapsulatedContent === null ? null : digestOf(digest, encapsulatedContent);
}

function messageDigestOf({ signedAttributes }: SignerInfo): Uint8Array | null {
  const value = singleValueOf(signedAttributes ?? [], ATTRIBUTE.messageDigest);
  try {
    return value === null ? null : readOctetString(value);
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return null;
    throw error;
  }
}

function unknown(detail: string): DigestResult {
  return { matches: null, finding: { check: { name: NAME, clause: CLAUSE, status: 'failed', detail }, subIndication: 'FORMAT_FAILURE' } };
}
