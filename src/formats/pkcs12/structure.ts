import { GatewayError } from '../../domain/errors.ts';
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readAsn1, type Asn1Node } from '../asn1/reader.ts';
import type { Asn1Limits } from '../asn1/limits.ts';
import { readExplicit, readOctetString, readOid, readSequence, readSmallInteger, stringContent } from '../asn1/values.ts';
import { readMac, type Mac } from './mac.ts';

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const BAG = '1.2.840.113549.1.12.10.1';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';

export const P12_LIMITS: Asn1Limits = { maxBytes: 1024 * 1024, maxDepth: 32, maxNodes: 20_000 };
const MAX_BAGS = 1_000;

/** One ContentInfo of the AuthenticatedSafe: its bags are readable, or encrypted. */
export type Safe =
  | { readonly kind: 'plain'; readonly bags: readonly Bag[] }
  | { readonly kind: 'encrypted'; readonly algorithm: AlgorithmIdentifier; readonly encrypted: Uint8Array };

export type Bag =
  | { readonly kind: 'key'; readonly pkcs8Der: Uint8Array }
  | { readonly kind: 'shrouded-key'; readonly algorithm: AlgorithmIdentifier; readonly encrypted: Uint8Array }
  | { readonly kind: 'certificate'; readonly der: Uint8Array };

export interface Pfx {
  readonly mac: Mac | null;
  /** What the MAC is over. */
  readonly authenticatedSafe: Uint8Array;
  readonly safes: readonly Safe[];
}

/** Outer structure of a PKCS#12 file, nothing decrypted; public-key integrity mode is not supported. @see RFC 7292 §4 */
export function readPfx(bytes: Uint8Array): Pfx {
  const [version, authSafe, macData] = readSequence(readAsn1(bytes, { rules: 'BER', limits: P12_LIMITS }));
  if (readSmallInteger(version) !== 3) throw new GatewayError('P12_MALFORMED', 'The key file is not a PKCS#12 file of version 3');
  const [type, content] = readSequence(authSafe);
  if (readOid(type) !== DATA) throw new GatewayError('P12_UNSUPPORTED', 'The key file is protected by a signature instead of a passphrase, which is not supported');
  const authenticatedSafe = readOctetString(readExplicit(content, 0));
  const safes = readSequence(readAsn1(authenticatedSafe, { rules: 'BER', limits: P12_LIMITS })).map((node) => readSafe(node));
  return { mac: macData === undefined ? null : readMac(macData), authenticatedSafe, safes };
}

function readSafe(node: Asn1Node): Safe {
  const [type, content] = readSequence(node);
  const contentType = readOid(type);
  if (contentType === DATA) return { kind: 'plain', bags: readBags(readOctetString(readExplicit(content, 0))) };
  if (contentType !== ENCRYPTED_DATA) throw new GatewayError('P12_UNSUPPORTED', `The key file holds content of type ${contentType}, which is not supported`);
  const [, encryptedContentInfo] = readSequence(readExplicit(content, 0));
  const [, algorithm, encrypted] = readSequence(encryptedContentInfo);
  if (encrypted?.isContext(0) !== true) throw new GatewayError('P12_MALFORMED', 'The key file holds encrypted content that is empty');
  return { kind: 'encrypted', algorithm: readAlgorithmIdentifier(algorithm), encrypted: stringContent(encrypted) };
}

/** SafeContents, RFC 7292 §4.2; bags of CRLs and secrets are left out. */
export function readBags(safeContents: Uint8Array): Bag[] {
  const bags: Bag[] = [];
  collectBags(readAsn1(safeContents, { rules: 'BER', limits: P12_LIMITS }), bags, 0);
  return bags;
}

function collectBags(safeContents: Asn1Node, bags: Bag[], depth: number): void {
  if (depth > 4) throw new GatewayError('P12_LIMIT', 'The key file nests its bags deeper than 4');
  for (const node of readSequence(safeContents)) {
    if (bags.length >= MAX_BAGS) throw new GatewayError('P12_LIMIT', `The key file holds more than ${MAX_BAGS} bags`);
    const [type, wrapped] = readSequence(node);
    const value = readExplicit(wrapped, 0);
    const bagType = readOid(type);
    if (bagType === `${BAG}.6`) collectBags(value, bags, depth + 1);
    else bags.push(...readBag(bagType, value));
  }
}

function readBag(type: string, value: Asn1Node): Bag[] {
  if (type === `${BAG}.1`) return [{ kind: 'key', pkcs8Der: value.bytes }];
  const [first, second] = value.constructed ? value.children : [];
  if (type === `${BAG}.2`) return [{ kind: 'shrouded-key', algorithm: readAlgorithmIdentifier(first), encrypted: readOctetString(second) }];
  if (type === `${BAG}.3` && readOid(first) === X509_CERTIFICATE) return [{ kind: 'certificate', der: readOctetString(readExplicit(second, 0)) }];
  return [];
}
