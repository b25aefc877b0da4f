import { findDigest, digestOf, type DigestName } from '../algorithms/digests.ts';
import { readAlgorithmIdentifier } from '../algorithms/identifier.ts';
import { TAG, type Asn1Node } from '../asn1/reader.ts';
import { readInteger, readOctetString, readSequence } from '../asn1/values.ts';
import type { Certificate } from '../x509/certificate.ts';
import { readName, sameName, type Name } from '../x509/name.ts';
import { singleValueOf, type Attribute } from './attributes.ts';
import { ATTRIBUTE } from './oids.ts';

/** ESSCertID or ESSCertIDv2: the signer's own statement which certificate is theirs. */
export interface EssCertId {
  /** null when the hash algorithm is not known here: such an id matches nothing. */
  readonly digest: DigestName | null;
  readonly hash: Uint8Array;
  readonly issuerSerial: { readonly issuer: Name | null; readonly serial: bigint } | null;
}

export interface SigningCertificateAttribute {
  readonly version: 1 | 2;
  /** The first names the signer's certificate, the others its path. */
  readonly ids: readonly EssCertId[];
}

/**
 * The signing-certificate attributes of a SignerInfo, version 2 first; an attribute that stands twice or has several values
 * is left out, its duplication being reported elsewhere.
 * @throws ASN1_MALFORMED
 * @see RFC 5035 §3, §5.4
 */
export function readSigningCertificates(signedAttributes: readonly Attribute[]): SigningCertificateAttribute[] {
  const found: SigningCertificateAttribute[] = [];
  const v2 = singleValueOf(signedAttributes, ATTRIBUTE.signingCertificateV2);
  const v1 = singleValueOf(signedAttributes, ATTRIBUTE.signingCertificate);
  if (v2 !== null) found.push({ version: 2, ids: idsOf(v2, readEssCertIdV2) });
  if (v1 !== null) found.push({ version: 1, ids: idsOf(v1, readEssCertIdV1) });
  return found;
}

/** Whether the hash is that of the certificate; `issuerSerial` is judged by `issuerSerialMatches`. */
export function hashMatches(id: EssCertId, certificate: Certificate): boolean {
  if (id.digest === null) return false;
  const hash = digestOf(id.digest, certificate.der);
  return Buffer.compare(hash, id.hash) === 0;
}

/** Whether issuer and serial number, where given, are the certificate's (RFC 5035 §5.4.1). */
export function issuerSerialMatches(id: EssCertId, certificate: Certificate): boolean {
  if (id.issuerSerial === null) return true;
  const { issuer, serial } = id.issuerSerial;
  return serial === certificate.serial && (issuer === null || sameName(issuer, certificate.issuerName));
}

function idsOf(value: Asn1Node, read: (node: Asn1Node) => EssCertId): EssCertId[] {
  const [certs] = readSequence(value);
  return readSequence(certs).map((node) => read(node));
}

function readEssCertIdV1(node: Asn1Node): EssCertId {
  const [hash, issuerSerial] = readSequence(node);
  return { digest: 'sha1', hash: readOctetString(hash), issuerSerial: readIssuerSerial(issuerSerial) };
}

function readEssCertIdV2(node: Asn1Node): EssCertId {
  const fields = readSequence(node);
  const algorithm = fields[0]?.is(TAG.SEQUENCE) === true ? fields[0] : undefined;
  const [hash, issuerSerial] = algorithm === undefined ? fields : fields.slice(1);
  const digest = algorithm === undefined ? 'sha256' : findDigest(readAlgorithmIdentifier(algorithm));
  return { digest, hash: readOctetString(hash), issuerSerial: readIssuerSerial(issuerSerial) };
}

function readIssuerSerial(node: Asn1Node | undefined): EssCertId['issuerSerial'] {
  if (node === undefined) return null;
  const [issuer, serial] = readSequence(node);
  const directoryName = readSequence(issuer).find((name) => name.isContext(4));
  return { issuer: directoryName === undefined ? null : readName(directoryName.children[0]), serial: readInteger(serial) };
}
