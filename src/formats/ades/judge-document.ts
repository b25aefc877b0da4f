import { GatewayError, isGatewayError, type ErrorCode } from '../../domain/errors.ts';
import { digestOfChunks, type DigestName } from '../algorithms/digests.ts';
import { oid } from '../asn1/writer.ts';
import { chunksOf, type ByteSource } from '../byte-source.ts';
import { CONTENT_TYPE } from '../cms/oids.ts';
import { rangeDigests, type RangeDigests } from '../range-digests.ts';
import { readCmsFile } from './cms-file.ts';
import type { ValidationContext } from './context.ts';
import { withoutResponse } from './judge-bare-timestamp.ts';
import { judgeCms, type JudgedSignatures } from './judge-cms.ts';
import { pdfJudge } from './judge-pdf.ts';

/** What one look at a document says: the part of a report that needs its bytes. Plain data. */
export interface JudgedDocument extends JudgedSignatures {
  /** Of the whole file, lower-case hexadecimal. */
  readonly sha256: string;
  readonly mediaType: string;
  /** Why the document cannot be read (UNREADABLE); null when it can. */
  readonly error: { readonly code: ErrorCode; readonly detail: string } | null;
}

/**
 * One document that can be judged, again whenever more has become known. In this process that is what `documentJudge` gives; where the
 * document is a stranger's, `isolatedDocumentJudge` does the same where it can be stopped.
 * @throws BUDGET_EXCEEDED, OVERLOADED, CANCELLED, SHUTTING_DOWN when judging is isolated: no verdict was reached
 */
export type DocumentJudge = (context: ValidationContext) => JudgedDocument | Promise<JudgedDocument>;

export const PDF_MEDIA_TYPE = 'application/pdf';
export const CMS_MEDIA_TYPE = 'application/pkcs7-signature';
const HEADER_WINDOW_BYTES = 1024;
const SEQUENCE = 0x30;

/**
 * Gives the function that judges every signature and time-stamp of a PDF, or of a CMS in DER, BER or PEM (with what it is about as
 * `detached`). The bytes are read and digested at the first call, and kept for the next, which may know more. A document that cannot
 * be read is an answer; nothing is thrown for it.
 * @param password of an encrypted PDF, user's or owner's; the empty one is always tried
 * @see ETSI EN 319 102-1 §5.3
 */
export function documentJudge(source: ByteSource, detached?: ByteSource, password?: string): (context: ValidationContext) => JudgedDocument {
  const digests = rangeDigests(source);
  const sha256 = once(() => Buffer.from(digests('sha256', [0, source.sizeBytes])).toString('hex'));
  const mediaType = once(() => mediaTypeOf(source));
  const judge = once(() => judgeOf(mediaType(), source, { digests, detached, password }));
  // The digest of the whole comes last: it goes on from what the signatures had digested.
  const answer = (judged: Omit<JudgedDocument, 'sha256' | 'mediaType'>): JudgedDocument => ({ sha256: sha256(), mediaType: mediaType(), ...judged });
  return (context) => {
    try {
      return answer({ ...judge()(context), error: null });
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return answer({ signatures: [], timestamps: [], error: { code: error.code, detail: error.message } });
    }
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

interface JudgeInput {
  readonly digests: RangeDigests;
  readonly detached: ByteSource | undefined;
  readonly password: string | undefined;
}

function judgeOf(mediaType: string, source: ByteSource, { digests, detached, password }: JudgeInput): (context: ValidationContext) => JudgedSignatures {
  if (mediaType === PDF_MEDIA_TYPE) return pdfJudge(source, digests, password);
  if (mediaType === CMS_MEDIA_TYPE || mediaType === 'application/timestamp-reply') {
    const [bytes, digest] = [withoutResponse(readCmsFile(source)), detachedDigest(detached)];
    return (context) => judgeCms(bytes, digest, context);
  }
  if (source.sizeBytes === 0) throw new GatewayError('DOCUMENT_EMPTY', 'The document is empty (0 bytes)');
  throw new GatewayError('MEDIA_TYPE_UNSUPPORTED', 'The document is neither a PDF nor a CMS signature');
}

/**
 * By content, never by name: a PDF's header may stand within the first 1024 bytes, a CMS begins with a SEQUENCE whose first element is an
 * OID (RFC 5652 §3) and may have a PDF inside, the answer of a time-stamping authority with one whose first element is again a SEQUENCE
 * (RFC 3161 §2.4.2).
 */
export function mediaTypeOf(source: ByteSource): string {
  const head = Buffer.from(source.read(0, Math.min(HEADER_WINDOW_BYTES, source.sizeBytes)));
  if (head[0] === SEQUENCE && head.subarray(headerLength(head)).subarray(0, SIGNED_DATA.length).equals(SIGNED_DATA)) return CMS_MEDIA_TYPE;
  if (head.includes('%PDF-')) return PDF_MEDIA_TYPE;
  if (head[0] === SEQUENCE && head[headerLength(head)] === SEQUENCE) return 'application/timestamp-reply';
  if (head[0] === SEQUENCE || /^\s*-----BEGIN (?:CMS|PKCS7|PKCS #7 SIGNED DATA)-----/.test(head.toString('latin1'))) return CMS_MEDIA_TYPE;
  return 'application/octet-stream';
}

/** First field of a ContentInfo that holds SignedData. */
const SIGNED_DATA = oid(CONTENT_TYPE.signedData);

/** Of the DER or BER value that begins here (X.690 §8.1.3). */
function headerLength(head: Buffer): number {
  const length = head[1] ?? 0;
  return length < 0x80 ? 2 : 2 + (length & 0x7f);
}

/** Each algorithm is computed once, however many signatures name it. */
function detachedDigest(detached: ByteSource | undefined): ((digest: DigestName) => Uint8Array) | undefined {
  if (detached === undefined) return undefined;
  const known = new Map<DigestName, Uint8Array>();
  return (digest) => {
    const value = known.get(digest) ?? digestOfChunks(digest, chunksOf(detached, 0, detached.sizeBytes));
    known.set(digest, value);
    return value;
  };
}

/** What is wrong with the document is an answer; what is wrong with us, the world or our patience is not. */
function isUnreadable(error: unknown): error is GatewayError {
  return isGatewayError(error) && error.origin === 'caller' && error.code !== 'CANCELLED' && error.code !== 'BUDGET_EXCEEDED';
}
