import { createHash } from 'node:crypto';
import { GatewayError } from '../../domain/errors.ts';
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readPublicKeyInfo, type PublicKeyInfo } from '../algorithms/public-key.ts';
import { malformed, readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { readBitString, readBitStringContent, readExplicit, readInteger, readSequence, readSmallInteger, readTime } from '../asn1/values.ts';
import {
  EXTENSION,
  distributionUrls,
  readAltName,
  readAuthorityInfoAccess,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readCertificatePolicies,
  readDistributionPoints,
  readExtendedKeyUsage,
  readExtensions,
  readInhibitAnyPolicy,
  readKeyUsage,
  readNameConstraints,
  readPolicyConstraints,
  readPolicyMappings,
  readSubjectKeyIdentifier,
  type AuthorityKeyIdentifier,
  type BasicConstraints,
  type DistributionPoint,
  type Extension,
  type KeyUsageName,
  type NameConstraints,
  type PolicyConstraints,
  type PolicyMapping,
} from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { nameText, readName, sameName, type Name } from './name.ts';
import { isPem, readPem } from './pem.ts';

/**
 * A certificate read, not trusted: nothing here says that its signature, dates or issuer are right.
 * An absent extension is null (an empty list where absence and emptiness mean the same).
 * @see RFC 5280 §4.1, §4.2
 */
export interface Certificate {
  readonly der: Uint8Array;
  readonly tbsDer: Uint8Array;
  readonly spkiDer: Uint8Array;
  /** Lower-case hexadecimal SHA-256 of `der`. */
  readonly sha256Hex: string;
  readonly version: 1 | 2 | 3;
  /** Lower-case hexadecimal of even length; `-` in front of a negative one (which RFC 5280 §4.1.2.2 forbids and issuers made). */
  readonly serialHex: string;
  readonly serial: bigint;
  /** RFC 4514 texts. */
  readonly subject: string;
  readonly issuer: string;
  readonly subjectName: Name;
  readonly issuerName: Name;
  readonly subjectDer: Uint8Array;
  readonly issuerDer: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The outer one, and the one inside the signed part; RFC 5280 §4.1.1.2 wants them equal. */
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly tbsSignatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  /** Type `unknown` when the key is malformed inside or of an unknown kind: such a key verifies nothing. */
  readonly publicKey: PublicKeyInfo;
  readonly keyUsage: ReadonlySet<KeyUsageName> | null;
  /** Dotted OIDs. */
  readonly extendedKeyUsage: ReadonlySet<string> | null;
  readonly basicConstraints: BasicConstraints | null;
  readonly subjectKeyId: Uint8Array | null;
  readonly authorityKeyId: AuthorityKeyIdentifier | null;
  readonly subjectAltNames: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | null;
  /** Dotted OIDs; null when the extension is absent. */
  readonly policies: readonly string[] | null;
  readonly policyMappings: readonly PolicyMapping[];
  readonly policyConstraints: PolicyConstraints | null;
  readonly inhibitAnyPolicy: number | null;
  readonly ocspUrls: readonly string[];
  readonly caIssuersUrls: readonly string[];
  readonly crlDistributionPoints: readonly DistributionPoint[];
  readonly crlUrls: readonly string[];
  readonly freshestCrl: readonly DistributionPoint[];
  readonly ocspNoCheck: boolean;
  readonly extensions: readonly Extension[];
  /** Critical extensions that path validation does not process: RFC 5280 §4.2 says to reject. */
  readonly unknownCritical: readonly string[];
}

const MAX_CERTIFICATE_BYTES = 1024 * 1024;
const LIMITS = { maxBytes: MAX_CERTIFICATE_BYTES, maxDepth: 32, maxNodes: 200_000 };
const MAX_SERIAL_BYTES = 64;

/**
 * Reads one certificate in DER, at most 1 MiB.
 * @throws CERTIFICATE_MALFORMED
 */
export function readCertificate(der: Uint8Array): Certificate {
  try {
    return readSigned(readAsn1(der, { limits: LIMITS }));
  } catch (cause) {
    if (!(cause instanceof GatewayError)) throw cause;
    throw new GatewayError('CERTIFICATE_MALFORMED', `The certificate is malformed: ${cause.message}`, { cause });
  }
}

/**
 * Certificates of a file: one in DER, or any number of PEM blocks labelled CERTIFICATE (others are passed over).
 * @throws CERTIFICATE_MALFORMED, also when there is none.
 */
export function readCertificates(bytes: Uint8Array): Certificate[] {
  if (!isPem(bytes)) return [readCertificate(bytes)];
  const blocks = readPem(bytes).filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE');
  if (blocks.length === 0) throw new GatewayError('CERTIFICATE_MALFORMED', 'The file holds no certificate');
  return blocks.map(({ der }) => readCertificate(der));
}

/** Issuer and subject are the same name (RFC 5280 §3.2): a key roll-over certificate is self-issued and need not be self-signed. */
export function isSelfIssued(certificate: Certificate): boolean {
  return sameName(certificate.subjectName, certificate.issuerName);
}

function readSigned(node: Asn1Node): Certificate {
  const [tbs, algorithm, value, extra] = readSequence(node);
  if (tbs === undefined || extra !== undefined) throw malformed('Certificate is not three values', 0);
  const signature = readBitString(value);
  if (signature.unusedBits !== 0) throw malformed('signature value of split octets', value?.start ?? 0);
  const fields = readTbs(tbs);
  return {
    der: node.bytes,
    tbsDer: tbs.bytes,
    sha256Hex: createHash('sha256').update(node.bytes).digest('hex'),
    signatureAlgorithm: readAlgorithmIdentifier(algorithm),
    signature: signature.bytes,
    ...fields,
  };
}

type TbsFields = Omit<Certificate, 'der' | 'tbsDer' | 'sha256Hex' | 'signatureAlgorithm' | 'signature'>;

function readTbs(node: Asn1Node): TbsFields {
  const fields = readSequence(node);
  const version = fields[0]?.isContext(0) === true ? readVersion(fields.shift()) : 1;
  const [serial, algorithm, issuer, validity, subject, spki, ...optional] = fields;
  if (spki === undefined) throw malformed('TBSCertificate with missing fields', node.start);
  const issuerName = readName(issuer);
  const subjectName = readName(subject);
  const number = readSerial(serial);
  return {
    version,
    serial: number,
    serialHex: hexOf(number),
    tbsSignatureAlgorithm: readAlgorithmIdentifier(algorithm),
    issuerName,
    subjectName,
    issuer: nameText(issuerName),
    subject: nameText(subjectName),
    issuerDer: issuerName.der,
    subjectDer: subjectName.der,
    ...readValidity(validity),
    spkiDer: spki.bytes,
    publicKey: readKey(spki),
    ...interpret(readOptional(optional, version)),
  };
}

/** DEFAULT v1 is not written in DER. */
function readVersion(node: Asn1Node | undefined): 2 | 3 {
  const version = readSmallInteger(readExplicit(node, 0));
  if (version !== 1 && version !== 2) throw malformed('certificate version other than 2 or 3 where it is written', node?.start ?? 0);
  return version === 1 ? 2 : 3;
}

function readSerial(node: Asn1Node | undefined): bigint {
  if ((node?.content.length ?? 0) > MAX_SERIAL_BYTES) throw malformed(`serial number over ${MAX_SERIAL_BYTES} bytes`, node?.start ?? 0);
  return readInteger(node);
}

function hexOf(serial: bigint): string {
  const digits = (serial < 0n ? -serial : serial).toString(16);
  return (serial < 0n ? '-' : '') + (digits.length % 2 === 0 ? digits : '0' + digits);
}

function readValidity(node: Asn1Node | undefined): { notBefore: Date; notAfter: Date } {
  const [from, to, extra] = readSequence(node);
  if (extra !== undefined) throw malformed('Validity with additional fields', extra.start);
  return { notBefore: readTime(from), notAfter: readTime(to) };
}

/** A key that is broken inside leaves the certificate readable; it just cannot verify anything. */
function readKey(spki: Asn1Node): PublicKeyInfo {
  const [identifier, key, extra] = readSequence(spki);
  const algorithm = readAlgorithmIdentifier(identifier);
  const { bytes } = readBitString(key);
  if (extra !== undefined) throw malformed('SubjectPublicKeyInfo with additional fields', extra.start);
  try {
    return readPublicKeyInfo(spki.bytes);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { type: 'unknown', algorithm, bits: 0, curveOid: null, pss: null, keyBytes: bytes };
  }
}

/** issuerUniqueID [1], subjectUniqueID [2] from version 2, extensions [3] in version 3 only (RFC 5280 §4.1.2.8, §4.1.2.9). */
function readOptional(nodes: readonly Asn1Node[], version: 1 | 2 | 3): Extension[] {
  let last = 0;
  let extensions: Extension[] = [];
  for (const node of nodes) {
    if (node.tagClass !== 2 || node.tag <= last || node.tag > 3) throw malformed('TBSCertificate field unknown or out of order', node.start);
    if (version < (node.tag === 3 ? 3 : 2)) throw malformed('field that this certificate version does not have', node.start);
    if (node.tag === 3) extensions = readExtensions(readExplicit(node, 3));
    else readBitStringContent(node);
    last = node.tag;
  }
  return extensions;
}

/** Everything path validation and revocation look at; the others may be critical only at the price of rejection. */
const PROCESSED: ReadonlySet<string> = new Set([
  EXTENSION.KEY_USAGE,
  EXTENSION.EXTENDED_KEY_USAGE,
  EXTENSION.BASIC_CONSTRAINTS,
  EXTENSION.SUBJECT_KEY_IDENTIFIER,
  EXTENSION.AUTHORITY_KEY_IDENTIFIER,
  EXTENSION.SUBJECT_ALT_NAME,
  EXTENSION.ISSUER_ALT_NAME,
  EXTENSION.NAME_CONSTRAINTS,
  EXTENSION.CERTIFICATE_POLICIES,
  EXTENSION.POLICY_MAPPINGS,
  EXTENSION.POLICY_CONSTRAINTS,
  EXTENSION.INHIBIT_ANY_POLICY,
  EXTENSION.CRL_DISTRIBUTION_POINTS,
  EXTENSION.FRESHEST_CRL,
  EXTENSION.AUTHORITY_INFO_ACCESS,
  EXTENSION.OCSP_NOCHECK,
]);

type ExtensionFields = Omit<TbsFields, 'version' | 'serial' | 'serialHex' | 'tbsSignatureAlgorithm' | 'issuerName' | 'subjectName' | 'issuer' | 'subject' | 'issuerDer' | 'subjectDer' | 'notBefore' | 'notAfter' | 'spkiDer' | 'publicKey'>;

function interpret(extensions: readonly Extension[]): ExtensionFields {
  const value = <T>(oid: string, read: (der: Uint8Array) => T): T | null => {
    const found = extensions.find((extension) => extension.oid === oid);
    return found === undefined ? null : read(found.valueDer);
  };
  const access = value(EXTENSION.AUTHORITY_INFO_ACCESS, readAuthorityInfoAccess);
  const points = value(EXTENSION.CRL_DISTRIBUTION_POINTS, readDistributionPoints) ?? [];
  const policies = value(EXTENSION.CERTIFICATE_POLICIES, readCertificatePolicies);
  // RFC 5280 §4.2.1.4: a critical extension must be understood with its qualifiers.
  const processed = (oid: string): boolean => PROCESSED.has(oid) && !(oid === EXTENSION.CERTIFICATE_POLICIES && policies?.unknownQualifiers === true);
  value(EXTENSION.ISSUER_ALT_NAME, readAltName);
  return {
    keyUsage: value(EXTENSION.KEY_USAGE, readKeyUsage),
    extendedKeyUsage: value(EXTENSION.EXTENDED_KEY_USAGE, readExtendedKeyUsage),
    basicConstraints: value(EXTENSION.BASIC_CONSTRAINTS, readBasicConstraints),
    subjectKeyId: value(EXTENSION.SUBJECT_KEY_IDENTIFIER, readSubjectKeyIdentifier),
    authorityKeyId: value(EXTENSION.AUTHORITY_KEY_IDENTIFIER, readAuthorityKeyIdentifier),
    subjectAltNames: value(EXTENSION.SUBJECT_ALT_NAME, readAltName) ?? [],
    nameConstraints: value(EXTENSION.NAME_CONSTRAINTS, readNameConstraints),
    policies: policies?.policies ?? null,
    policyMappings: value(EXTENSION.POLICY_MAPPINGS, readPolicyMappings) ?? [],
    policyConstraints: value(EXTENSION.POLICY_CONSTRAINTS, readPolicyConstraints),
    inhibitAnyPolicy: value(EXTENSION.INHIBIT_ANY_POLICY, readInhibitAnyPolicy),
    ocspUrls: access?.ocspUrls ?? [],
    caIssuersUrls: access?.caIssuersUrls ?? [],
    crlDistributionPoints: points,
    crlUrls: distributionUrls(points),
    freshestCrl: value(EXTENSION.FRESHEST_CRL, readDistributionPoints) ?? [],
    ocspNoCheck: extensions.some(({ oid }) => oid === EXTENSION.OCSP_NOCHECK),
    extensions,
    unknownCritical: extensions.filter(({ oid, critical }) => critical && !processed(oid)).map(({ oid }) => oid),
  };
}
