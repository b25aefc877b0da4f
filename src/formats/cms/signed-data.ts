import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readAsn1Prefix, type Asn1Node } from '../asn1/reader.ts';
import { readExplicit, readInteger, readOctetString, readOid, readSequence, readSet, readSmallInteger, stringContent } from '../asn1/values.ts';
import type { Asn1Limits } from '../asn1/limits.ts';
import type { Certificate } from '../x509/certificate.ts';
import { readKnownCertificate } from '../x509/certificate-memo.ts';
import { readName, type Name } from '../x509/name.ts';
import { attributesAsDer, readAttributes, type Attribute } from './attributes.ts';
import { ocspResponseOf } from '../ocsp/build-ocsp-response.ts';
import { BASIC_OCSP_RESPONSE_FORMAT, CONTENT_TYPE, OCSP_RESPONSE_FORMAT } from './oids.ts';

/** SignerIdentifier, RFC 5652 §5.3. */
export type SignerIdentifier =
  | { readonly kind: 'issuerAndSerialNumber'; readonly issuer: Name; readonly serial: bigint }
  | { readonly kind: 'subjectKeyIdentifier'; readonly keyIdentifier: Uint8Array };

export interface SignerInfo {
  readonly version: number;
  readonly sid: SignerIdentifier;
  readonly digestAlgorithm: AlgorithmIdentifier;
  /** null when absent. */
  readonly signedAttributes: readonly Attribute[] | null;
  /** As sent, with the `[0]` identifier. */
  readonly signedAttributesRaw: Uint8Array | null;
  /** Re-encoded as DER SET OF: what the signature value is over. */
  readonly signedAttributesDer: Uint8Array | null;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly unsignedAttributes: readonly Attribute[];
  /** version to signature as sent, in order. */
  readonly fieldsRaw: readonly Asn1Node[];
}

export interface SignedData {
  readonly version: number;
  readonly digestAlgorithms: readonly AlgorithmIdentifier[];
  readonly contentType: string;
  /** eContentType as sent. */
  readonly contentTypeRaw: Uint8Array;
  /** null for detached signatures. */
  readonly encapsulatedContent: Uint8Array | null;
  readonly certificates: readonly Certificate[];
  /** Entries of the certificate set that are attribute certificates, other formats, or certificates that cannot be read. */
  readonly unreadableCertificates: number;
  /** Every entry of the certificate set. */
  readonly certificateEntriesDer: readonly Uint8Array[];
  readonly crlsDer: readonly Uint8Array[];
  /** OCSPResponse each; a BasicOCSPResponse is put into one. */
  readonly ocspResponsesDer: readonly Uint8Array[];
  readonly revocationEntries: readonly RevocationEntry[];
  readonly signerInfos: readonly SignerInfo[];
  /** Bytes of the ContentInfo; what follows it in `bytes` is the caller's to judge. */
  readonly sizeBytes: number;
}

/** RevocationInfoChoice as it stands, and the CRL or OCSP response in it. */
export interface RevocationEntry {
  readonly entryDer: Uint8Array;
  readonly valueDer: Uint8Array;
  readonly kind: 'crl' | 'ocsp' | 'other';
}

/** Of what is read as a CMS. */
export const CMS_LIMITS: Asn1Limits = { maxBytes: 64 * 1024 * 1024, maxDepth: 64, maxNodes: 500_000 };
const MAX_CERTIFICATES = 1_000;
const MAX_REVOCATION_VALUES = 1_000;
const MAX_SIGNERS = 100;

/**
 * Reads a ContentInfo with a SignedData; BER is tolerated (RFC 5652 §5.1), certificates inside must be DER. Decides nothing
 * about the signatures. Bytes after the value are left to the caller; `sizeBytes` tells where it ends.
 * @throws CMS_MALFORMED, ASN1_LIMIT (64 MiB, 1,000 certificates, 1,000 CRLs and OCSP responses, 100 signers, 1,000 attributes each)
 * @see RFC 5652 §3, §5
 */
export function readSignedData(bytes: Uint8Array): SignedData {
  try {
    return readContentInfo(readAsn1Prefix(bytes, { rules: 'BER', limits: CMS_LIMITS }));
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) throw new GatewayError('CMS_MALFORMED', `The signature is not a CMS SignedData: ${error.message}`, { cause: error });
    throw error;
  }
}

function readContentInfo(root: Asn1Node): SignedData {
  const [type, content] = readSequence(root);
  const contentType = readOid(type);
  if (contentType !== CONTENT_TYPE.signedData) throw new GatewayError('CMS_MALFORMED', `The CMS content is of type ${contentType}, not SignedData`);
  const [version, digestAlgorithms, encapsulated, ...rest] = readSequence(readExplicit(content, 0));
  const certificateSet = rest[0]?.isContext(0) === true ? rest.shift() : undefined;
  const revocationSet = rest[0]?.isContext(1) === true ? rest.shift() : undefined;
  const [signerInfos, extra] = rest;
  if (extra !== undefined) throw new GatewayError('CMS_MALFORMED', 'The SignedData has fields after its signers');
  return {
    version: readSmallInteger(version),
    digestAlgorithms: readSet(digestAlgorithms).map((node) => readAlgorithmIdentifier(node)),
    ...readEncapsulated(encapsulated),
    ...readCertificateSet(certificateSet),
    ...readRevocationSet(revocationSet),
    signerInfos: capped(readSet(signerInfos), MAX_SIGNERS, 'signers').map((node) => readSignerInfo(node)),
    sizeBytes: root.end,
  };
}

function readEncapsulated(node: Asn1Node | undefined): Pick<SignedData, 'contentType' | 'contentTypeRaw' | 'encapsulatedContent'> {
  const [type, content] = readSequence(node);
  return { contentType: readOid(type), contentTypeRaw: type?.bytes ?? new Uint8Array(), encapsulatedContent: content === undefined ? null : readOctetString(readExplicit(content, 0)) };
}

/** CertificateSet, RFC 5652 §10.2.3. A certificate that cannot be read is counted, not fatal: it may not be the one that matters. */
function readCertificateSet(set: Asn1Node | undefined): Pick<SignedData, 'certificates' | 'unreadableCertificates' | 'certificateEntriesDer'> {
  const certificates: Certificate[] = [];
  let unreadableCertificates = 0;
  const nodes = capped(set?.children ?? [], MAX_CERTIFICATES, 'certificates');
  for (const node of nodes) {
    const certificate = readCertificateOrNull(node);
    if (certificate === null) unreadableCertificates++;
    else certificates.push(certificate);
  }
  return { certificates, unreadableCertificates, certificateEntriesDer: nodes.map(({ bytes }) => bytes) };
}

function readCertificateOrNull(node: Asn1Node): Certificate | null {
  if (node.tagClass !== 0) return null;
  try {
    return readKnownCertificate(node.bytes);
  } catch (error) {
    if (isGatewayError(error, 'CERTIFICATE_MALFORMED', 'ASN1_MALFORMED', 'ASN1_LIMIT', 'ALGORITHM_UNSUPPORTED')) return null;
    throw error;
  }
}

/** RevocationInfoChoices, RFC 5652 §10.2.1; OCSP responses by RFC 5940. */
function readRevocationSet(set: Asn1Node | undefined): Pick<SignedData, 'crlsDer' | 'ocspResponsesDer' | 'revocationEntries'> {
  const entries = capped(set?.children ?? [], MAX_REVOCATION_VALUES, 'revocation values').map(readRevocationEntry);
  const valuesOf = (kind: RevocationEntry['kind']): Uint8Array[] => entries.filter((entry) => entry.kind === kind).map(({ valueDer }) => valueDer);
  return { crlsDer: valuesOf('crl'), ocspResponsesDer: valuesOf('ocsp'), revocationEntries: entries };
}

function readRevocationEntry(node: Asn1Node): RevocationEntry {
  const entryDer = node.bytes;
  if (!node.isContext(1)) return { entryDer, valueDer: entryDer, kind: 'crl' };
  const [format, value] = node.children;
  const type = readOid(format);
  if (value !== undefined && type === OCSP_RESPONSE_FORMAT) return { entryDer, valueDer: value.bytes, kind: 'ocsp' };
  if (value !== undefined && type === BASIC_OCSP_RESPONSE_FORMAT) return { entryDer, valueDer: ocspResponseOf(value.bytes), kind: 'ocsp' };
  return { entryDer, valueDer: entryDer, kind: 'other' };
}

/** Also used for counter-signatures, whose value is a SignerInfo (RFC 5652 §11.4). */
export function readSignerInfo(node: Asn1Node): SignerInfo {
  const fields = readSequence(node);
  const [version, sid, digestAlgorithm, ...rest] = fields;
  const signed = rest[0]?.isContext(0) === true ? rest.shift() : undefined;
  const [signatureAlgorithm, signature, unsigned, extra] = rest;
  if (extra !== undefined || (unsigned !== undefined && !unsigned.isContext(1))) throw new GatewayError('CMS_MALFORMED', 'The SignerInfo has unknown fields');
  return {
    version: readSmallInteger(version),
    sid: readSid(sid),
    digestAlgorithm: readAlgorithmIdentifier(digestAlgorithm),
    signedAttributes: signed === undefined ? null : readAttributes(signed),
    signedAttributesRaw: signed?.bytes ?? null,
    signedAttributesDer: signed === undefined ? null : attributesAsDer(signed),
    signatureAlgorithm: readAlgorithmIdentifier(signatureAlgorithm),
    signature: readOctetString(signature),
    unsignedAttributes: unsigned === undefined ? [] : readAttributes(unsigned),
    fieldsRaw: unsigned === undefined ? fields : fields.slice(0, -1),
  };
}

function readSid(node: Asn1Node | undefined): SignerIdentifier {
  if (node?.isContext(0) === true) return { kind: 'subjectKeyIdentifier', keyIdentifier: stringContent(node) };
  const [issuer, serial] = readSequence(node);
  return { kind: 'issuerAndSerialNumber', issuer: readName(issuer), serial: readInteger(serial) };
}

function capped(nodes: Asn1Node[], limit: number, what: string): Asn1Node[] {
  if (nodes.length > limit) throw new GatewayError('ASN1_LIMIT', `The CMS carries ${nodes.length} ${what}; the limit is ${limit}`);
  return nodes;
}
