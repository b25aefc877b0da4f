import { GatewayError } from '../../domain/errors.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../domain/signature.ts';
import { digestAlgorithmDer } from '../algorithms/digests.ts';
import { signatureAlgorithmDer } from '../algorithms/schemes.ts';
import { readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { readExplicit, readSequence, readSet } from '../asn1/values.ts';
import { compareBytes, context, integer, joined, octetString, oid, sequence, tlv, wrapped } from '../asn1/writer.ts';
import { CONTENT_TYPE } from './oids.ts';
import { CMS_LIMITS } from './signed-data.ts';
import { issuerAndSerialDer } from './signer-reference.ts';

export interface SignedDataInput {
  /** SET OF Attribute as signed, from `buildSignedAttributes`. */
  readonly signedAttributesDer: Uint8Array;
  /** RSA octets or DER Ecdsa-Sig-Value. */
  readonly signatureValue: Uint8Array;
  readonly scheme: SignatureScheme;
  readonly digestAlgorithm: DigestAlgorithm;
  /** The signer's certificate first. */
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  readonly unsignedAttributes?: readonly Uint8Array[];
  /** Content carried inside; absent for detached signatures, PAdES among them. */
  readonly encapsulatedContent?: Uint8Array;
  readonly contentType?: string;
  /** False leaves them out, as a time-stamp without certReq must (RFC 3161 §2.4.1). Default true. */
  readonly certificatesIncluded?: boolean;
}

/**
 * ContentInfo holding a SignedData with one SignerInfo, DER. Puts together what it is given; the signature value is not verified.
 * @see RFC 5652 §5.1, §5.3
 */
export function buildSignedData(input: SignedDataInput): Uint8Array {
  const digestAlgorithm = digestAlgorithmDer(input.digestAlgorithm);
  const contentType = input.contentType ?? CONTENT_TYPE.data;
  const content = input.encapsulatedContent === undefined ? [] : wrapped(EXPLICIT_0, [octetString(input.encapsulatedContent)]);
  const signedData = wrapped(SEQUENCE, [
    integer(contentType === CONTENT_TYPE.data ? 1 : 3),
    ...wrapped(SET, [digestAlgorithm]),
    ...wrapped(SEQUENCE, [oid(contentType), ...content]),
    ...(input.certificatesIncluded === false ? [] : [certificateSet(input.chainDer)]),
    ...wrapped(SET, signerInfo(input, digestAlgorithm)),
  ]);
  return joined(wrapped(SEQUENCE, [oid(CONTENT_TYPE.signedData), ...wrapped(EXPLICIT_0, signedData)]));
}

const SEQUENCE = 0x30;
const SET = 0x31;
const EXPLICIT_0 = 0xa0;

// A signer's chain comes back with every signature: put together once for each array that holds it.
const certificateSets = new WeakMap<readonly Uint8Array[], Uint8Array>();

function certificateSet(chainDer: readonly Uint8Array[]): Uint8Array {
  const known = certificateSets.get(chainDer);
  if (known !== undefined) return known;
  const set = context(0, ...[...chainDer].sort(compareBytes));
  certificateSets.set(chainDer, set);
  return set;
}

function signerInfo(input: SignedDataInput, digestAlgorithm: Uint8Array): Uint8Array[] {
  const unsigned = [...(input.unsignedAttributes ?? [])].sort(compareBytes);
  return wrapped(SEQUENCE, [
    integer(1),
    issuerAndSerialDer(input.chainDer[0]),
    digestAlgorithm,
    implicitSet(0, input.signedAttributesDer),
    signatureAlgorithmDer(input.scheme, input.digestAlgorithm),
    octetString(input.signatureValue),
    ...(unsigned.length === 0 ? [] : [context(1, ...unsigned)]),
  ]);
}

/** `[number] IMPLICIT SET OF`: the same value under another identifier octet. */
function implicitSet(number: number, setDer: Uint8Array): Uint8Array {
  if (setDer[0] !== 0x31) throw new GatewayError('CMS_MALFORMED', 'The signed attributes are not a DER SET OF');
  const tagged = Uint8Array.from(setDer);
  tagged[0] = 0xa0 | number;
  return tagged;
}

/**
 * `cmsDer` with one more unsigned attribute in the SignerInfo at `signerIndex`; everything signed keeps its bytes.
 * @throws ASN1_MALFORMED, CMS_MALFORMED when there is no such SignerInfo
 * @see RFC 5652 §5.3
 */
export function addUnsignedAttribute(cmsDer: Uint8Array, attributeDer: Uint8Array, signerIndex = 0): Uint8Array {
  const [type, content] = readSequence(readAsn1(cmsDer, { rules: 'BER', limits: CMS_LIMITS }));
  const fields = readSequence(readExplicit(content, 0));
  const infos = readSet(fields[fields.length - 1]);
  const target = infos[signerIndex];
  if (type === undefined || target === undefined) throw new GatewayError('CMS_MALFORMED', `The signature has no signer number ${signerIndex + 1}`);
  const signerInfos = infos.map((info) => (info === target ? withUnsignedAttribute(info, attributeDer) : info.bytes));
  // In the order in which they stand, by which they are known: DER is not asked of SignedData (RFC 5652 §5.1).
  const signedData = sequence(...fields.slice(0, -1).map((field) => field.bytes), tlv(SET, ...signerInfos));
  return sequence(type.bytes, context(0, signedData));
}

function withUnsignedAttribute(info: Asn1Node, attributeDer: Uint8Array): Uint8Array {
  const fields = readSequence(info);
  const last = fields[fields.length - 1];
  const existing = last?.isContext(1) === true ? last.children.map((child) => child.bytes) : [];
  const kept = last?.isContext(1) === true ? fields.slice(0, -1) : fields;
  return sequence(...kept.map((field) => field.bytes), context(1, ...[...existing, attributeDer].sort(compareBytes)));
}
