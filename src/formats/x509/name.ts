import { GatewayError } from '../../domain/errors.ts';
import { TAG, malformed, readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { readOid, readSequence, readSet, readText } from '../asn1/values.ts';

export interface NameAttribute {
  /** Dotted. */
  readonly oid: string;
  readonly valueDer: Uint8Array;
  /** Exact text; null when the value is no character string or is broken inside. */
  readonly text: string | null;
}

/** A distinguished name. `canonical` holds one string per RDN that is equal exactly when RFC 5280 §7.1 calls the RDNs equal. */
export interface Name {
  readonly der: Uint8Array;
  readonly rdns: readonly (readonly NameAttribute[])[];
  readonly canonical: readonly string[];
}

export const NAME_OID = { CN: '2.5.4.3', C: '2.5.4.6', L: '2.5.4.7', ST: '2.5.4.8', O: '2.5.4.10', OU: '2.5.4.11', EMAIL: '1.2.840.113549.1.9.1', UID: '0.9.2342.19200300.100.1.1' } as const;

/** RFC 4514 §3, and descriptors of the LDAP registry for attributes that national certificates carry. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  [NAME_OID.CN]: 'CN',
  [NAME_OID.L]: 'L',
  [NAME_OID.ST]: 'ST',
  [NAME_OID.O]: 'O',
  [NAME_OID.OU]: 'OU',
  [NAME_OID.C]: 'C',
  [NAME_OID.UID]: 'UID',
  [NAME_OID.EMAIL]: 'emailAddress',
  '2.5.4.9': 'STREET',
  '0.9.2342.19200300.100.1.25': 'DC',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.12': 'title',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'givenName',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
};

const MAX_ATTRIBUTES = 256;

/**
 * Reads a Name; whether its attributes are sensible is not decided here.
 * @throws ASN1_MALFORMED
 * @see RFC 5280 §4.1.2.4
 */
export function readName(node: Asn1Node | undefined): Name {
  const rdns = readSequence(node).map((rdn) => readRdn(rdn));
  if (rdns.reduce((sum, rdn) => sum + rdn.length, 0) > MAX_ATTRIBUTES) throw malformed(`name with more than ${MAX_ATTRIBUTES} attributes`, node?.start ?? 0);
  return { der: node?.bytes ?? new Uint8Array(0), rdns, canonical: rdns.map((rdn) => canonicalRdn(rdn)) };
}

/** @throws ASN1_MALFORMED */
export function readNameDer(der: Uint8Array): Name {
  return readName(readAsn1(der));
}

/** Attributes of a RelativeDistinguishedName, SET or IMPLICIT SET checked by the caller. */
export function readRdnContent(node: Asn1Node): NameAttribute[] {
  const attributes = node.children.map((attribute) => readAttribute(attribute));
  if (attributes.length === 0) throw malformed('empty RDN', node.start);
  return attributes;
}

/** `base` with one more RDN: the full name of a CRL distribution point given relative to its issuer (RFC 5280 §4.2.1.13). */
export function appendRdn(base: Name, rdn: readonly NameAttribute[]): Pick<Name, 'canonical'> {
  return { canonical: [...base.canonical, canonicalRdn(rdn)] };
}

/**
 * The name as text, most specific RDN first; attributes without a descriptor as dotted OID and `#` hexadecimal DER. Text is kept as
 * issued (Vietnamese letters are not escaped, not normalised).
 * @see RFC 4514 §2
 */
export function nameText(name: Name): string {
  return name.rdns
    .map((rdn) => rdn.map((attribute) => attributeText(attribute)).join('+'))
    .reverse()
    .join(',');
}

/** @see RFC 5280 §7.1 */
export function sameName(a: Pick<Name, 'canonical'>, b: Pick<Name, 'canonical'>): boolean {
  return a.canonical.length === b.canonical.length && isWithin(a, b);
}

/** Whether `name` lies in the subtree of `base`, itself included (RFC 5280 §4.2.1.10, directoryName). */
export function isWithin(name: Pick<Name, 'canonical'>, base: Pick<Name, 'canonical'>): boolean {
  return base.canonical.length <= name.canonical.length && base.canonical.every((rdn, index) => rdn === name.canonical[index]);
}

/** Texts of every attribute of this type, in the order of the name. */
export function attributesOf(name: Name, oid: string): string[] {
  return name.rdns.flatMap((rdn) => rdn.flatMap((attribute) => (attribute.oid === oid && attribute.text !== null ? [attribute.text] : [])));
}

/** The most specific common name, else the most specific text of any kind, else null: for people to read, never to decide by. */
export function commonName(name: Name): string | null {
  const texts = name.rdns.flatMap((rdn) => rdn.flatMap((attribute) => attribute.text ?? []));
  return attributesOf(name, NAME_OID.CN).at(-1) ?? texts.at(-1) ?? null;
}

function readRdn(node: Asn1Node): NameAttribute[] {
  if (!node.is(TAG.SET)) throw malformed('RDN is not a SET', node.start);
  readSet(node);
  return readRdnContent(node);
}

function readAttribute(node: Asn1Node): NameAttribute {
  const [type, value, extra] = readSequence(node);
  if (value === undefined || extra !== undefined) throw malformed('AttributeTypeAndValue is not two values', node.start);
  return { oid: readOid(type), valueDer: value.bytes, text: textOrNull(value) };
}

function textOrNull(value: Asn1Node): string | null {
  if (!STRING_TAGS.has(value.tag) || value.tagClass !== 0) return null;
  try {
    return readText(value);
  } catch (error) {
    // A string that breaks its own type still identifies: it compares and prints by its bytes.
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

const STRING_TAGS: ReadonlySet<number> = new Set([
  TAG.UTF8_STRING,
  TAG.PRINTABLE_STRING,
  TAG.IA5_STRING,
  TAG.TELETEX_STRING,
  TAG.BMP_STRING,
  TAG.UNIVERSAL_STRING,
  TAG.NUMERIC_STRING,
  TAG.VISIBLE_STRING,
]);

function canonicalRdn(rdn: readonly NameAttribute[]): string {
  return rdn
    .map(({ oid, text, valueDer }) => (text === null ? `${oid}#${Buffer.from(valueDer).toString('hex')}` : `${oid}=${prepare(text)}`))
    .sort()
    .join('\u0000');
}

/** String preparation of RFC 4518 as far as RFC 5280 §7.1 needs it: compatibility form, case folded, inner white space single, outer none. */
function prepare(text: string): string {
  return text
    .replace(/[\u00ad\u200b\u2060\ufeff]/g, '')
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .trim();
}

function attributeText({ oid, text, valueDer }: NameAttribute): string {
  const short = SHORT_NAMES[oid];
  if (short === undefined || text === null) return `${short ?? oid}=#${Buffer.from(valueDer).toString('hex')}`;
  return `${short}=${escape(text)}`;
}

/** RFC 4514 §2.4. Control characters go as hexadecimal pairs so that a name cannot break a line of a log or a page. */
function escape(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/(?<!^) $/, '\\ ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => Buffer.from(character).toString('hex').replace(/../g, '\\$&'));
}
