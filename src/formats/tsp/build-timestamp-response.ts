import { createHash } from 'node:crypto';
import type { DigestAlgorithm } from '../../domain/signature.ts';
import type { StructureSigner } from '../algorithms/build-signed.ts';
import { bitString, context, contextPrimitive, generalizedTime, integer, oid, sequence, unsignedInteger, utf8String } from '../asn1/writer.ts';
import { buildSignedAttributes } from '../cms/build-attributes.ts';
import { buildSignedData } from '../cms/build-signed-data.ts';
import { CONTENT_TYPE } from '../cms/oids.ts';

/** PKIFailureInfo, RFC 3161 §2.4.2: number of the bit. */
export const PKI_FAILURE = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  timeNotAvailable: 14,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
  addInfoNotAvailable: 17,
  systemFailure: 25,
} as const;
export type PkiFailure = keyof typeof PKI_FAILURE;

export interface TimestampTokenInput {
  /** Dotted. */
  readonly policyOid: string;
  /** MessageImprint as it stood in the request. */
  readonly messageImprintDer: Uint8Array;
  /** Big-endian, positive. */
  readonly serialNumber: Uint8Array;
  readonly genTime: Date;
  readonly accuracy: { readonly seconds: number; readonly millis: number } | null;
  /** INTEGER of the request, whole DER; null when it sent none. */
  readonly nonceDer: Uint8Array | null;
  /** Name of the TSA in DER, for the `tsa` hint. */
  readonly tsaNameDer: Uint8Array | null;
  /** The TSA's certificate first; carried inside only when the request asked (certReq). */
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  readonly certificatesIncluded: boolean;
  readonly digest: DigestAlgorithm;
  readonly signer: StructureSigner;
}

/**
 * A TimeStampToken: CMS over TSTInfo, with ESS signing-certificate-v2.
 * @see RFC 3161 §2.4.2, RFC 5816 §2
 */
export function buildTimestampToken(input: TimestampTokenInput): Uint8Array {
  const tstInfo = buildTstInfo(input);
  const signedAttributesDer = buildSignedAttributes({
    contentDigest: createHash(input.digest).update(tstInfo).digest(),
    digestAlgorithm: input.digest,
    signerCertificateDer: input.chainDer[0],
    signingTime: input.genTime,
    contentType: CONTENT_TYPE.tstInfo,
  });
  return buildSignedData({
    signedAttributesDer,
    signatureValue: input.signer.sign(signedAttributesDer),
    scheme: input.signer.scheme,
    digestAlgorithm: input.digest,
    chainDer: input.chainDer,
    certificatesIncluded: input.certificatesIncluded,
    encapsulatedContent: tstInfo,
    contentType: CONTENT_TYPE.tstInfo,
  });
}

/** TimeStampResp that grants. @see RFC 3161 §2.4.2 */
export function buildTimestampResponse(tokenDer: Uint8Array): Uint8Array {
  return sequence(sequence(integer(0)), tokenDer);
}

/** TimeStampResp that rejects, with one failure and a text for people. @see RFC 3161 §2.4.2 */
export function buildTimestampRejection(failure: PkiFailure, text: string): Uint8Array {
  const bit = PKI_FAILURE[failure];
  const bits = new Uint8Array((bit >> 3) + 1);
  bits[bit >> 3] = 0x80 >> (bit & 7);
  return sequence(sequence(integer(2), sequence(utf8String(text)), bitString(bits, 7 - (bit & 7))));
}

/** DEFAULT FALSE of `ordering` is not written in DER. */
function buildTstInfo(input: TimestampTokenInput): Uint8Array {
  return sequence(
    integer(1),
    oid(input.policyOid),
    input.messageImprintDer,
    unsignedInteger(input.serialNumber),
    generalizedTime(input.genTime),
    ...(input.accuracy === null ? [] : [accuracyDer(input.accuracy)]),
    ...(input.nonceDer === null ? [] : [input.nonceDer]),
    ...(input.tsaNameDer === null ? [] : [context(0, context(4, input.tsaNameDer))]),
  );
}

function accuracyDer({ seconds, millis }: { seconds: number; millis: number }): Uint8Array {
  const count = (value: number): Uint8Array => integer(value).subarray(2);
  return sequence(...(seconds > 0 ? [integer(seconds)] : []), ...(millis > 0 ? [contextPrimitive(0, count(millis))] : []));
}
