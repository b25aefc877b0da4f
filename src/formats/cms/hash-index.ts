import { isGatewayError } from '../../domain/errors.ts';
import type { DigestAlgorithm } from '../../domain/signature.ts';
import { digestAlgorithmDer, digestOf, findDigest, sha256HexOf, type DigestName } from '../algorithms/digests.ts';
import { readAlgorithmIdentifier } from '../algorithms/identifier.ts';
import type { Asn1Node } from '../asn1/reader.ts';
import { readOctetString, readSequence } from '../asn1/values.ts';
import { octetString, oid, sequence } from '../asn1/writer.ts';
import { definiteDer, singleValueOf } from './attributes.ts';
import { ATTRIBUTE } from './oids.ts';
import type { SignedData, SignerInfo } from './signed-data.ts';
import { valuesIn } from './validation-values.ts';

/** What an ats-hash-index-v3 says that its archive time-stamp covers. */
export interface HashIndex {
  readonly digest: DigestName;
  /** The ATSHashIndexV3 itself, which is part of the message imprint. */
  readonly der: Uint8Array;
  /** SHA-256 of every certificate, CRL, OCSP response and value of an unsigned attribute that it names, and of what lies in those values. */
  readonly pieces: ReadonlySet<string>;
}

interface IndexedElement {
  /** What the index holds the hash of. */
  readonly hashed: readonly Uint8Array[];
  /** SHA-256 of all that existed if that did. */
  readonly proves: () => readonly string[];
}

/** The hash index of a time-stamp token, or the reason in words why it cannot be used. */
export type HashIndexReader = (token: SignedData) => HashIndex | string;

/**
 * Reads the hash indices of archive time-stamps over one signature, and matches each with it: every hash must be that of something that is
 * there. What an index does not name came later and is not covered. The signature is hashed once per digest.
 * @see ETSI EN 319 122-1 §5.5.2
 */
export function hashIndexReader(signedData: SignedData, signerInfo: SignerInfo): HashIndexReader {
  const elements = [certificateElements(signedData), revocationElements(signedData), unsignedElements(signerInfo)] as const;
  const known = new Map<DigestName, readonly ReadonlyMap<string, IndexedElement>[]>();
  const hashed = (digest: DigestName): readonly ReadonlyMap<string, IndexedElement>[] => {
    const found = known.get(digest) ?? elements.map((list) => new Map(list.map((element) => [hexOf(digestOf(digest, ...element.hashed)), element])));
    known.set(digest, found);
    return found;
  };
  return (token) => {
    const attributes = token.signerInfos[0]?.unsignedAttributes ?? [];
    const value = singleValueOf(attributes, ATTRIBUTE.atsHashIndexV3);
    if (value !== null) return indexOrReason(value, hashed);
    const isOlder = attributes.some(({ oid: type }) => type === ATTRIBUTE.atsHashIndex);
    return isOlder ? 'its hash index is of the older form of TS 101 733, which is not judged' : 'it has no ats-hash-index-v3, or more than one';
  };
}

/**
 * The ATSHashIndexV3 that names everything the CMS carries now: each certificate, each CRL and OCSP response, each value of an unsigned
 * attribute of this signature. DER.
 * @see ETSI EN 319 122-1 §5.5.2
 */
export function buildHashIndex(signedData: SignedData, signerInfo: SignerInfo, digest: DigestAlgorithm): Uint8Array {
  const hashes = (elements: readonly IndexedElement[]): Uint8Array => sequence(...elements.map(({ hashed }) => octetString(digestOf(digest, ...hashed))));
  return sequence(digestAlgorithmDer(digest), hashes(certificateElements(signedData)), hashes(revocationElements(signedData)), hashes(unsignedElements(signerInfo)));
}

function indexOrReason(value: Asn1Node, hashed: (digest: DigestName) => readonly ReadonlyMap<string, IndexedElement>[]): HashIndex | string {
  try {
    const [algorithm, ...lists] = readSequence(value);
    const digest = findDigest(readAlgorithmIdentifier(algorithm));
    if (digest === null || lists.length !== 3) return 'its hash index is malformed or uses a digest that is not known here';
    const named = lists.map((list) => readSequence(list).map((hash) => hexOf(readOctetString(hash))));
    const covered = named.map((hashes, index) => hashes.map((hash) => hashed(digest)[index]?.get(hash)));
    if (covered.flat().includes(undefined)) return 'its hash index names what is not in the signature';
    return { digest, der: value.bytes, pieces: new Set(covered.flat().flatMap((element) => element?.proves() ?? [])) };
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return 'its hash index is malformed';
    throw error;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function certificateElements({ certificateEntriesDer }: SignedData): IndexedElement[] {
  return certificateEntriesDer.map((der) => ({ hashed: [der], proves: hashesOf(der) }));
}

function revocationElements({ revocationEntries }: SignedData): IndexedElement[] {
  return revocationEntries.map(({ entryDer, valueDer }) => ({ hashed: [entryDer], proves: hashesOf(valueDer) }));
}

/** Type and one value together, for each value of each attribute. */
function unsignedElements({ unsignedAttributes }: SignerInfo): IndexedElement[] {
  return unsignedAttributes.flatMap(({ oid: type, values }) =>
    values.map((value) => {
      const { certificatesDer, crlsDer, ocspsDer } = valuesIn(type, value);
      return { hashed: [oid(type), definiteDer(value)], proves: hashesOf(value.bytes, ...certificatesDer, ...crlsDer, ...ocspsDer) };
    }),
  );
}

/** Made once, and only when somebody asks. */
function hashesOf(...ders: readonly Uint8Array[]): () => readonly string[] {
  let made: readonly string[] | undefined;
  return () => (made ??= ders.map(sha256HexOf));
}
