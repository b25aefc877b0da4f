import { COMMITMENTS, type Commitment, type DigestAlgorithm, type SignatureLevel } from '../domain/signature.ts';
import { digestOfChunks, type ContentDigester } from '../formats/algorithms/digests.ts';
import { growingSignature } from '../formats/ades/growing-cms.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import type { SignaturePolicyReference } from '../formats/cms/build-attributes.ts';
import { NOTHING_ADDED } from '../formats/cms/grow-signed-data.ts';
import { raiseCms } from './raise-cms.ts';
import { checkReadyToSign, signDigest, timestampFacts, type SignatureFacts, type SignedDigest, type SigningPorts } from './sign-digest.ts';

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
 * Signs any bytes as detached CAdES at any baseline level, with signing-time from the gateway's clock; `envelopingChunks` puts the content
 * inside where that is wanted.
 * @throws what `checkReadyToSign`, `signDigest` and `raiseCms` throw
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
  const identity = await checkReadyToSign(ports, level);
  const attributes = { signingTime: identity.checkedAt, ...(mimeType !== undefined && { mimeType }), ...(signaturePolicy && { signaturePolicy }), ...(commitment && { commitmentType: COMMITMENTS[commitment] }) };
  const contentDigest = await digestContent(digestAlgorithm);
  const signed = await signDigest(ports, { level, contentDigest, digestAlgorithm, identity, attributes, signal });
  return finishBytes(ports, contentDigest, signed, { level, digestAlgorithm, signal });
}

/** The signed digest raised to its level: all that comes after the key. @throws what `raiseCms` throws */
export async function finishBytes({ longTerm, ...ports }: Omit<SigningPorts, 'signer'>, contentDigest: Uint8Array, { cmsDer, facts }: SignedDigest, { level, digestAlgorithm, signal }: FinishTerms): Promise<SignedBytes> {
  if (level === 'B-B' || level === 'B-T') return { cmsDer, facts: { ...facts, format: 'cades', archiveTimestamp: null } };
  if (longTerm === undefined) throw new Error('what the level needs was checked before the key was used');
  const cms = growingSignature(cmsDer, digestAlgorithm, contentDigest);
  const { added, archiveTimestamp } = await raiseCms({ ...ports, longTerm }, cms, { level, added: NOTHING_ADDED, digestAlgorithm, signal });
  return { cmsDer: await cms.grown(added), facts: { ...facts, format: 'cades', archiveTimestamp: archiveTimestamp === null ? null : timestampFacts(archiveTimestamp) } };
}

interface FinishTerms {
  readonly level: SignatureLevel;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly signal?: AbortSignal | undefined;
}
