import { TAG, malformed, readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { hasBit, readBitString, readBitStringContent, readBoolean, readIntegerContent, readOctetString, readOid, readSequence, readSmallInteger, type BitString } from '../asn1/values.ts';
import { readAnyGeneralNames, readGeneralName, readGeneralNames, urisOf, type GeneralName } from './general-name.ts';
import { readRdnContent, type NameAttribute } from './name.ts';

/** Readers of extension values: each takes the DER inside extnValue, throws ASN1_MALFORMED, and decides nothing about trust. */

export const EXTENSION = {
  SUBJECT_KEY_IDENTIFIER: '2.5.29.14',
  KEY_USAGE: '2.5.29.15',
  SUBJECT_ALT_NAME: '2.5.29.17',
  ISSUER_ALT_NAME: '2.5.29.18',
  BASIC_CONSTRAINTS: '2.5.29.19',
  CRL_NUMBER: '2.5.29.20',
  CRL_REASON: '2.5.29.21',
  INVALIDITY_DATE: '2.5.29.24',
  DELTA_CRL_INDICATOR: '2.5.29.27',
  ISSUING_DISTRIBUTION_POINT: '2.5.29.28',
  CERTIFICATE_ISSUER: '2.5.29.29',
  NAME_CONSTRAINTS: '2.5.29.30',
  CRL_DISTRIBUTION_POINTS: '2.5.29.31',
  CERTIFICATE_POLICIES: '2.5.29.32',
  POLICY_MAPPINGS: '2.5.29.33',
  AUTHORITY_KEY_IDENTIFIER: '2.5.29.35',
  POLICY_CONSTRAINTS: '2.5.29.36',
  EXTENDED_KEY_USAGE: '2.5.29.37',
  FRESHEST_CRL: '2.5.29.46',
  INHIBIT_ANY_POLICY: '2.5.29.54',
  AUTHORITY_INFO_ACCESS: '1.3.6.1.5.5.7.1.1',
  QC_STATEMENTS: '1.3.6.1.5.5.7.1.3',
  OCSP_NOCHECK: '1.3.6.1.5.5.7.48.1.5',
} as const;

export const EKU = {
  ANY: '2.5.29.37.0',
  SERVER_AUTH: '1.3.6.1.5.5.7.3.1',
  CLIENT_AUTH: '1.3.6.1.5.5.7.3.2',
  CODE_SIGNING: '1.3.6.1.5.5.7.3.3',
  EMAIL_PROTECTION: '1.3.6.1.5.5.7.3.4',
  TIME_STAMPING: '1.3.6.1.5.5.7.3.8',
  OCSP_SIGNING: '1.3.6.1.5.5.7.3.9',
  /** RFC 9336. */
  DOCUMENT_SIGNING: '1.3.6.1.5.5.7.3.36',
} as const;

export const ANY_POLICY = '2.5.29.32.0';

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly valueDer: Uint8Array;
}

const MAX_EXTENSIONS = 256;

/** Extensions: at least one, none twice (RFC 5280 §4.2). A `critical` of FALSE written out is tolerated: issuers do it, nothing hangs on it. */
export function readExtensions(node: Asn1Node): Extension[] {
  const list = readSequence(node);
  if (list.length === 0 || list.length > MAX_EXTENSIONS) throw malformed(`extensions must be 1 to ${MAX_EXTENSIONS}`, node.start);
  const extensions = list.map((entry) => readExtension(entry));
  const seen = new Set(extensions.map((extension) => extension.oid));
  if (seen.size !== extensions.length) throw malformed('extension that stands twice', node.start);
  return extensions;
}

function readExtension(node: Asn1Node): Extension {
  const fields = readSequence(node);
  const critical = fields[1]?.is(TAG.BOOLEAN) === true;
  if (fields.length !== (critical ? 3 : 2)) throw malformed('extension with missing or additional fields', node.start);
  return { oid: readOid(fields[0]), critical: critical && readBoolean(fields[1]), valueDer: readOctetString(fields.at(-1)) };
}

/** Bits of RFC 5280 §4.2.1.3 in order. */
export const KEY_USAGES = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement', 'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'] as const;
export type KeyUsageName = (typeof KEY_USAGES)[number];

export function readKeyUsage(der: Uint8Array): ReadonlySet<KeyUsageName> {
  const bits = readBitString(readAsn1(der));
  const set = new Set(KEY_USAGES.filter((_, index) => hasBit(bits, index)));
  if (set.size === 0) throw malformed('keyUsage without a bit', 0);
  return set;
}

export function readExtendedKeyUsage(der: Uint8Array): ReadonlySet<string> {
  const purposes = readSequence(readAsn1(der)).map((purpose) => readOid(purpose));
  if (purposes.length === 0) throw malformed('extendedKeyUsage empty', 0);
  return new Set(purposes);
}

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength: number | null;
}

export function readBasicConstraints(der: Uint8Array): BasicConstraints {
  const fields = readSequence(readAsn1(der));
  const flag = fields[0]?.is(TAG.BOOLEAN) === true ? fields.shift() : undefined;
  const length = fields.shift();
  if (fields.length > 0) throw malformed('basicConstraints with additional fields', 0);
  const pathLength = length === undefined ? null : readSmallInteger(length);
  if (pathLength !== null && pathLength < 0) throw malformed('pathLenConstraint below zero', 0);
  return { ca: flag !== undefined && readBoolean(flag), pathLength };
}

export interface AuthorityKeyIdentifier {
  readonly keyId: Uint8Array | null;
  readonly issuer: readonly GeneralName[] | null;
  readonly serial: bigint | null;
}

export function readAuthorityKeyIdentifier(der: Uint8Array): AuthorityKeyIdentifier {
  const [key, issuer, serial] = taggedFields(readSequence(readAsn1(der)), 3);
  if ((issuer === undefined) !== (serial === undefined)) throw malformed('authorityKeyIdentifier with an issuer or a serial number alone', 0);
  return {
    keyId: key === undefined ? null : key.content,
    issuer: issuer === undefined ? null : readGeneralNames(issuer),
    serial: serial === undefined ? null : readIntegerContent(serial),
  };
}

export function readSubjectKeyIdentifier(der: Uint8Array): Uint8Array {
  return readOctetString(readAsn1(der));
}

/** subjectAltName and issuerAltName; addresses of 4 or 16 octets only. An empty list, which RFC 5280 §4.2.1.6 forbids, is told of by the profile. */
export function readAltName(der: Uint8Array): GeneralName[] {
  const node = readAsn1(der);
  if (!node.is(TAG.SEQUENCE)) throw malformed('GeneralNames is not a SEQUENCE', 0);
  const names = readAnyGeneralNames(node);
  if (names.some((name) => name.kind === 'ip' && name.octets.length !== 4 && name.octets.length !== 16)) throw malformed('iPAddress of neither 4 nor 16 octets', 0);
  return names;
}

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** `minimum` must be 0 and `maximum` absent (RFC 5280 §4.2.1.10). */
export function readNameConstraints(der: Uint8Array): NameConstraints {
  const [permitted, excluded] = taggedFields(readSequence(readAsn1(der)), 2);
  if (permitted === undefined && excluded === undefined) throw malformed('nameConstraints empty', 0);
  return { permitted: permitted === undefined ? [] : readSubtrees(permitted), excluded: excluded === undefined ? [] : readSubtrees(excluded) };
}

function readSubtrees(node: Asn1Node): GeneralName[] {
  const subtrees = node.children.map((subtree) => {
    const [base, extra] = readSequence(subtree);
    // DER leaves out the DEFAULT 0 of minimum, so that any further field is one that RFC 5280 forbids.
    if (base === undefined || extra !== undefined) throw malformed('name constraint with minimum or maximum', subtree.start);
    return checkRange(readGeneralName(base), subtree.start);
  });
  if (subtrees.length === 0) throw malformed('name constraint without subtrees', node.start);
  return subtrees;
}

/** An address and a mask of equal length, ones before zeros (RFC 5280 §4.2.1.10, RFC 4632). */
function checkRange(name: GeneralName, at: number): GeneralName {
  if (name.kind !== 'ip') return name;
  const { octets } = name;
  if (octets.length !== 8 && octets.length !== 32) throw malformed('iPAddress constraint of neither 8 nor 32 octets', at);
  const mask = [...octets.subarray(octets.length / 2)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  if (!/^1*0*$/.test(mask)) throw malformed('iPAddress constraint with a broken mask', at);
  return name;
}

export interface CertificatePolicies {
  readonly policies: readonly string[];
  /** Whether a qualifier other than a CPS pointer or a user notice stands there; a critical extension must be rejected then. */
  readonly unknownQualifiers: boolean;
}

const MAX_POLICIES = 1_000;

export function readCertificatePolicies(der: Uint8Array): CertificatePolicies {
  const list = readSequence(readAsn1(der)).map((entry) => readSequence(entry));
  if (list.length === 0 || list.length > MAX_POLICIES) throw malformed(`certificatePolicies must be 1 to ${MAX_POLICIES}`, 0);
  const qualifiers = list.flatMap((fields) => readQualifierIds(fields));
  const policies = list.map(([policy]) => readOid(policy));
  if (new Set(policies).size !== policies.length) throw malformed('certificate policy that stands twice', 0);
  return { policies, unknownQualifiers: qualifiers.some((id) => !KNOWN_QUALIFIERS.has(id)) };
}

/** RFC 5280 §4.2.1.4: id-qt-cps, id-qt-unotice. */
const KNOWN_QUALIFIERS: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2']);

function readQualifierIds(fields: readonly Asn1Node[]): string[] {
  const [, qualifiers, extra] = fields;
  if (extra !== undefined) throw malformed('PolicyInformation with additional fields', extra.start);
  if (qualifiers === undefined) return [];
  const list = readSequence(qualifiers);
  if (list.length === 0) throw malformed('policyQualifiers empty', qualifiers.start);
  return list.map((qualifier) => {
    const [id, value, more] = readSequence(qualifier);
    if (value === undefined || more !== undefined) throw malformed('PolicyQualifierInfo is not two values', qualifier.start);
    return readOid(id);
  });
}

export interface PolicyMapping {
  readonly issuerDomain: string;
  readonly subjectDomain: string;
}

export function readPolicyMappings(der: Uint8Array): PolicyMapping[] {
  const list = readSequence(readAsn1(der));
  if (list.length === 0 || list.length > MAX_POLICIES) throw malformed(`policyMappings must be 1 to ${MAX_POLICIES}`, 0);
  return list.map((entry) => {
    const [from, to, extra] = readSequence(entry);
    if (extra !== undefined) throw malformed('policy mapping with additional fields', entry.start);
    return { issuerDomain: readOid(from), subjectDomain: readOid(to) };
  });
}

export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | null;
  readonly inhibitPolicyMapping: number | null;
}

export function readPolicyConstraints(der: Uint8Array): PolicyConstraints {
  const [require, inhibit] = taggedFields(readSequence(readAsn1(der)), 2);
  if (require === undefined && inhibit === undefined) throw malformed('policyConstraints empty', 0);
  return { requireExplicitPolicy: skipCerts(require), inhibitPolicyMapping: skipCerts(inhibit) };
}

export function readInhibitAnyPolicy(der: Uint8Array): number {
  const skip = readSmallInteger(readAsn1(der));
  if (skip < 0) throw malformed('inhibitAnyPolicy below zero', 0);
  return skip;
}

function skipCerts(node: Asn1Node | undefined): number | null {
  if (node === undefined) return null;
  const value = readIntegerContent(node);
  if (value < 0n) throw malformed('SkipCerts below zero', node.start);
  return value > 0xffffn ? 0xffff : Number(value);
}

export interface InfoAccess {
  readonly ocspUrls: readonly string[];
  readonly caIssuersUrls: readonly string[];
}

export function readAuthorityInfoAccess(der: Uint8Array): InfoAccess {
  const entries = readSequence(readAsn1(der)).map((entry) => {
    const [method, location, extra] = readSequence(entry);
    if (location === undefined || extra !== undefined) throw malformed('AccessDescription is not two values', entry.start);
    return { method: readOid(method), name: readGeneralName(location) };
  });
  if (entries.length === 0) throw malformed('authorityInfoAccess empty', 0);
  const of = (oid: string): string[] => urisOf(entries.filter(({ method }) => method === oid).map(({ name }) => name));
  return { ocspUrls: of('1.3.6.1.5.5.7.48.1'), caIssuersUrls: of('1.3.6.1.5.5.7.48.2') };
}

/** ReasonFlags, RFC 5280 §4.2.1.13; index 0 is unused. */
export const REASON_FLAGS = ['unused', 'keyCompromise', 'cACompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'certificateHold', 'privilegeWithdrawn', 'aACompromise'] as const;
export type ReasonFlag = (typeof REASON_FLAGS)[number];

export type DistributionPointName = { readonly fullName: readonly GeneralName[] } | { readonly relativeName: readonly NameAttribute[] };

export interface DistributionPoint {
  readonly name: DistributionPointName | null;
  /** Null: all reasons. */
  readonly reasons: ReadonlySet<ReasonFlag> | null;
  readonly crlIssuer: readonly GeneralName[] | null;
}

export function readDistributionPoints(der: Uint8Array): DistributionPoint[] {
  const list = readSequence(readAsn1(der));
  if (list.length === 0) throw malformed('cRLDistributionPoints empty', 0);
  return list.map((entry) => {
    const [name, reasons, crlIssuer] = taggedFields(readSequence(entry), 3);
    if (name === undefined && crlIssuer === undefined) throw malformed('DistributionPoint with neither name nor issuer', entry.start);
    return {
      name: name === undefined ? null : readDistributionPointName(name),
      reasons: reasons === undefined ? null : readReasons(readBitStringContent(reasons)),
      crlIssuer: crlIssuer === undefined ? null : readGeneralNames(crlIssuer),
    };
  });
}

/** `[0]` EXPLICIT, since DistributionPointName is a CHOICE. */
export function readDistributionPointName(node: Asn1Node): DistributionPointName {
  const [choice, extra] = node.children;
  if (choice === undefined || extra !== undefined) throw malformed('DistributionPointName must be one choice', node.start);
  if (choice.isContext(0)) return { fullName: readGeneralNames(choice) };
  if (choice.isContext(1)) return { relativeName: readRdnContent(choice) };
  throw malformed('DistributionPointName of unknown kind', choice.start);
}

export function readReasons(bits: BitString): ReadonlySet<ReasonFlag> {
  return new Set(REASON_FLAGS.filter((_, index) => hasBit(bits, index)));
}

/** Optional fields `[0]…[count-1]`, each at most once and in order, placed by their number. */
export function taggedFields(nodes: readonly Asn1Node[], count: number): (Asn1Node | undefined)[] {
  const fields: (Asn1Node | undefined)[] = new Array<Asn1Node | undefined>(count).fill(undefined);
  let last = -1;
  for (const node of nodes) {
    if (node.tagClass !== 2 || node.tag >= count || node.tag <= last) throw malformed('field unknown or out of order', node.start);
    fields[node.tag] = node;
    last = node.tag;
  }
  return fields;
}

/** URLs of a certificate's distribution points that a client may fetch. */
export function distributionUrls(points: readonly DistributionPoint[]): string[] {
  return points.flatMap(({ name }) => (name !== null && 'fullName' in name ? urisOf(name.fullName) : []));
}
