import { GatewayError } from '../domain/errors.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import { openPdf } from '../formats/pdf/document.ts';

export interface ExtractRevisionRequest {
  /** A PDF; it is only read. */
  readonly source: ByteSource;
  /** Counted from 1, as reports count (`coverage.revision`). */
  readonly revision: number;
  /** Of an encrypted document, user's or owner's; the empty one is always tried. */
  readonly password?: string | undefined;
}

export interface ExtractedRevision {
  readonly revision: number;
  /** Revisions of the whole document. */
  readonly of: number;
  readonly sizeBytes: number;
  /** The first `sizeBytes` of the document, in pieces: byte for byte what was there when that revision was the newest. */
  readonly chunks: Iterable<Uint8Array>;
}

/**
 * A document as it stood when one of its revisions was saved or signed: its bytes up to that revision's end, unchanged. Decides
 * nothing about signatures.
 * @throws REQUEST_INVALID for a revision that is not there; DOCUMENT_EMPTY, PDF_NOT_PDF, PDF_BROKEN, PDF_ENCRYPTED, PDF_LIMIT
 * @see ISO 32000-2 §7.5.6, ETSI EN 319 142-1 §5.6
 */
export function extractRevision({ source, revision, password }: ExtractRevisionRequest): ExtractedRevision {
  const { revisions } = openPdf(source, { passwords: password === undefined ? [''] : ['', password] });
  const found = revisions[revision - 1];
  if (found === undefined) throw new GatewayError('REQUEST_INVALID', `The document has ${revisions.length} revision(s); there is no revision ${revision}`);
  const { end } = found;
  if (end === undefined) throw new GatewayError('PDF_BROKEN', `Revision ${revision} of the document has no end of its own: no %%EOF follows its cross-reference section`);
  return { revision, of: revisions.length, sizeBytes: end, chunks: chunksOf(source, 0, end) };
}
