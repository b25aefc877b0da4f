import type { DigestAlgorithm } from '../domain/signature.ts';
import { growingCms, type ArchiveTarget, type CmsSigner, type GrowingCms } from '../formats/ades/growing-cms.ts';
import type { CmsAdditions } from '../formats/cms/grow-signed-data.ts';
import { openFileSource } from './file-source.ts';

export interface CmsFile {
  readonly path: string;
  /** What a detached signature is about; null: nothing was given. */
  readonly detachedPath: string | null;
}

export interface CmsSignersInput extends CmsFile {
  readonly digest: DigestAlgorithm;
}

export interface ArchiveTargetInput extends CmsFile {
  readonly added: CmsAdditions;
  readonly signerIndex: number;
  readonly digest: DigestAlgorithm;
}

export interface GrowCmsInput extends CmsFile {
  readonly added: CmsAdditions;
}

/** @throws as `GrowingCms.signers`; the error of `open` */
export function signersOfFile({ digest, ...file }: CmsSignersInput): Promise<readonly CmsSigner[]> {
  return withCms(file, (cms) => cms.signers(digest));
}

/** @throws as `GrowingCms.archiveTarget`; the error of `open` */
export function archiveTargetOfFile({ added, signerIndex, digest, ...file }: ArchiveTargetInput): Promise<ArchiveTarget> {
  return withCms(file, (cms) => cms.archiveTarget(added, signerIndex, digest));
}

/** @throws as `GrowingCms.grown`; the error of `open` */
export function grownFile({ added, ...file }: GrowCmsInput): Promise<Uint8Array> {
  return withCms(file, (cms) => cms.grown(added));
}

/** Works on a CMS file and on what it is about, for as long as that takes. @throws the error of `open`; what `work` throws */
export async function withCms<T>({ path, detachedPath }: CmsFile, work: (cms: GrowingCms) => T | Promise<T>): Promise<T> {
  const source = openFileSource(path);
  try {
    const detached = detachedPath === null ? undefined : openFileSource(detachedPath);
    try {
      return await work(growingCms(source, detached));
    } finally {
      detached?.close();
    }
  } finally {
    source.close();
  }
}
