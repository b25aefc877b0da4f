import type { DigestAlgorithm } from '../domain/signature.ts';
import { digestOfChunks } from '../formats/algorithms/digests.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import type { PreparePadesOptions } from '../formats/pades/prepare.ts';
import { pdfPreparer, type DigestedPdf } from '../formats/pades/prepare-digested.ts';
import { openFileSource } from './file-source.ts';

export interface PrepareFileInput {
  readonly path: string;
  readonly options: PreparePadesOptions;
  readonly digestAlgorithm: DigestAlgorithm;
}

export interface DigestFileInput {
  readonly path: string;
  readonly digestAlgorithm: DigestAlgorithm;
}

/** Prepares a PDF in a file for a signature and digests what is to be signed. @throws as `preparePades`; the error of `open` */
export function prepareFile({ path, options, digestAlgorithm }: PrepareFileInput): Promise<DigestedPdf> {
  return withSource(path, (source) => pdfPreparer(source)(options, digestAlgorithm));
}

/** Digest of a whole file. @throws the error of `open` */
export function digestFile({ path, digestAlgorithm }: DigestFileInput): Promise<Uint8Array> {
  return withSource(path, (source) => digestOfChunks(digestAlgorithm, chunksOf(source, 0, source.sizeBytes)));
}

async function withSource<T>(path: string, work: (source: ByteSource) => T | Promise<T>): Promise<T> {
  const source = openFileSource(path);
  try {
    return await work(source);
  } finally {
    source.close();
  }
}
