import { isGatewayError } from '../../domain/errors.ts';
import { readOid, readTime } from '../asn1/values.ts';
import { singleValueOf, type Attribute } from './attributes.ts';
import type { SignatureProfile } from './check-signer-info.ts';
import type { Finding } from './finding.ts';
import { ATTRIBUTE } from './oids.ts';
import type { SignedData, SignerInfo } from './signed-data.ts';

/** Attributes that may stand only once with one value (RFC 5652 §11, RFC 5035 §3, EN 319 122-1 §5.2): two of them let a signature be read in two ways. */
const SINGLE: Readonly<Record<string, string>> = {
  [ATTRIBUTE.contentType]: 'content-type',
  [ATTRIBUTE.messageDigest]: 'message-digest',
  [ATTRIBUTE.signingTime]: 'signing-time',
  [ATTRIBUTE.signingCertificate]: 'signing-certificate',
  [ATTRIBUTE.signingCertificateV2]: 'signing-certificate-v2',
  [ATTRIBUTE.algorithmProtection]: 'CMSAlgorithmProtection',
  [ATTRIBUTE.signaturePolicy]: 'signature-policy-identifier',
  [ATTRIBUTE.signerAttributes]: 'signer-attributes',
  [ATTRIBUTE.signerAttributesV2]: 'signer-attributes-v2',
};

/**
 * Rules on the signed attributes. Their presence is what keeps a signature over attributes from being passed off as one over
 * content, and the other way round (draft-ietf-lamps-cms-euf-cma-signeddata §3).
 */
export function checkAttributeRules(signedData: SignedData, signerInfo: SignerInfo, profile: SignatureProfile): Finding[] {
  const { signedAttributes } = signerInfo;
  if (signedAttributes === null) return [failure('signed-attributes-present', 'RFC 5652 §5.3; draft-ietf-lamps-cms-euf-cma-signeddata', 'there are no signed attributes')];
  return [
    { check: { name: 'signed-attributes-present', clause: 'RFC 5652 §5.3', status: 'passed', detail: `${signedAttributes.length} signed attributes` }, subIndication: null },
    checkDuplicates(signedAttributes),
    checkContentType(signedAttributes, signedData.contentType, profile),
    checkMisplaced(signerInfo),
  ];
}

function checkDuplicates(attributes: readonly Attribute[]): Finding {
  const twice = Object.entries(SINGLE).filter(([oid]) => {
    const found = attributes.filter((attribute) => attribute.oid === oid);
    return found.length > 1 || found.some((attribute) => attribute.values.length !== 1);
  });
  if (twice.length === 0) return { check: { name: 'attributes-single', clause: 'RFC 5652 §11', status: 'passed', detail: 'no signed attribute is ambiguous' }, subIndication: null };
  return failure('attributes-single', 'RFC 5652 §11', `not exactly one value: ${twice.map(([, name]) => name).join(', ')}`);
}

function checkContentType(attributes: readonly Attribute[], expected: string, profile: SignatureProfile): Finding {
  const name = 'content-type';
  const present = attributes.some((attribute) => attribute.oid === ATTRIBUTE.contentType);
  if (profile === 'counter-signature') {
    return present ? failure(name, 'RFC 5652 §11.4', 'a counter-signature must not have content-type') : { check: { name, clause: 'RFC 5652 §11.4', status: 'passed', detail: 'absent, as it must be' }, subIndication: null };
  }
  const stated = readOidOrNull(attributes);
  if (stated === expected) return { check: { name, clause: 'RFC 5652 §11.1', status: 'passed', detail: expected }, subIndication: null };
  return failure(name, 'RFC 5652 §11.1', stated === null ? 'missing or ambiguous' : `says ${stated}, the content is ${expected}`);
}

function readOidOrNull(attributes: readonly Attribute[]): string | null {
  const value = singleValueOf(attributes, ATTRIBUTE.contentType);
  try {
    return value === null ? null : readOid(value);
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return null;
    throw error;
  }
}

/** These count only where they are signed (RFC 5652 §11.1, §11.2): as unsigned attributes they are an attempt at something. */
function checkMisplaced({ unsignedAttributes }: SignerInfo): Finding {
  const misplaced = unsignedAttributes.filter((attribute) => attribute.oid in SINGLE).map((attribute) => SINGLE[attribute.oid]);
  if (misplaced.length === 0) return { check: { name: 'attributes-placement', clause: 'RFC 5652 §11', status: 'passed', detail: 'nothing unsigned that must be signed' }, subIndication: null };
  return failure('attributes-placement', 'RFC 5652 §11', `unsigned although it must be signed: ${misplaced.join(', ')}`);
}

/** signing-time as the signer wrote it; null when absent, ambiguous or no time of RFC 5652 §11.3. */
export function claimedSigningTimeOf(attributes: readonly Attribute[]): Date | null {
  const value = singleValueOf(attributes, ATTRIBUTE.signingTime);
  try {
    return value === null ? null : readTime(value);
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return null;
    throw error;
  }
}

function failure(name: string, clause: string, detail: string): Finding {
  return { check: { name, clause, status: 'failed', detail }, subIndication: 'FORMAT_FAILURE' };
}
