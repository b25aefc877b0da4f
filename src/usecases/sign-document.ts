import { GatewayError } from '../domain/errors.ts';
import { COMMITMENTS, type Commitment, type DigestAlgorithm, type SignatureLevel } from '../domain/signature.ts';
import type { ByteSource } from '../formats/byte-source.ts';
import { growingPdf, type DigestedPdf, type GrowingPdf } from '../formats/ades/growing-pdf.ts';
import { embedContents } from '../formats/pades/embed.ts';
import type { PreparedPdf, PreparePadesOptions } from '../formats/pades/prepare.ts';
import { cmsRoomBytes } from './cms-room.ts';
import { raiseLevel, type RaiseTerms } from './raise-level.ts';
import { checkReadyToSign, signDigest, timestampFacts, type SignatureFacts, type SignedDigest, type SignerIdentity, type SigningPorts, type TimestampFacts } from './sign-digest.ts';
import { stampPdf } from './stamp-pdf.ts';
import { tokenRoomBytes } from './timestamp-value.ts';

export interface SignDocumentRequest extends SignDocumentTerms {
  /** The PDF; never changed. */
  readonly source: ByteSource;
}

export interface SignDocumentTerms {
  readonly level: SignatureLevel;
  /** Default SHA-256. */
  readonly digestAlgorithm?: DigestAlgorithm;
  /** Field, place, appearance, reason …; the signing time is the gateway's clock. */
  readonly presentation?: Omit<PreparePadesOptions, 'subFilter' | 'contentsBytes' | 'revisionId' | 'signingTime'>;
  /** What the signer commits to, instead of a reason in words. */
  readonly commitment?: Commitment | undefined;
  /** Room kept for the time-stamp token; default: what `tokenRoomBytes` says. */
  readonly timestampReserveBytes?: number;
  readonly signal?: AbortSignal;
}

export interface SignedDocument {
  /** To be appended to the document as it was: signed PDF = original bytes + increment. */
  readonly increment: Uint8Array;
  readonly fieldName: string;
  readonly facts: SignatureFacts & { readonly format: 'pades'; readonly byteRange: readonly number[] };
}

/**
 * Signs a PDF as PAdES at any baseline level, in incremental updates that leave earlier signatures intact. Checks the certificate's
 * validity, usage and key; its path and revocation before the key is used are the caller's (Circular 15/2025/TT-BKHCN art. 5).
 * @throws REQUEST_INVALID; what `checkReadyToSign`, `preparePades`, `signDigest` and `raiseLevel` throw; PLACEHOLDER_TOO_SMALL
 * @see ETSI EN 319 142-1 §6.3
 */
export function signDocument(ports: SigningPorts, { source, ...terms }: SignDocumentRequest): Promise<SignedDocument> {
  return signGrowingPdf(ports, growingPdf(source), terms);
}

/**
 * The same for a PDF that is read and prepared wherever `pdf` does it; the key stays here.
 * @throws as `signDocument`; what `pdf` throws
 */
export async function signGrowingPdf(ports: SigningPorts, pdf: GrowingPdf, terms: SignDocumentTerms): Promise<SignedDocument> {
  const { level, digestAlgorithm = 'sha256', signal } = terms;
  const identity = await checkReadyToSign(ports, level);
  const { prepared, contentDigest } = await prepareSignature(ports, pdf, terms, identity);
  const signed = await signDigest(ports, { level, contentDigest, digestAlgorithm, identity, attributes: commitmentOf(terms), signal });
  return finishSignature(ports, pdf, prepared, signed, terms);
}

/** The signed attribute of a commitment, where the terms name one. */
export function commitmentOf({ commitment }: Pick<SignDocumentTerms, 'commitment'>): { readonly commitmentType?: string } {
  return commitment === undefined ? {} : { commitmentType: COMMITMENTS[commitment] };
}

/** Room for a signature in the PDF, and the digest of what it covers: the first half of `signGrowingPdf`. @throws as `preparePades`; REQUEST_INVALID; what `pdf` throws */
export async function prepareSignature(ports: SigningPorts, pdf: GrowingPdf, terms: SignDocumentTerms, identity: SignerIdentity): Promise<DigestedPdf> {
  const { digestAlgorithm = 'sha256', presentation = {}, commitment } = terms;
  if (commitment !== undefined && presentation.reason !== undefined) throw new GatewayError('REQUEST_INVALID', 'A signature has a reason in words or a commitment type, not both (EN 319 142-1 §6.3)');
  const options: PreparePadesOptions = {
    // Nobody can say later what was signed where readers may differ over it.
    compareReadings: true,
    ...presentation,
    subFilter: 'ETSI.CAdES.detached',
    contentsBytes: cmsRoomBytes({ signer: ports.signer, certificate: identity.certificate, digestAlgorithm, level: terms.level, tokenBytes: terms.timestampReserveBytes ?? tokenRoomBytes(ports.timestampAuthorities, digestAlgorithm), ...commitmentOf(terms) }),
    revisionId: ports.chance.bytes(16),
    signingTime: identity.checkedAt,
  };
  return pdf.prepare(NOTHING, options, digestAlgorithm);
}

/** The signed digest put into its room, and the document raised to its level: the second half. @throws PLACEHOLDER_TOO_SMALL; what `raiseLevel` throws */
export async function finishSignature(ports: SigningPorts, pdf: GrowingPdf, prepared: PreparedPdf, { facts, ...signed }: SignedDigest, terms: Pick<SignDocumentTerms, 'level' | 'digestAlgorithm' | 'signal'>): Promise<SignedDocument> {
  const { level, digestAlgorithm = 'sha256', signal } = terms;
  // The key is not used twice for a token that turned out too large: a document time-stamp gives trusted time as well.
  const fits = signed.cmsDer.length <= prepared.contentsBytes || facts.timestamp === null;
  const { fieldName, byteRange } = prepared;
  const appended = embedContents(prepared, fits ? signed.cmsDer : signed.withoutTimestamp());
  const raised = await raisedAbove(ports, pdf, { level, fieldName, appended, digestAlgorithm, tokenBytes: facts.timestamp?.tokenBytes, signal }, fits);
  return { increment: raised.appended, fieldName, facts: { ...facts, timestamp: fits ? facts.timestamp : null, format: 'pades', byteRange, documentTimestamp: raised.documentTimestamp } };
}

const NOTHING = new Uint8Array();

interface RaisedAbove {
  readonly appended: Uint8Array;
  readonly documentTimestamp: TimestampFacts | null;
}

/** From what the CMS reaches to what was asked for. */
async function raisedAbove({ longTerm, ...ports }: SigningPorts, pdf: GrowingPdf, { level, ...terms }: Omit<RaiseTerms, 'level'> & { readonly level: SignatureLevel }, hasTime: boolean): Promise<RaisedAbove> {
  const { appended } = terms;
  if (level === 'B-B' || (level === 'B-T' && hasTime)) return { appended, documentTimestamp: null };
  if (level === 'B-T') {
    const stamped = await stampPdf(ports, pdf, terms);
    return { appended: stamped.appended, documentTimestamp: timestampFacts(stamped.timestamp) };
  }
  if (longTerm === undefined) throw new Error('what the level needs was checked before the key was used');
  const { documentTimestamp, ...raised } = await raiseLevel({ ...ports, longTerm }, pdf, { ...terms, level });
  return { appended: raised.appended, documentTimestamp: documentTimestamp === null ? null : timestampFacts(documentTimestamp) };
}
