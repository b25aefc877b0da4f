import { isGatewayError } from '../../domain/errors.ts';
import { digestOf, findDigest, sha256HexOf, type DigestName } from '../algorithms/digests.ts';
import { readAlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readOctetString, readSequence } from '../asn1/values.ts';
import { oid } from '../asn1/writer.ts';
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
  /** What existed if that did. DER each. */
  readonly proves: readonly Uint8Array[];
}

/**
 * The hash index in an archive time-stamp's token, matched with the signature: each hash must be that of something that is there. What it
 * does not name came later and is not covered. Answers with the reason in words when it cannot be used.
 * @param token the SignedData of the time-stamp token
 * @see ETSI EN 319 122-1 §5.5.2
 */
export function readHashIndex(token: SignedData, signedData: SignedData, signerInfo: SignerInfo): HashIndex | string {
  const attributes = token.signerInfos[0]?.unsignedAttributes ?? [];
  const value = singleValueOf(attributes, ATTRIBUTE.atsHashIndexV3);
  if (value === null) {
    const isOlder = attributes.some(({ oid: type }) => type === ATTRIBUTE.atsHashIndex);
    return isOlder ? 'its hash index is of the older form of TS 101 733, which is not judged' : 'it has no ats-hash-index-v3, or more than one';
  }
  try {
    const [algorithm, certificates, revocation, unsigned, extra] = readSequence(value);
    const digest = findDigest(readAlgorithmIdentifier(algorithm));
    if (digest === null || extra !== undefined) return 'its hash index is malformed or uses a digest that is not known here';
    const pieces = new Set<string>();
    const lists = [
      [certificates, certificateElements(signedData)],
      [revocation, revocationElements(signedData)],
      [unsigned, unsignedElements(signerInfo)],
    ] as const;
    for (const [list, elements] of lists) {
      const named = readSequence(list).map((hash) => Buffer.from(readOctetString(hash)).toString('hex'));
      const covered = match(named, elements, digest);
      if (covered === null) return 'its hash index names what is not in the signature';
      for (const der of covered) pieces.add(sha256HexOf(der));
    }
    return { digest, der: value.bytes, pieces };
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return 'its hash index is malformed';
    throw error;
  }
}

/** What the named elements prove; null when a hash is of none of them. */
function match(named: readonly string[], elements: readonly IndexedElement[], digest: DigestName): Uint8Array[] | null {
  if (named.length === 0) return [];
  const byHash = new Map(elements.map(({ hashed, proves }) => [Buffer.from(digestOf(digest, ...hashed)).toString('hex'), proves]));
  return named.every((hash) => byHash.has(hash)) ? named.flatMap((hash) => byHash.get(hash) ?? []) : null;
}

function certificateElements({ certificateEntriesDer }: SignedData): IndexedElement[] {
  return certificateEntriesDer.map((der) => ({ hashed: [der], proves: [der] }));
}

function revocationElements({ revocationEntries }: SignedData): IndexedElement[] {
  return revocationEntries.map(({ entryDer, valueDer }) => ({ hashed: [entryDer], proves: [valueDer] }));
}

/** Type and one value together, for each value of each attribute. */
function unsignedElements({ unsignedAttributes }: SignerInfo): IndexedElement[] {
  return unsignedAttributes.flatMap(({ oid: type, values }) =>
    values.map((value) => {
      const { certificatesDer, crlsDer, ocspsDer } = valuesIn(type, value);
      return { hashed: [oid(type), definiteDer(value)], proves: [value.bytes, ...certificatesDer, ...crlsDer, ...ocspsDer] };
    }),
  );
}
