import { digestOf, type DigestName } from '../algorithms/digests.ts';
import { definiteDer } from './attributes.ts';
import type { HashIndex } from './hash-index.ts';
import type { SignedData, SignerInfo } from './signed-data.ts';

/**
 * The message imprint of an archive-time-stamp-v3: the content's type and digest, the fields of the signature up to its value, and the
 * hash index, in which the rest is named.
 * @param contentDigest of what is signed, by the digest of the imprint
 * @see ETSI EN 319 122-1 §5.5.3
 */
export function archiveImprint(digest: DigestName, contentDigest: Uint8Array, { contentTypeRaw }: SignedData, { fieldsRaw }: SignerInfo, { der }: Pick<HashIndex, 'der'>): Uint8Array {
  return digestOf(digest, contentTypeRaw, contentDigest, ...fieldsRaw.map((field) => definiteDer(field)), der);
}
