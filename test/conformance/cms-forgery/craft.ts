import { constants, createHash, sign, type KeyObject } from 'node:crypto';
import { digestAlgorithmDer } from '../../../src/formats/algorithms/digests.ts';
import { signatureAlgorithmDer } from '../../../src/formats/algorithms/schemes.ts';
import { readAsn1 } from '../../../src/formats/asn1/reader.ts';
import { readSet } from '../../../src/formats/asn1/values.ts';
import { context, integer, octetString, oid, sequence, setOf, tlv } from '../../../src/formats/asn1/writer.ts';
import { attribute, buildSignedAttributes } from '../../../src/formats/cms/build-attributes.ts';
import { ATTRIBUTE, CONTENT_TYPE } from '../../../src/formats/cms/oids.ts';
import { issuerAndSerialDer } from '../../../src/formats/cms/signer-reference.ts';
import type { TestIdentity } from '../../support/certificates.ts';

export const CONTENT = Buffer.from('Phê duyệt kinh phí 100.000.000 đồng', 'utf8');

/** Every part of a signature, each of which a forger may choose; what is absent is as an honest signer would have it. */
export interface Craft {
  readonly identity: TestIdentity;
  readonly content?: Uint8Array;
  readonly digest?: 'sha256' | 'sha1' | 'md5';
  readonly digestAlgorithm?: Uint8Array;
  readonly signatureAlgorithm?: Uint8Array;
  /** In the order of the wire; null leaves them out and signs the content itself. */
  readonly attributes?: readonly Uint8Array[] | null;
  /** What the key signs; the DER SET OF the attributes when absent. */
  readonly toBeSigned?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly sid?: Uint8Array;
  readonly encapsulated?: Uint8Array;
  readonly contentType?: string;
  readonly certificates?: readonly Uint8Array[];
  readonly unsigned?: readonly Uint8Array[];
}

export function craft(input: Craft): Uint8Array {
  return signedData(input, [signerInfo(input)]);
}

export function signedData(input: Craft, signerInfos: readonly Uint8Array[]): Uint8Array {
  const content = input.encapsulated === undefined ? [] : [context(0, octetString(input.encapsulated))];
  const certificates = input.certificates ?? [input.identity.certificateDer];
  return sequence(
    oid(CONTENT_TYPE.signedData),
    context(0, sequence(
      integer(1),
      setOf(input.digestAlgorithm ?? digestAlgorithmDer(input.digest ?? 'sha256')),
      sequence(oid(input.contentType ?? CONTENT_TYPE.data), ...content),
      context(0, ...certificates),
      tlv(0x31, ...signerInfos),
    )),
  );
}

export function signerInfo(input: Craft): Uint8Array {
  const attributes = input.attributes === undefined ? honestAttributes(input) : input.attributes;
  const toBeSigned = input.toBeSigned ?? (attributes === null ? (input.content ?? CONTENT) : setOf(...attributes));
  return sequence(
    integer(1),
    input.sid ?? issuerAndSerialDer(input.identity.certificateDer),
    input.digestAlgorithm ?? digestAlgorithmDer(input.digest ?? 'sha256'),
    ...(attributes === null ? [] : [context(0, ...attributes)]),
    input.signatureAlgorithm ?? signatureAlgorithmDer(input.identity.signer.scheme, 'sha256'),
    octetString(input.signature ?? input.identity.signer.sign(toBeSigned)),
    ...(input.unsigned === undefined ? [] : [context(1, ...input.unsigned)]),
  );
}

/** content-type, message-digest and signing-certificate-v2 of an honest signer, in DER's order. */
export function honestAttributes(input: Craft): Uint8Array[] {
  const { digest = 'sha256', content = CONTENT } = input;
  const set = buildSignedAttributes({
    contentDigest: createHash(digest).update(content).digest(),
    digestAlgorithm: 'sha256',
    signerCertificateDer: input.identity.certificateDer,
    ...(input.contentType === undefined ? {} : { contentType: input.contentType }),
  });
  return readSet(readAsn1(set)).map((node) => node.bytes);
}

/** The honest attributes without those of the given types. */
export function attributesWithout(input: Craft, ...types: readonly string[]): Uint8Array[] {
  return honestAttributes(input).filter((der) => !types.some((type) => Buffer.from(der).includes(Buffer.from(oid(type)))));
}

export const messageDigest = (content: Uint8Array): Uint8Array => attribute(ATTRIBUTE.messageDigest, octetString(createHash('sha256').update(content).digest()));
export const contentType = (type: string): Uint8Array => attribute(ATTRIBUTE.contentType, oid(type));

/** RSA-PSS values that an honest signer does not make. */
export function pssValue(key: KeyObject, data: Uint8Array, saltLength: number): Uint8Array {
  return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}
