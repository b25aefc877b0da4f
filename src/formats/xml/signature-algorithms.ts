import type { DigestName } from '../algorithms/digests.ts';
import type { AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { KEY_OID, ownAlgorithm } from '../algorithms/schemes.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../domain/signature.ts';

/** Identifiers of XML Signature 1.1 §6 and RFC 9231, as far as they are relied on; SHA-1, MD5, DSA and HMAC are not there on purpose. */

const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#';
const MORE_2021 = 'http://www.w3.org/2021/04/xmldsig-more#';
const XMLENC = 'http://www.w3.org/2001/04/xmlenc#';

const DIGESTS: Readonly<Record<string, DigestName>> = {
  [`${XMLENC}sha256`]: 'sha256',
  [`${MORE}sha384`]: 'sha384',
  [`${XMLENC}sha512`]: 'sha512',
  [`${MORE_2007}sha3-256`]: 'sha3-256',
  [`${MORE_2007}sha3-384`]: 'sha3-384',
  [`${MORE_2007}sha3-512`]: 'sha3-512',
};

export interface XmlSignatureMethod {
  readonly algorithm: AlgorithmIdentifier;
  /** Null for EdDSA. */
  readonly digest: DigestAlgorithm | null;
}

const HASHED = (['sha256', 'sha384', 'sha512'] as const).flatMap((digest): [string, SignatureScheme, DigestAlgorithm][] => [
  [`${MORE}rsa-${digest}`, 'pkcs1', digest],
  [`${MORE}ecdsa-${digest}`, 'ecdsa', digest],
  [`${MORE_2007}${digest}-rsa-MGF1`, 'pss', digest],
]);
const SHA3 = (['sha3-256', 'sha3-384', 'sha3-512'] as const).flatMap((digest): [string, SignatureScheme, DigestAlgorithm][] => [
  [`${MORE_2021}ecdsa-${digest}`, 'ecdsa', digest],
  [`${MORE_2007}${digest}-rsa-MGF1`, 'pss', digest],
]);

const METHODS: ReadonlyMap<string, XmlSignatureMethod> = new Map([
  ...[...HASHED, ...SHA3].map(([uri, scheme, digest]): [string, XmlSignatureMethod] => [uri, { algorithm: ownAlgorithm(scheme, digest).identifier, digest }]),
  [`${MORE_2021}eddsa-ed25519`, { algorithm: { oid: KEY_OID.ED25519, parametersDer: null }, digest: null }],
  [`${MORE_2021}eddsa-ed448`, { algorithm: { oid: KEY_OID.ED448, parametersDer: null }, digest: null }],
]);

export interface Canonicalization {
  readonly mode: 0 | 1 | 2;
  readonly comments: boolean;
}

const C14N: ReadonlyMap<string, Canonicalization> = new Map(
  Object.entries({ 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315': 0, 'http://www.w3.org/2001/10/xml-exc-c14n#': 1, 'http://www.w3.org/2006/12/xml-c14n11': 2 } as const).flatMap(([uri, mode]): [string, Canonicalization][] => [
    [uri, { mode, comments: false }],
    [`${uri.replace(/#$/, '')}#WithComments`, { mode, comments: true }],
  ]),
);

export const ENVELOPED = `${XMLDSIG}enveloped-signature`;

/** Undefined: not relied on. */
export const digestOfUri = (uri: string): DigestName | undefined => DIGESTS[uri];
export const methodOfUri = (uri: string): XmlSignatureMethod | undefined => METHODS.get(uri);
export const canonicalizationOfUri = (uri: string): Canonicalization | undefined => C14N.get(uri);
