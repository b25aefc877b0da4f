import { GatewayError } from '../domain/errors.ts';
import { COMMITMENTS, isAtLeast, type Commitment, type DigestAlgorithm, type SignatureLevel } from '../domain/signature.ts';
import { digestOfChunks, type ContentDigester } from '../formats/algorithms/digests.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import type { SignaturePolicyReference } from '../formats/cms/build-attributes.ts';
import { checkReadyToSign, signDigest, type SignatureFacts, type SigningPorts } from './sign-digest.ts';

export interface SignBytesRequest extends SignBytesTerms {
  readonly source: ByteSource;
}

export interface SignBytesTerms {
  readonly level: SignatureLevel;
  /** Default SHA-256. */
  readonly digestAlgorithm?: DigestAlgorithm;
  /** Media type of the bytes, signed with them (EN 319 122-1 §5.2.5.2). */
  readonly mimeType?: string;
  readonly signaturePolicy?: SignaturePolicyReference;
  readonly commitment?: Commitment | undefined;
  readonly signal?: AbortSignal;
}

export interface SignedBytes {
  /** Detached CAdES, DER. */
  readonly cmsDer: Uint8Array;
  readonly facts: SignatureFacts & { readonly format: 'cades' };
}

/**
 * Signs any bytes as detached CAdES B-B or B-T, with signing-time from the gateway's clock.
 * @throws LEVEL_UNSUPPORTED, what `checkReadyToSign` and `signDigest` throw
 * @see ETSI EN 319 122-1 §6.3
 */
export function signBytes(ports: SigningPorts, { source, ...terms }: SignBytesRequest): Promise<SignedBytes> {
  return signDigestedBytes(ports, (digest) => digestOfChunks(digest, chunksOf(source, 0, source.sizeBytes)), terms);
}

/**
 * The same for bytes that are read and digested wherever `digestContent` does it; the key stays here.
 * @throws as `signBytes`; what `digestContent` throws
 */
export async function signDigestedBytes(ports: SigningPorts, digestContent: ContentDigester, terms: SignBytesTerms): Promise<SignedBytes> {
  const { level, digestAlgorithm = 'sha256', mimeType, signaturePolicy, commitment, signal } = terms;
  if (isAtLeast(level, 'B-LT')) throw new GatewayError('LEVEL_UNSUPPORTED', `CAdES signatures at level ${level} cannot be made yet; ask for B-B or B-T, or for pades`);
  const identity = await checkReadyToSign(ports, level);
  const attributes = { signingTime: identity.checkedAt, ...(mimeType !== undefined && { mimeType }), ...(signaturePolicy && { signaturePolicy }), ...(commitment && { commitmentType: COMMITMENTS[commitment] }) };
  const contentDigest = await digestContent(digestAlgorithm);
  const { cmsDer, facts } = await signDigest(ports, { level, contentDigest, digestAlgorithm, identity, attributes, signal });
  return { cmsDer, facts: { ...facts, format: 'cades' } };
}
