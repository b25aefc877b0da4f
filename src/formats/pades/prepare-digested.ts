import type { DigestAlgorithm } from '../../domain/signature.ts';
import type { ByteSource } from '../byte-source.ts';
import { digestByteRange } from './embed.ts';
import { preparePades, type PreparedPdf, type PreparePadesOptions } from './prepare.ts';

/** An increment that waits for its CMS, and the digest of what the CMS has to sign. Plain data. */
export interface DigestedPdf {
  readonly prepared: PreparedPdf;
  readonly contentDigest: Uint8Array;
}

/**
 * One PDF that can be prepared for a signature: in this process what `pdfPreparer` gives, elsewhere `isolatedPdfPreparer`.
 * @throws as `preparePades`; BUDGET_EXCEEDED, OVERLOADED, CANCELLED, SHUTTING_DOWN when preparing is isolated
 */
export type PdfPreparer = (options: PreparePadesOptions, digestAlgorithm: DigestAlgorithm) => Promise<DigestedPdf>;

/** Prepares `source` here, and digests what is to be signed. Holds no key and makes no signature. @see ISO 32000-2 §12.8.1 */
export function pdfPreparer(source: ByteSource): PdfPreparer {
  return async (options, digestAlgorithm) => {
    const prepared = await preparePades(source, options);
    return { prepared, contentDigest: digestByteRange(source, prepared, digestAlgorithm) };
  };
}
