import type { DigestAlgorithm } from '../../domain/signature.ts';
import { appendedSource, type ByteSource } from '../byte-source.ts';
import { digestByteRange } from '../pades/embed.ts';
import { preparePades, type PreparedPdf, type PreparePadesOptions } from '../pades/prepare.ts';
import { addValidationData, type ValidationDataOptions } from '../pades/validation-data.ts';
import { documentJudge, type DocumentJudge } from './judge-document.ts';

/** An increment that waits for its CMS, and the digest of what the CMS has to sign. Plain data. */
export interface DigestedPdf {
  readonly prepared: PreparedPdf;
  readonly contentDigest: Uint8Array;
}

/**
 * One PDF that grows by incremental updates: each function takes what was appended so far and is not written yet. In this process it is
 * what `growingPdf` gives, elsewhere `isolatedPdf`. Holds no key and makes no signature.
 * @throws BUDGET_EXCEEDED, OVERLOADED, CANCELLED, SHUTTING_DOWN when the work is isolated
 */
export interface GrowingPdf {
  /** Makes room for a signature and digests what is to be signed. @throws as `preparePades` @see ISO 32000-2 §12.8.1 */
  prepare(appended: Uint8Array, options: PreparePadesOptions, digestAlgorithm: DigestAlgorithm): Promise<DigestedPdf>;
  judge(appended: Uint8Array): DocumentJudge;
  /** The further update, null when nothing is new. @throws as `addValidationData` */
  addValidationData(appended: Uint8Array, options: ValidationDataOptions): Promise<Uint8Array | null>;
}

/** `source` worked on here. */
export function growingPdf(source: ByteSource): GrowingPdf {
  return {
    prepare: async (appended, options, digestAlgorithm) => {
      const grown = appendedSource(source, appended);
      const prepared = await preparePades(grown, options);
      return { prepared, contentDigest: digestByteRange(grown, prepared, digestAlgorithm) };
    },
    judge: (appended) => documentJudge(appendedSource(source, appended)),
    addValidationData: (appended, options) => Promise.resolve(addValidationData(appendedSource(source, appended), options)),
  };
}
