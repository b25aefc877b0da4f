import { sha256HexOf } from '../algorithms/digests.ts';
import type { SignedData, SignerInfo } from '../cms/signed-data.ts';

/**
 * SHA-256 of all that a time-stamp over a whole CMS proves to have existed: certificates, revocation information, and the values of unsigned
 * attributes, time-stamp tokens and counter-signatures among them.
 * @see ETSI EN 319 102-1 §5.6.2.3
 */
export function carriedPieces({ certificates, crlsDer, ocspResponsesDer, signerInfos }: SignedData): string[] {
  return [...certificates.map(({ sha256Hex }) => sha256Hex), ...[...crlsDer, ...ocspResponsesDer].map(sha256HexOf), ...signerInfos.flatMap(unsignedPieces)];
}

export function unsignedPieces({ unsignedAttributes }: SignerInfo): string[] {
  return unsignedAttributes.flatMap(({ values }) => values.map(({ bytes }) => sha256HexOf(bytes)));
}
