import { createHash } from 'node:crypto';
import { readAlgorithmIdentifier, sameAlgorithm, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { TAG, malformed, readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { readBitString, readBitStringContent, readBooleanContent, readExplicit, readInteger, readSequence, readSmallInteger, readTime } from '../asn1/values.ts';
import {
  EXTENSION,
  readAuthorityKeyIdentifier,
  readDistributionPointName,
  readExtensions,
  readReasons,
  taggedFields,
  type AuthorityKeyIdentifier,
  type DistributionPointName,
  type Extension,
  type ReasonFlag,
} from '../x509/extensions.ts';
import { nameText, readName, type Name } from '../x509/name.ts';
import { isPem, readPem } from '../x509/pem.ts';
import { summarizeEntries, type EntrySummary } from './entries.ts';

/** @see RFC 5280 §5.2.5 */
export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | null;
  readonly onlyUserCertificates: boolean;
  readonly onlyCaCertificates: boolean;
  readonly onlyAttributeCertificates: boolean;
  /** Null: all. */
  readonly onlySomeReasons: ReadonlySet<ReasonFlag> | null;
  readonly indirect: boolean;
}

/** A CRL read, not trusted: neither its signature nor its dates nor its scope have been looked at. */
export interface Crl {
  readonly der: Uint8Array;
  readonly tbsDer: Uint8Array;
  /** Lower-case hexadecimal SHA-256 of `der`. */
  readonly sha256Hex: string;
  readonly issuer: string;
  readonly issuerName: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly number: bigint | null;
  /** BaseCRLNumber; not null in a delta CRL (RFC 5280 §5.2.4). */
  readonly baseNumber: bigint | null;
  readonly authorityKeyId: AuthorityKeyIdentifier | null;
  readonly distributionPoint: IssuingDistributionPoint | null;
  /** Instant from which revoked certificates stay listed although they expired (X.509 §9.5.2.8, expiredCertsOnCRL). */
  readonly expiredCertsFrom: Date | null;
  readonly extensions: readonly Extension[];
  /** Critical extensions of the CRL or of entries that are not processed: the CRL must not be used (RFC 5280 §5.2, §5.3). */
  readonly unknownCritical: readonly string[];
  /** Content of revokedCertificates. */
  readonly entriesDer: Uint8Array;
  readonly entryCount: number;
}

const EXPIRED_CERTS_ON_CRL = '2.5.29.60';
const PROCESSED: ReadonlySet<string> = new Set([
  EXTENSION.AUTHORITY_KEY_IDENTIFIER,
  EXTENSION.ISSUER_ALT_NAME,
  EXTENSION.CRL_NUMBER,
  EXTENSION.DELTA_CRL_INDICATOR,
  EXTENSION.ISSUING_DISTRIBUTION_POINT,
  EXTENSION.FRESHEST_CRL,
  EXPIRED_CERTS_ON_CRL,
]);

/** At most 50 MiB, which is about a million entries. */
const LIMITS = { maxBytes: 50 * 1024 * 1024, maxDepth: 32, maxNodes: 100_000 };

/**
 * Reads one CRL in DER; every entry's encoding is checked, none becomes an object.
 * @throws ASN1_MALFORMED, ASN1_LIMIT
 * @see RFC 5280 §5.1
 */
export function readCrl(der: Uint8Array): Crl {
  const node = readAsn1(der, { limits: LIMITS });
  const [tbs, algorithm, value, extra] = readSequence(node);
  if (tbs === undefined || extra !== undefined) throw malformed('CertificateList is not three values', 0);
  const signatureAlgorithm = readAlgorithmIdentifier(algorithm);
  const signature = readBitString(value);
  if (signature.unusedBits !== 0) throw malformed('signature value of split octets', value?.start ?? 0);
  const { inner, ...fields } = readTbs(tbs);
  if (!sameAlgorithm(inner, signatureAlgorithm)) throw malformed('CRL that names another signature algorithm inside its signed part', 0);
  return { der: node.bytes, tbsDer: tbs.bytes, sha256Hex: createHash('sha256').update(node.bytes).digest('hex'), signatureAlgorithm, signature: signature.bytes, ...fields };
}

/** CRLs of a file: one in DER, or any number of PEM blocks labelled X509 CRL. @throws ASN1_MALFORMED, ASN1_LIMIT, CERTIFICATE_MALFORMED (PEM) */
export function readCrls(bytes: Uint8Array): Crl[] {
  if (!isPem(bytes)) return [readCrl(bytes)];
  return readPem(bytes)
    .filter(({ label }) => label === 'X509 CRL' || label === 'CRL')
    .map(({ der }) => readCrl(der));
}

type TbsFields = Omit<Crl, 'der' | 'tbsDer' | 'sha256Hex' | 'signatureAlgorithm' | 'signature'> & { readonly inner: AlgorithmIdentifier };

function readTbs(node: Asn1Node): TbsFields {
  const fields = readSequence(node);
  const version2 = fields[0]?.is(TAG.INTEGER) === true;
  if (version2 && readSmallInteger(fields.shift()) !== 1) throw malformed('CRL version other than 2 where it is written', node.start);
  const [algorithm, issuer, thisUpdate, ...optional] = fields;
  const next = isTime(optional[0]) ? readTime(optional.shift()) : null;
  const list = optional[0]?.is(TAG.SEQUENCE) === true ? optional.shift() : undefined;
  if (list !== undefined && list.content.length === 0) throw malformed('empty revokedCertificates, which must be absent', list.start);
  const extensions = readCrlExtensions(optional);
  const entriesDer = list?.content ?? new Uint8Array(0);
  const entries = summarizeEntries(entriesDer);
  if (!version2 && (extensions.length > 0 || entries.hasExtensions)) throw malformed('extensions in a CRL of version 1', node.start);
  const issuerName = readName(issuer);
  return {
    inner: readAlgorithmIdentifier(algorithm),
    issuerName,
    issuer: nameText(issuerName),
    thisUpdate: readTime(thisUpdate),
    nextUpdate: next,
    entriesDer,
    entryCount: entries.count,
    ...interpret(extensions, entries),
  };
}

function isTime(node: Asn1Node | undefined): boolean {
  return node !== undefined && (node.is(TAG.UTC_TIME) || node.is(TAG.GENERALIZED_TIME));
}

function readCrlExtensions(optional: readonly Asn1Node[]): Extension[] {
  const [holder, extra] = optional;
  if (extra !== undefined) throw malformed('TBSCertList with additional fields', extra.start);
  return holder === undefined ? [] : readExtensions(readExplicit(holder, 0));
}

type ExtensionFields = Pick<Crl, 'number' | 'baseNumber' | 'authorityKeyId' | 'distributionPoint' | 'expiredCertsFrom' | 'extensions' | 'unknownCritical'>;

function interpret(extensions: readonly Extension[], entries: EntrySummary): ExtensionFields {
  const value = <T>(oid: string, read: (der: Uint8Array) => T): T | null => {
    const found = extensions.find((extension) => extension.oid === oid);
    return found === undefined ? null : read(found.valueDer);
  };
  return {
    number: value(EXTENSION.CRL_NUMBER, (der) => readInteger(readAsn1(der))),
    baseNumber: value(EXTENSION.DELTA_CRL_INDICATOR, (der) => readInteger(readAsn1(der))),
    authorityKeyId: value(EXTENSION.AUTHORITY_KEY_IDENTIFIER, readAuthorityKeyIdentifier),
    distributionPoint: value(EXTENSION.ISSUING_DISTRIBUTION_POINT, readIssuingDistributionPoint),
    expiredCertsFrom: value(EXPIRED_CERTS_ON_CRL, (der) => readTime(readAsn1(der))),
    extensions,
    unknownCritical: [...extensions.filter(({ oid, critical }) => critical && !PROCESSED.has(oid)).map(({ oid }) => oid), ...entries.unknownCritical],
  };
}

function readIssuingDistributionPoint(der: Uint8Array): IssuingDistributionPoint {
  const [name, user, ca, reasons, indirect, attribute] = taggedFields(readSequence(readAsn1(der)), 6);
  const point = {
    name: name === undefined ? null : readDistributionPointName(name),
    onlyUserCertificates: isTrue(user),
    onlyCaCertificates: isTrue(ca),
    onlySomeReasons: reasons === undefined ? null : readReasons(readBitStringContent(reasons)),
    indirect: isTrue(indirect),
    onlyAttributeCertificates: isTrue(attribute),
  };
  const scopes = [point.onlyUserCertificates, point.onlyCaCertificates, point.onlyAttributeCertificates].filter(Boolean).length;
  // RFC 5280 §5.2.5: at most one scope, and never an extension that says nothing.
  if (scopes > 1) throw malformed('issuingDistributionPoint with more than one scope', 0);
  if (scopes === 0 && point.name === null && point.onlySomeReasons === null && !point.indirect) throw malformed('issuingDistributionPoint that says nothing', 0);
  return point;
}

function isTrue(node: Asn1Node | undefined): boolean {
  return node !== undefined && readBooleanContent(node);
}
