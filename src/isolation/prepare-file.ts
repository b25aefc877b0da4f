import type { DigestAlgorithm } from '../domain/signature.ts';
import { growingPdf, type DigestedPdf, type GrowingPdf } from '../formats/ades/growing-pdf.ts';
import { digestOfChunks } from '../formats/algorithms/digests.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import type { PreparePadesOptions } from '../formats/pades/prepare.ts';
import type { ValidationDataOptions } from '../formats/pades/validation-data.ts';
import { openFileSource } from './file-source.ts';

export interface GrownFile {
  readonly path: string;
  /** What follows the file's bytes, at most some MiB. */
  readonly appended: Uint8Array;
}

export interface PrepareFileInput extends GrownFile {
  readonly options: PreparePadesOptions;
  readonly digestAlgorithm: DigestAlgorithm;
}

export interface AddDataInput extends GrownFile {
  readonly options: ValidationDataOptions;
}

export interface DigestFileInput {
  readonly path: string;
  readonly digestAlgorithm: DigestAlgorithm;
}

/** Prepares a PDF in a file for a signature and digests what is to be signed. @throws as `preparePades`; the error of `open` */
export function prepareFile({ path, appended, options, digestAlgorithm }: PrepareFileInput): Promise<DigestedPdf> {
  return withPdf(path, (pdf) => pdf.prepare(appended, options, digestAlgorithm));
}

/** The update that puts validation data into a PDF in a file. @throws as `addValidationData`; the error of `open` */
export function addDataToFile({ path, appended, options }: AddDataInput): Promise<Uint8Array | null> {
  return withPdf(path, (pdf) => pdf.addValidationData(appended, options));
}

/** Digest of a whole file. @throws the error of `open` */
export function digestFile({ path, digestAlgorithm }: DigestFileInput): Promise<Uint8Array> {
  return withSource(path, (source) => digestOfChunks(digestAlgorithm, chunksOf(source, 0, source.sizeBytes)));
}

function withPdf<T>(path: string, work: (pdf: GrowingPdf) => Promise<T>): Promise<T> {
  return withSource(path, (source) => work(growingPdf(source)));
}

async function withSource<T>(path: string, work: (source: ByteSource) => T | Promise<T>): Promise<T> {
  const source = openFileSource(path);
  try {
    return await work(source);
  } finally {
    source.close();
  }
}
