import type { DigestAlgorithm, SignatureLevel } from '../domain/signature.ts';
import type { ByteSource } from '../formats/byte-source.ts';
import { digestByteRange, embedContents } from '../formats/pades/embed.ts';
import { preparePades, type PreparePadesOptions } from '../formats/pades/prepare.ts';
import type { Signer } from '../ports/signer.ts';
import { checkReadyToSign, signDigest, type SignatureFacts, type SignerIdentity, type SigningPorts } from './sign-digest.ts';

export interface SignDocumentRequest {
  /** The PDF; never changed. */
  readonly source: ByteSource;
  readonly level: SignatureLevel;
  /** Default SHA-256. */
  readonly digestAlgorithm?: DigestAlgorithm;
  /** Field, place, appearance, reason …; the signing time is the gateway's clock. */
  readonly presentation?: Omit<PreparePadesOptions, 'subFilter' | 'contentsBytes' | 'revisionId' | 'signingTime'>;
  /** Room kept for the time-stamp token; default 12,288 bytes, of which tokens with their chains mostly fill half. */
  readonly timestampReserveBytes?: number;
  readonly signal?: AbortSignal;
}

export interface SignedDocument {
  /** To be appended to the document as it was: signed PDF = original bytes + increment. */
  readonly increment: Uint8Array;
  readonly fieldName: string;
  readonly facts: SignatureFacts & { readonly format: 'pades'; readonly byteRange: readonly number[] };
}

const TIMESTAMP_RESERVE_BYTES = 12_288;

/**
 * Signs a PDF as PAdES B-B or B-T in an incremental update that leaves earlier signatures intact. Checks the certificate's
 * validity, usage and key; its path and revocation are the caller's (Circular 15/2025/TT-BKHCN art. 5).
 * @throws what `checkReadyToSign`, `preparePades` and `signDigest` throw; PLACEHOLDER_TOO_SMALL
 * @see ETSI EN 319 142-1 §6.3
 */
export async function signDocument(ports: SigningPorts, request: SignDocumentRequest): Promise<SignedDocument> {
  const { source, level, digestAlgorithm = 'sha256', presentation = {} } = request;
  const identity = checkReadyToSign(ports, level);
  const prepared = await preparePades(source, {
    ...presentation,
    subFilter: 'ETSI.CAdES.detached',
    contentsBytes: cmsRoomBytes(ports.signer, identity, request),
    revisionId: ports.chance.bytes(16),
    signingTime: identity.checkedAt,
  });
  const contentDigest = digestByteRange(source, prepared, digestAlgorithm);
  const { cmsDer, facts } = await signDigest(ports, { level, contentDigest, digestAlgorithm, identity, signal: request.signal });
  return { increment: embedContents(prepared, cmsDer), fieldName: prepared.fieldName, facts: { ...facts, format: 'pades', byteRange: prepared.byteRange } };
}

/** Chain, value, and what surrounds them: issuer and subject names stand in the CMS up to three times more. */
function cmsRoomBytes({ chainDer }: Signer, { certificate }: SignerIdentity, { level, timestampReserveBytes = TIMESTAMP_RESERVE_BYTES }: SignDocumentRequest): number {
  const chainBytes = chainDer.reduce((sum, der) => sum + der.length, 0);
  // An RSA value has the key's size; ECDSA's is twice the curve's and some.
  const valueBytes = Math.ceil(certificate.publicKey.bits / 4) + 16;
  return chainBytes + 3 * certificate.issuerDer.length + valueBytes + 1024 + (level === 'B-B' ? 0 : timestampReserveBytes);
}
