import type { DigestAlgorithm, SignatureScheme } from '../../domain/signature.ts';
import { digestAlgorithmDer } from '../algorithms/digests.ts';
import { signatureAlgorithmDer } from '../algorithms/schemes.ts';
import { context, octetString, oid, sequence, setOf, time, utf8String } from '../asn1/writer.ts';
import { ATTRIBUTE, CONTENT_TYPE } from './oids.ts';
import { essCertIdV2Der } from './signer-reference.ts';

export interface SignaturePolicyReference {
  readonly oid: string;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly digest: Uint8Array;
}

export interface SignedAttributesInput {
  /** Digest of the content, made with `digestAlgorithm`. */
  readonly contentDigest: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly signerCertificateDer: Uint8Array;
  /** Binds digest and signature algorithm (RFC 6211); left out when undefined. */
  readonly scheme?: SignatureScheme;
  /** The signer's claim, whole seconds. CAdES requires it; PAdES must not have it (EN 319 142-1 §6.3). */
  readonly signingTime?: Date;
  readonly signaturePolicy?: SignaturePolicyReference;
  /** Media type of detached content (EN 319 122-1 §5.2.5.2), for ASiC. */
  readonly mimeType?: string;
  /** OID of a commitment type, EN 319 122-1 §5.2.3. */
  readonly commitmentType?: string;
  /** Type of the content; id-data unless a timestamp token is built. */
  readonly contentType?: string;
}

/**
 * Signed attributes as DER SET OF Attribute: the bytes a key signs. Which attributes a profile wants is the caller's choice.
 * @see RFC 5652 §5.4, §11; RFC 5035 §3; RFC 6211 §2; ETSI EN 319 122-1 §5.2
 */
export function buildSignedAttributes(input: SignedAttributesInput): Uint8Array {
  const { digestAlgorithm, scheme, signingTime, signaturePolicy, mimeType, commitmentType } = input;
  return setOf(
    contentTypeAttribute(input.contentType ?? CONTENT_TYPE.data),
    attribute(ATTRIBUTE.messageDigest, octetString(input.contentDigest)),
    signingCertificateAttribute(input.signerCertificateDer, digestAlgorithm),
    ...(scheme === undefined ? [] : [algorithmProtectionAttribute(scheme, digestAlgorithm)]),
    ...(signingTime === undefined ? [] : [attribute(ATTRIBUTE.signingTime, time(signingTime))]),
    ...(signaturePolicy === undefined ? [] : [attribute(ATTRIBUTE.signaturePolicy, signaturePolicyId(signaturePolicy))]),
    ...(mimeType === undefined ? [] : [attribute(ATTRIBUTE.mimeType, utf8String(mimeType))]),
    ...(commitmentType === undefined ? [] : [attribute(ATTRIBUTE.commitmentType, sequence(oid(commitmentType)))]),
  );
}

/** One Attribute (RFC 5652 §5.3) with the given values, each whole DER. */
export function attribute(type: string, ...valuesDer: readonly Uint8Array[]): Uint8Array {
  return sequence(oid(type), setOf(...valuesDer));
}

/** The unsigned attribute that raises B-B to B-T: a time-stamp token over the signature value. @see ETSI EN 319 122-1 §5.3 */
export function buildSignatureTimestampAttribute(tokenDer: Uint8Array): Uint8Array {
  return attribute(ATTRIBUTE.signatureTimestamp, tokenDer);
}

/** Attributes that come back with every signature of a key, by what they are made of: values that are themselves made once and kept. */
const known = new WeakMap<Uint8Array, Uint8Array>();

function knownAttribute(part: Uint8Array, make: () => Uint8Array): Uint8Array {
  const made = known.get(part) ?? make();
  known.set(part, made);
  return made;
}

function contentTypeAttribute(contentType: string): Uint8Array {
  const typeDer = oid(contentType);
  return knownAttribute(typeDer, () => attribute(ATTRIBUTE.contentType, typeDer));
}

function signingCertificateAttribute(certificateDer: Uint8Array, digest: DigestAlgorithm): Uint8Array {
  const essCertId = essCertIdV2Der(certificateDer, digest);
  return knownAttribute(essCertId, () => attribute(ATTRIBUTE.signingCertificateV2, sequence(sequence(essCertId))));
}

function algorithmProtectionAttribute(scheme: SignatureScheme, digest: DigestAlgorithm): Uint8Array {
  const signatureAlgorithm = signatureAlgorithmDer(scheme, digest);
  return knownAttribute(signatureAlgorithm, () => {
    // IMPLICIT [1]: the SEQUENCE's own tag gives way, so its header (2 or 4 bytes) is cut off.
    const headerBytes = (signatureAlgorithm[1] ?? 0) < 0x80 ? 2 : 2 + ((signatureAlgorithm[1] ?? 0) & 0x7f);
    return attribute(ATTRIBUTE.algorithmProtection, sequence(digestAlgorithmDer(digest), context(1, signatureAlgorithm.subarray(headerBytes))));
  });
}

function signaturePolicyId(policy: SignaturePolicyReference): Uint8Array {
  return sequence(oid(policy.oid), sequence(digestAlgorithmDer(policy.digestAlgorithm), octetString(policy.digest)));
}
