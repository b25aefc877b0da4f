import { GatewayError } from '../../domain/errors.ts';
import type { DigestAlgorithm } from '../../domain/signature.ts';
import { digestOf, digestOfChunks, sha256HexOf, type DigestName } from '../algorithms/digests.ts';
import { bytesSource, chunksOf, type ByteSource } from '../byte-source.ts';
import { archiveImprint } from '../cms/archive-imprint.ts';
import { growSignedData, NOTHING_ADDED, type CmsAdditions } from '../cms/grow-signed-data.ts';
import { buildHashIndex } from '../cms/hash-index.ts';
import { ATTRIBUTE } from '../cms/oids.ts';
import { readSignedData, type SignerInfo } from '../cms/signed-data.ts';
import { readCmsFile } from './cms-file.ts';
import type { ValidationContext } from './context.ts';
import { judgeCms } from './judge-cms.ts';
import { CMS_MEDIA_TYPE, documentJudge, type DocumentJudge, type JudgedDocument } from './judge-document.ts';

/** What raising a signature of a CMS has to know of it. Plain data. */
export interface CmsSigner {
  /** As reports name it. */
  readonly id: string;
  /** Of the signature value. */
  readonly valueDigest: Uint8Array;
  /** Names of attributes with which no baseline B-LT is possible. */
  readonly obstacles: readonly string[];
}

/** What an archive time-stamp has to cover. Plain data. */
export interface ArchiveTarget {
  readonly imprint: Uint8Array;
  /** ATSHashIndexV3, to be put into the token. */
  readonly hashIndexDer: Uint8Array;
}

/**
 * One CMS signature file that grows by what follows its signatures: each function takes what is to be added and is not written yet. In
 * this process it is what `growingCms` gives, elsewhere `isolatedCms`. Holds no key and makes no signature.
 * @throws CMS_MALFORMED, ASN1_LIMIT and others when the file is no CMS; BUDGET_EXCEEDED, OVERLOADED, CANCELLED, SHUTTING_DOWN when the work is isolated
 */
export interface GrowingCms {
  signers(digest: DigestAlgorithm): Promise<readonly CmsSigner[]>;
  /** @param signerIndex from 0 @see ETSI EN 319 122-1 §5.5.3 */
  archiveTarget(added: CmsAdditions, signerIndex: number, digest: DigestAlgorithm): Promise<ArchiveTarget>;
  judge(added: CmsAdditions): DocumentJudge;
  /** The whole file, DER, or BER where it was. */
  grown(added: CmsAdditions): Promise<Uint8Array>;
}

/** `source` worked on here. @param detached what a detached signature is about */
export function growingCms(source: ByteSource, detached?: ByteSource): GrowingCms {
  let read: Uint8Array | undefined;
  const grown = (added: CmsAdditions): Uint8Array => growSignedData((read ??= readCmsFile(source)), added);
  const outside = detached === undefined ? undefined : (digest: DigestAlgorithm): Uint8Array => digestOfChunks(digest, chunksOf(detached, 0, detached.sizeBytes));
  return { ...growingFile(grown, outside), judge: (added) => growingCmsJudge(source, detached, added) };
}

/** The judge of a CMS file with what is added to it. @throws as `growSignedData`, when it is not the file that was looked at */
export function growingCmsJudge(source: ByteSource, detached: ByteSource | undefined, added: CmsAdditions): (context: ValidationContext) => JudgedDocument {
  return documentJudge(isNothing(added) ? source : bytesSource(growSignedData(readCmsFile(source), added)), detached);
}

const isNothing = ({ certificatesDer, crlsDer, ocspsDer, unsignedAttributes }: CmsAdditions): boolean => certificatesDer.length + crlsDer.length + ocspsDer.length + unsignedAttributes.length === 0;

/** A detached signature just made here, of whose content only the digest is known. */
export function growingSignature(cmsDer: Uint8Array, digestAlgorithm: DigestAlgorithm, contentDigest: Uint8Array): GrowingCms {
  const grown = (added: CmsAdditions): Uint8Array => growSignedData(cmsDer, added);
  const outside = (digest: DigestName): Uint8Array => {
    if (digest !== digestAlgorithm) throw new Error(`the content was digested with ${digestAlgorithm} alone`);
    return contentDigest;
  };
  const judge = (added: CmsAdditions): DocumentJudge => {
    const bytes = grown(added);
    return (context) => ({ ...judgeCms(bytes, outside, context), sha256: sha256HexOf(bytes), mediaType: CMS_MEDIA_TYPE, error: null });
  };
  return { ...growingFile(grown, outside), judge };
}

/** @param outside digest of what is signed, where it lies outside */
function growingFile(grown: (added: CmsAdditions) => Uint8Array, outside: ((digest: DigestAlgorithm) => Uint8Array) | undefined): Omit<GrowingCms, 'judge'> {
  return {
    signers: (digest) => promised(() => readSignedData(grown(NOTHING_ADDED)).signerInfos.map((signerInfo, index) => signerOf(signerInfo, index, digest))),
    archiveTarget: (added, signerIndex, digest) => promised(() => targetOf(grown(added), signerIndex, digest, outside)),
    grown: (added) => promised(() => grown(added)),
  };
}

/** What is thrown here is a rejection, as it is where the work is isolated. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

function signerOf({ signature, unsignedAttributes }: SignerInfo, index: number, digest: DigestAlgorithm): CmsSigner {
  const obstacles = Object.entries(NOT_IN_BASELINE).flatMap(([oid, name]) => (unsignedAttributes.some((attribute) => attribute.oid === oid) ? [name] : []));
  return { id: `Signature${index + 1}`, valueDigest: digestOf(digest, signature), obstacles };
}

/** Shall not be present from B-LT on (EN 319 122-1 §6.3 table 1), or forbid that the sets of SignedData grow (§5.5.3). */
const NOT_IN_BASELINE: Readonly<Record<string, string>> = {
  [ATTRIBUTE.certificateValues]: 'certificate-values',
  [ATTRIBUTE.revocationValues]: 'revocation-values',
  [ATTRIBUTE.completeCertificateReferences]: 'complete-certificate-references',
  [ATTRIBUTE.completeRevocationReferences]: 'complete-revocation-references',
  [ATTRIBUTE.archiveTimestampV2]: 'archive-time-stamp of version 2',
  [ATTRIBUTE.longTermValidation]: 'long-term-validation',
};

function targetOf(cmsDer: Uint8Array, signerIndex: number, digest: DigestAlgorithm, outside: ((digest: DigestAlgorithm) => Uint8Array) | undefined): ArchiveTarget {
  const signedData = readSignedData(cmsDer);
  const signerInfo = signedData.signerInfos[signerIndex];
  if (signerInfo === undefined) throw new GatewayError('CMS_MALFORMED', `The signature has no signer number ${signerIndex + 1}`);
  const { encapsulatedContent } = signedData;
  const contentDigest = encapsulatedContent === null ? outside?.(digest) : digestOf(digest, encapsulatedContent);
  if (contentDigest === undefined) throw new GatewayError('REQUEST_INVALID', 'The signature is detached, and what it signs was not given');
  const hashIndexDer = buildHashIndex(signedData, signerInfo, digest);
  return { imprint: archiveImprint(digest, contentDigest, signedData, signerInfo, { der: hashIndexDer }), hashIndexDer };
}
