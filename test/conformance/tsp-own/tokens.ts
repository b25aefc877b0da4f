import { createHash } from 'node:crypto';
import type { DigestAlgorithm } from '../../../src/domain/signature.ts';
import { digestAlgorithmDer } from '../../../src/formats/algorithms/digests.ts';
import { readAsn1 } from '../../../src/formats/asn1/reader.ts';
import { readExplicit, readSequence, readSet } from '../../../src/formats/asn1/values.ts';
import { context, generalizedTime, integer, octetString, oid, sequence, setOf, tlv } from '../../../src/formats/asn1/writer.ts';
import { buildSignedAttributes } from '../../../src/formats/cms/build-attributes.ts';
import { buildSignedData } from '../../../src/formats/cms/build-signed-data.ts';
import { CONTENT_TYPE } from '../../../src/formats/cms/oids.ts';
import type { TestIdentity } from '../../support/certificates.ts';

export const POLICY = '1.2.3.4.1';
export const NONCE = Buffer.from('00c0ffee0badf00d', 'hex');
export const DATA = Buffer.from('Giá trị chữ ký', 'utf8');
export const GEN_TIME = new Date('2026-11-24T08:00:00Z');

export interface TokenInput {
  readonly tsa: TestIdentity;
  readonly data?: Uint8Array;
  readonly imprintDigest?: DigestAlgorithm;
  readonly nonce?: Uint8Array | null;
  readonly policyOid?: string;
  readonly genTime?: Date;
  /** Certificates of the token, in this order of the wire; the TSA's own when absent. */
  readonly certificatesDer?: readonly Uint8Array[];
  /** Whose hash stands in signing-certificate-v2; the TSA's own when absent, none when null. */
  readonly essCertificateDer?: Uint8Array | null;
}

/** A token of our test authority, well-formed save for what the input says. */
export function token(input: TokenInput): Uint8Array {
  const { tsa } = input;
  const tstInfo = tstInfoOf(input);
  const attributes = buildSignedAttributes({
    contentDigest: createHash('sha256').update(tstInfo).digest(),
    digestAlgorithm: 'sha256',
    signerCertificateDer: input.essCertificateDer ?? tsa.certificateDer,
    contentType: CONTENT_TYPE.tstInfo,
  });
  const signedAttributesDer = input.essCertificateDer === null ? withoutEss(attributes) : attributes;
  const built = buildSignedData({
    signedAttributesDer,
    signatureValue: tsa.signer.sign(signedAttributesDer),
    scheme: tsa.signer.scheme,
    digestAlgorithm: 'sha256',
    chainDer: [tsa.certificateDer],
    encapsulatedContent: tstInfo,
    contentType: CONTENT_TYPE.tstInfo,
  });
  return input.certificatesDer === undefined ? built : withCertificates(built, input.certificatesDer);
}

function tstInfoOf(input: TokenInput): Uint8Array {
  const digest = input.imprintDigest ?? 'sha256';
  const imprint = createHash(digest).update(input.data ?? DATA).digest();
  const nonce = input.nonce === undefined ? NONCE : input.nonce;
  return sequence(
    integer(1),
    oid(input.policyOid ?? POLICY),
    sequence(digestAlgorithmDer(digest, 'null'), octetString(imprint)),
    integer(7),
    generalizedTime(input.genTime ?? GEN_TIME),
    ...(nonce === null ? [] : [integer(BigInt(`0x${Buffer.from(nonce).toString('hex')}`))]),
  );
}

function withoutEss(attributesDer: Uint8Array): Uint8Array {
  const [contentType, messageDigest] = readSet(readAsn1(attributesDer)).filter(({ bytes }) => bytes.length < 80);
  return setOf(contentType?.bytes ?? new Uint8Array(), messageDigest?.bytes ?? new Uint8Array());
}

/** The token with another certificate set, in the order given. */
export function withCertificates(tokenDer: Uint8Array, certificatesDer: readonly Uint8Array[]): Uint8Array {
  return rebuilt(tokenDer, (fields) => fields.flatMap((field) => (field[0] !== 0xa0 ? [field] : certificatesDer.length === 0 ? [] : [context(0, ...certificatesDer)])));
}

/** The token with its SignerInfo repeated `count` times. */
export function withSignerInfos(tokenDer: Uint8Array, count: number): Uint8Array {
  return rebuilt(tokenDer, (fields) => {
    const last = fields[fields.length - 1] ?? new Uint8Array();
    const [signerInfo] = readSet(readAsn1(last));
    return [...fields.slice(0, -1), tlv(0x31, ...Array.from({ length: count }, () => signerInfo?.bytes ?? new Uint8Array()))];
  });
}

function rebuilt(tokenDer: Uint8Array, change: (fields: Uint8Array[]) => Uint8Array[]): Uint8Array {
  const [type, content] = readSequence(readAsn1(tokenDer));
  const fields = readSequence(readExplicit(content, 0)).map((field) => field.bytes);
  return sequence(type?.bytes ?? new Uint8Array(), context(0, sequence(...change(fields))));
}

/** TimeStampResp with a status, RFC 3161 §2.4.2. */
export function response(tokenDer: Uint8Array | null, status = 0): Uint8Array {
  return sequence(sequence(integer(status)), ...(tokenDer === null ? [] : [tokenDer]));
}
