import { GatewayError } from '../domain/errors.ts';
import type { DigestAlgorithm, SignatureLevel, SignatureScheme } from '../domain/signature.ts';
import { digestOf } from '../formats/algorithms/digests.ts';
import { ownAlgorithm } from '../formats/algorithms/schemes.ts';
import { verifyValue } from '../formats/algorithms/verify.ts';
import { buildSignatureTimestampAttribute, buildSignedAttributes, type SignedAttributesInput } from '../formats/cms/build-attributes.ts';
import { buildSignedData } from '../formats/cms/build-signed-data.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import { checkSignerCertificate } from '../formats/x509/signer-certificate.ts';
import type { Signer } from '../ports/signer.ts';
import { checkReadyToRaise, type LongTermPorts } from './look-at-document.ts';
import { takeSignature } from './take-signature.ts';
import { timestampValue, type ObtainedTimestamp, type TimestampPorts } from './timestamp-value.ts';

export interface SigningPorts extends TimestampPorts {
  readonly signer: Signer;
  /** Needed for B-LT and above. */
  readonly longTerm?: LongTermPorts | undefined;
}

/** What a signature was, for the evidence row: no document bytes, no secrets. Digests are lower-case hexadecimal. */
export interface SignatureFacts {
  readonly level: SignatureLevel;
  readonly keyId: string;
  readonly scheme: SignatureScheme;
  readonly digestAlgorithm: DigestAlgorithm;
  /** Of the signed bytes. */
  readonly contentDigestHex: string;
  readonly signatureSha256: string;
  readonly certificateSha256: string;
  readonly certificateSerialHex: string;
  /** This gateway's clock when the certificate was checked. */
  readonly checkedAt: Date;
  readonly timestamp: TimestampFacts | null;
  /** Over the whole document; null or absent: none was made. */
  readonly documentTimestamp?: TimestampFacts | null;
  /** Over a CAdES signature and its validation data; null or absent: none was made. */
  readonly archiveTimestamp?: TimestampFacts | null;
}

export interface TimestampFacts {
  readonly authority: string;
  readonly genTime: Date;
  readonly serial: string;
  readonly policyOid: string;
  readonly tokenSha256: string;
  readonly tokenBytes: number;
}

export interface SignedDigest {
  readonly cmsDer: Uint8Array;
  /** The same at B-B, for a place that is too small for the token. */
  readonly withoutTimestamp: () => Uint8Array;
  readonly facts: SignatureFacts;
}

export interface SignDigestInput {
  readonly level: SignatureLevel;
  readonly contentDigest: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly identity: SignerIdentity;
  /** Attributes beside content-type, message-digest and signing-certificate. */
  readonly attributes?: Pick<SignedAttributesInput, 'signingTime' | 'mimeType' | 'signaturePolicy' | 'commitmentType'>;
  readonly signal?: AbortSignal | undefined;
}

/** The signer's certificate, read and checked at `checkedAt`. */
export interface SignerIdentity {
  readonly certificate: Certificate;
  readonly checkedAt: Date;
}

/**
 * Everything that can be refused before a document or a key is touched: level, time-stamping authorities, certificate.
 * @throws TRUST_NOT_CONFIGURED, TSA_NOT_CONFIGURED, CERTIFICATE_MALFORMED, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_USAGE, KEY_UNSUPPORTED
 */
export async function checkReadyToSign(ports: SigningPorts, level: SignatureLevel): Promise<SignerIdentity> {
  await checkReadyToRaise(ports, level);
  const certificate = certificateOf(ports.signer);
  const checkedAt = ports.clock.now();
  checkSignerCertificate(certificate, checkedAt);
  return { certificate, checkedAt };
}

// A signer keeps its certificate as long as it lives: read once for each.
const certificates = new WeakMap<Uint8Array, Certificate>();

function certificateOf({ chainDer: [der] }: Signer): Certificate {
  const certificate = certificates.get(der) ?? readKnownCertificate(der);
  certificates.set(der, certificate);
  return certificate;
}

/**
 * Signs a digest as CMS with one SignerInfo at B-B, or at B-T for every level above: attributes, value, proof that the value is right, time-stamp. The
 * level asked for is the level delivered, or an error.
 * @throws SIGNER_UNAVAILABLE, HSM_LOGIN_FAILED, SIGNATURE_CHECK_FAILED, what `timestampValue` throws, CANCELLED
 * @see ETSI EN 319 122-1 §6.3, EN 319 142-1 §6.3
 */
export async function signDigest(ports: SigningPorts, input: SignDigestInput): Promise<SignedDigest> {
  const { level, digestAlgorithm, identity, signal } = input;
  const { signContent } = ports.signer;
  if (signContent !== undefined) {
    const { signatureValue, timestamp, ...taken } = await takeSignature(ports, signContent, input);
    return { ...taken, facts: factsOf(ports, input, signatureValue, timestamp) };
  }
  const { signatureValue, build, cmsDer } = await buildBaseline(ports.signer, { ...input, certificate: identity.certificate });
  const timestamp = level === 'B-B' ? null : await timestampValue(ports, signatureValue, digestAlgorithm, signal);
  const facts = factsOf(ports, input, signatureValue, timestamp);
  return { cmsDer: timestamp === null ? cmsDer : build([buildSignatureTimestampAttribute(timestamp.token.der)]), withoutTimestamp: () => cmsDer, facts };
}

interface Baseline {
  readonly signatureValue: Uint8Array;
  /** At B-B. */
  readonly cmsDer: Uint8Array;
  /** The same with unsigned attributes. */
  readonly build: (unsignedAttributes: readonly Uint8Array[]) => Uint8Array;
}

/**
 * Signs a digest as CMS with one SignerInfo at B-B: attributes, value, proof that the value is right.
 * @throws SIGNER_UNAVAILABLE, HSM_LOGIN_FAILED, SIGNATURE_CHECK_FAILED, CANCELLED
 */
export async function buildBaseline(signer: Signer, input: Pick<SignDigestInput, 'contentDigest' | 'digestAlgorithm' | 'attributes' | 'signal'> & { readonly certificate: Certificate }): Promise<Baseline> {
  const { contentDigest, digestAlgorithm, certificate, attributes = {}, signal } = input;
  const { scheme, chainDer } = signer;
  const signedAttributesDer = buildSignedAttributes({ contentDigest, digestAlgorithm, signerCertificateDer: chainDer[0], scheme, ...attributes });
  const signatureValue = await signer.sign(signedAttributesDer, digestAlgorithm, signal);
  checkOwnValue(certificate, scheme, digestAlgorithm, signedAttributesDer, signatureValue);
  const build: Baseline['build'] = (unsignedAttributes) => buildSignedData({ signedAttributesDer, signatureValue, scheme, digestAlgorithm, chainDer, unsignedAttributes });
  return { signatureValue, cmsDer: build([]), build };
}

/** A fault in memory or in the device, or a key that is not the certificate's, must not leave the house (reliability: verify before release). */
function checkOwnValue(certificate: Certificate, scheme: SignatureScheme, digest: DigestAlgorithm, data: Uint8Array, signature: Uint8Array): void {
  const algorithm = ownAlgorithm(scheme, digest).identifier;
  const { valid } = verifyValue({ algorithm, spkiDer: certificate.spkiDer, data, signature });
  if (!valid) throw new GatewayError('SIGNATURE_CHECK_FAILED', 'The signature just made is wrong under the certificate’s key; nothing was released. Check that key and certificate belong together');
}

function factsOf({ signer }: SigningPorts, input: SignDigestInput, signatureValue: Uint8Array, timestamp: ObtainedTimestamp | null): SignatureFacts {
  const { certificate, checkedAt } = input.identity;
  return {
    level: input.level,
    keyId: signer.keyId,
    scheme: signer.scheme,
    digestAlgorithm: input.digestAlgorithm,
    contentDigestHex: hexOf(input.contentDigest),
    signatureSha256: hexOf(digestOf('sha256', signatureValue)),
    certificateSha256: certificate.sha256Hex,
    certificateSerialHex: certificate.serialHex,
    checkedAt,
    timestamp: timestamp === null ? null : timestampFacts(timestamp),
  };
}

export function timestampFacts({ token, authority }: ObtainedTimestamp): TimestampFacts {
  const { genTime, serial, policyOid } = token.info;
  return { authority, genTime, serial: serial.toString(), policyOid, tokenSha256: hexOf(digestOf('sha256', token.der)), tokenBytes: token.der.length };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
