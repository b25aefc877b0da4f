import { GatewayError } from '../domain/errors.ts';
import type { Commitment, DigestAlgorithm, SignatureFormat, SignatureLevel, SignatureScheme } from '../domain/signature.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import { digestOf, type ContentDigester } from '../formats/algorithms/digests.ts';
import { ownAlgorithm } from '../formats/algorithms/schemes.ts';
import { verifyValue } from '../formats/algorithms/verify.ts';
import { sequence, unsignedInteger } from '../formats/asn1/writer.ts';
import { buildSignedAttributes } from '../formats/cms/build-attributes.ts';
import type { PreparedPdf } from '../formats/pades/prepare.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import type { Signer } from '../ports/signer.ts';
import { finishBytes } from './sign-bytes.ts';
import { checkReadyToSign, signDigest, type SignatureFacts, type SigningPorts } from './sign-digest.ts';
import { commitmentOf, finishSignature, prepareSignature, type SignDocumentTerms } from './sign-document.ts';

/** A signature that waits for the value of a key out of our reach: a clerk's USB token. Plain data, to be kept until the value comes. */
export interface SignatureToMake {
  readonly format: Extract<SignatureFormat, 'pades' | 'cades'>;
  readonly level: SignatureLevel;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly scheme: SignatureScheme;
  readonly chainDer: Signer['chainDer'];
  readonly contentDigest: Uint8Array;
  /** DER of SET OF Attribute: what the key signs, hashed with `digestAlgorithm`. */
  readonly signedAttributesDer: Uint8Array;
  readonly preparedAt: Date;
  readonly commitment?: Commitment | undefined;
  /** Null for CAdES. */
  readonly prepared: PreparedPdf | null;
}

export interface PrepareElsewhereTerms extends Pick<SignDocumentTerms, 'presentation' | 'commitment' | 'signal'>, Pick<SignatureToMake, 'format' | 'level' | 'digestAlgorithm' | 'scheme' | 'chainDer'> {
  /** What the level needs beside the value is not asked for now. */
  readonly checkLevelLater?: boolean;
}

/** Where the document is read. */
export interface DocumentReader {
  readonly pdf: GrowingPdf;
  readonly digestContent: ContentDigester;
}

export type ElsewherePorts = Omit<SigningPorts, 'signer'>;

/**
 * Everything of a signature but its value. Checks the certificate's validity, usage and key; its path and revocation are the caller's.
 * @throws what `checkReadyToSign`, `preparePades` and the reader throw; KEY_UNSUPPORTED when certificate and scheme do not go together
 */
export async function prepareElsewhere(ports: ElsewherePorts, document: DocumentReader, terms: PrepareElsewhereTerms): Promise<SignatureToMake> {
  const { format, level, digestAlgorithm, scheme, chainDer, commitment } = terms;
  checkScheme(chainDer[0], scheme);
  const signing = { ...ports, signer: absentSigner(chainDer, scheme) };
  const identity = await checkReadyToSign(signing, terms.checkLevelLater === true ? 'B-B' : level);
  const digested = format === 'pades' ? await prepareSignature(signing, document.pdf, terms, identity) : { prepared: null, contentDigest: await document.digestContent(digestAlgorithm) };
  const { prepared, contentDigest } = digested;
  const preparedAt = identity.checkedAt;
  const signedAttributesDer = buildSignedAttributes({ contentDigest, digestAlgorithm, scheme, signerCertificateDer: chainDer[0], ...attributesOf(terms, preparedAt) });
  return { format, level, digestAlgorithm, scheme, chainDer, contentDigest, signedAttributesDer, preparedAt, prepared, ...(commitment === undefined ? {} : { commitment }) };
}

/** EN 319 122-1 wants the signing time among the attributes, EN 319 142-1 §6.3 forbids it there. */
const attributesOf = (terms: Pick<SignatureToMake, 'format' | 'commitment'>, signingTime: Date) => ({ ...(terms.format === 'cades' ? { signingTime } : {}), ...commitmentOf(terms) });

function checkScheme(certificateDer: Uint8Array, scheme: SignatureScheme): void {
  const { type, bits } = readKnownCertificate(certificateDer).publicKey;
  const fits = type === 'EC' ? scheme === 'ecdsa' : type === 'RSA-PSS' ? scheme === 'pss' : type === 'RSA' && scheme !== 'ecdsa';
  if (!fits) throw new GatewayError('KEY_UNSUPPORTED', `A key of type ${type} cannot sign with the scheme ${scheme}`);
  if (type !== 'EC' && bits < 2048) throw new GatewayError('KEY_UNSUPPORTED', `The RSA key has ${bits} bits; at least 2048 are required`);
}

export interface MadeElsewhere {
  /** What is to be appended to a PDF, or the whole detached CMS. */
  readonly bytes: Uint8Array;
  readonly facts: SignatureFacts;
}

/**
 * The signature with its value, verified first, raised to its level. The certificate's dates are looked at again; its path and revocation are
 * the caller's.
 * @throws SIGNATURE_VALUE_WRONG; as `signDigest`, `raiseLevel` and `raiseCms`
 */
export async function completeElsewhere(ports: ElsewherePorts, pdf: GrowingPdf, toMake: SignatureToMake, value: Uint8Array, signal?: AbortSignal): Promise<MadeElsewhere> {
  const { level, digestAlgorithm, contentDigest, preparedAt, prepared } = toMake;
  const signing = { ...ports, signer: givenValue(toMake, rightValue(toMake, value)) };
  const identity = await checkReadyToSign(signing, level);
  const signed = await signDigest(signing, { level, contentDigest, digestAlgorithm, identity, attributes: attributesOf(toMake, preparedAt), signal });
  if (prepared === null) {
    const { cmsDer, facts } = await finishBytes(signing, contentDigest, signed, { level, digestAlgorithm, signal });
    return { bytes: cmsDer, facts };
  }
  const { increment, facts } = await finishSignature(signing, pdf, prepared, signed, { level, digestAlgorithm, ...(signal === undefined ? {} : { signal }) });
  return { bytes: increment, facts };
}

/** Name in records of a key that is known by its certificate only. */
export function elsewhereKeyId(certificateDer: Uint8Array): string {
  return `certificate-${readKnownCertificate(certificateDer).sha256Hex.slice(0, 40)}`;
}

function absentSigner(chainDer: Signer['chainDer'], scheme: SignatureScheme): Signer {
  return { keyId: elsewhereKeyId(chainDer[0]), chainDer, scheme, sign: () => Promise.reject(new Error('This key is not here')) };
}

function givenValue({ chainDer, scheme, signedAttributesDer }: SignatureToMake, value: Uint8Array): Signer {
  return {
    ...absentSigner(chainDer, scheme),
    sign(toBeSigned) {
      if (Buffer.compare(toBeSigned, signedAttributesDer) !== 0) throw new Error('Other attributes than those that were prepared');
      return Promise.resolve(value);
    },
  };
}

/** The value as CMS has it. Devices give ECDSA values as r and s side by side, too. @throws SIGNATURE_VALUE_WRONG */
function rightValue({ scheme, digestAlgorithm, chainDer, signedAttributesDer: data }: SignatureToMake, value: Uint8Array): Uint8Array {
  const algorithm = ownAlgorithm(scheme, digestAlgorithm).identifier;
  const { spkiDer } = readKnownCertificate(chainDer[0]);
  const half = value.length / 2;
  const shapes = scheme === 'ecdsa' && Number.isInteger(half) && half >= 24 && half <= 66 ? [value, sequence(unsignedInteger(value.subarray(0, half)), unsignedInteger(value.subarray(half)))] : [value];
  const right = shapes.find((signature) => verifyValue({ algorithm, spkiDer, data, signature }).valid);
  if (right === undefined) throw new GatewayError('SIGNATURE_VALUE_WRONG', 'The value is not a signature over the prepared attributes by the key of the certificate: sign exactly "signedAttributes" with the algorithm that was told');
  return right;
}

/** For whoever signs digests instead of bytes. */
export function digestToSign({ digestAlgorithm, signedAttributesDer }: SignatureToMake): Uint8Array {
  return digestOf(digestAlgorithm, signedAttributesDer);
}
