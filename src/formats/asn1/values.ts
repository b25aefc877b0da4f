import { CLASS, TAG, malformed, type Asn1Node } from './reader.ts';

/** Accessors of ASN.1 types over `Asn1Node`. Each checks tag and the DER rules of its type and throws ASN1_MALFORMED. */

/** Children of a SEQUENCE. */
export function readSequence(node: Asn1Node | undefined): Asn1Node[] {
  return expect(node, TAG.SEQUENCE, 'SEQUENCE').children;
}

/** Children of a SET or SET OF, in the order they stand; DER's order (X.690 §11.6) is for the caller to demand. */
export function readSet(node: Asn1Node | undefined): Asn1Node[] {
  return expect(node, TAG.SET, 'SET').children;
}

/** The value inside an EXPLICIT `[number]` tag. */
export function readExplicit(node: Asn1Node | undefined, number: number): Asn1Node {
  if (!node?.isContext(number) || !node.constructed) throw malformed(`[${number}] missing`, node?.start ?? 0);
  const [inner, extra] = node.children;
  if (inner === undefined || extra !== undefined) throw malformed(`[${number}] must hold exactly one value`, node.start);
  return inner;
}

/** X.690 §8.2, §11.1. */
export function readBoolean(node: Asn1Node | undefined): boolean {
  return readBooleanContent(expect(node, TAG.BOOLEAN, 'BOOLEAN'));
}

/** The content of a BOOLEAN whose tag is IMPLICIT and was checked by the caller. */
export function readBooleanContent(node: Asn1Node): boolean {
  const { content } = node;
  if (content.length !== 1) throw malformed('BOOLEAN not of one byte', node.start);
  if (content[0] === 0) return false;
  if (content[0] !== 0xff && node.rules === 'DER') throw malformed('BOOLEAN neither 00 nor FF', node.start);
  return true;
}

/** Content octets of an INTEGER, two's complement, shortest form (X.690 §8.3.2). */
export function readIntegerBytes(node: Asn1Node | undefined): Uint8Array {
  return checkInteger(expect(node, TAG.INTEGER, 'INTEGER'));
}

export function readInteger(node: Asn1Node | undefined): bigint {
  return integerOf(readIntegerBytes(node));
}

/** The value of an INTEGER or ENUMERATED whose tag is IMPLICIT and was checked by the caller. */
export function readIntegerContent(node: Asn1Node): bigint {
  return integerOf(checkInteger(node));
}

/** An INTEGER that fits 32 bits, signed. */
export function readSmallInteger(node: Asn1Node | undefined): number {
  const content = readIntegerBytes(node);
  if (content.length > 4) throw malformed('INTEGER over 32 bits', node?.start ?? 0);
  return Number(integerOf(content));
}

export function readEnumerated(node: Asn1Node | undefined): number {
  const content = checkInteger(expect(node, TAG.ENUMERATED, 'ENUMERATED'));
  if (content.length > 4) throw malformed('ENUMERATED over 32 bits', node?.start ?? 0);
  return Number(integerOf(content));
}

/** Dotted form of an OBJECT IDENTIFIER; arcs of any size (X.690 §8.19), at most 128 bytes. */
export function readOid(node: Asn1Node | undefined): string {
  return oidOf(expect(node, TAG.OID, 'OBJECT IDENTIFIER'));
}

/** Like `readOid`, for an IMPLICIT tag that the caller checked (registeredID). */
export function readOidContent(node: Asn1Node): string {
  return oidOf(node);
}

/** A view of the bytes; joined when BER splits the string (X.690 §8.7.3). */
export function readOctetString(node: Asn1Node | undefined): Uint8Array {
  return stringContent(expect(node, TAG.OCTET_STRING, 'OCTET STRING'));
}

/** Content of an OCTET STRING or character string whose tag is IMPLICIT and was checked by the caller. */
export function stringContent(node: Asn1Node): Uint8Array {
  if (!node.constructed) return node.content;
  if (node.rules === 'DER') throw malformed('constructed string', node.start);
  const parts = node.children.map((part) => stringContent(part));
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export interface BitString {
  readonly unusedBits: number;
  readonly bytes: Uint8Array;
}

export function readBitString(node: Asn1Node | undefined): BitString {
  return readBitStringContent(expect(node, TAG.BIT_STRING, 'BIT STRING'));
}

/** The content of a BIT STRING whose tag is IMPLICIT and was checked by the caller (X.690 §8.6, §11.2). */
export function readBitStringContent(node: Asn1Node): BitString {
  if (node.constructed) throw malformed('constructed BIT STRING', node.start);
  const { content } = node;
  const unusedBits = content[0];
  if (unusedBits === undefined || unusedBits > 7 || (content.length === 1 && unusedBits !== 0)) throw malformed('BIT STRING with a wrong count of unused bits', node.start);
  const last = content[content.length - 1] ?? 0;
  if (node.rules === 'DER' && content.length > 1 && (last & ((1 << unusedBits) - 1)) !== 0) throw malformed('BIT STRING whose unused bits are not zero', node.start);
  return { unusedBits, bytes: content.subarray(1) };
}

/** Bit `index` counted from the left, as named bit lists are. */
export function hasBit(bits: BitString, index: number): boolean {
  return ((bits.bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

/** Time: UTCTime or GeneralizedTime in the forms RFC 5280 §4.1.2.5 allows (seconds, Z, no fraction). */
export function readTime(node: Asn1Node | undefined): Date {
  if (node?.is(TAG.UTC_TIME)) return timeOf(node, /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/, true);
  return timeOf(expect(node, TAG.GENERALIZED_TIME, 'Time'), /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/, false);
}

/** GeneralizedTime with an optional fraction without trailing zeros (X.690 §11.7), as RFC 3161 §2.4.2 allows. */
export function readGeneralizedTime(node: Asn1Node | undefined): Date {
  return timeOf(expect(node, TAG.GENERALIZED_TIME, 'GeneralizedTime'), /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,8}[1-9]))?Z$/, false);
}

/** Text of any character string type; the text is exact, never trimmed or normalised. */
export function readText(node: Asn1Node | undefined): string {
  if (node === undefined || node.tagClass !== CLASS.UNIVERSAL) throw malformed('character string missing', node?.start ?? 0);
  const content = stringContent(node);
  switch (node.tag) {
    case TAG.UTF8_STRING:
      return utf8(content, node.start);
    case TAG.BMP_STRING:
      if (content.length % 2 !== 0) throw malformed('BMPString of odd length', node.start);
      return Buffer.from(content).swap16().toString('utf16le');
    case TAG.UNIVERSAL_STRING:
      return utf32(content, node.start);
    case TAG.TELETEX_STRING:
      return Buffer.from(content).toString('latin1');
    case TAG.NUMERIC_STRING:
    case TAG.PRINTABLE_STRING:
    case TAG.IA5_STRING:
    case TAG.VISIBLE_STRING:
      return ascii(content, node.start);
    default:
      throw malformed(`tag ${node.tag} is no character string`, node.start);
  }
}

/** ASCII content of an IA5String whose tag is IMPLICIT and was checked by the caller. */
export function readIa5Content(node: Asn1Node): string {
  return ascii(stringContent(node), node.start);
}

function expect(node: Asn1Node | undefined, tag: number, name: string): Asn1Node {
  if (!node?.is(tag)) throw malformed(`${name} missing`, node?.start ?? 0);
  return node;
}

function checkInteger(node: Asn1Node): Uint8Array {
  const { content } = node;
  const [first, second] = content;
  if (first === undefined || node.constructed) throw malformed('INTEGER without content', node.start);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) throw malformed('INTEGER not minimal', node.start);
  return content;
}

function integerOf(content: Uint8Array): bigint {
  const magnitude = BigInt('0x' + Buffer.from(content).toString('hex'));
  return (content[0] ?? 0) < 0x80 ? magnitude : magnitude - (1n << BigInt(content.length * 8));
}

function oidOf(node: Asn1Node): string {
  const { content } = node;
  if (content.length === 0 || content.length > 128 || node.constructed) throw malformed('OBJECT IDENTIFIER empty or over 128 bytes', node.start);
  if ((content[content.length - 1] ?? 0) >= 0x80) throw malformed('OBJECT IDENTIFIER cut off', node.start);
  const arcs: string[] = [];
  let arc = 0n;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw malformed('OBJECT IDENTIFIER arc with a leading zero', node.start);
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (!fresh) continue;
    if (arcs.length === 0) {
      const root = arc < 40n ? 0n : arc < 80n ? 1n : 2n;
      arcs.push(root.toString(), (arc - root * 40n).toString());
    } else {
      arcs.push(arc.toString());
    }
    arc = 0n;
  }
  return arcs.join('.');
}

function timeOf(node: Asn1Node, pattern: RegExp, twoDigitYear: boolean): Date {
  const match = pattern.exec(Buffer.from(stringContent(node)).toString('latin1'));
  if (match === null) throw malformed('time not in the form YYMMDDHHMMSSZ', node.start);
  const [, y = '', month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = match;
  const year = twoDigitYear ? Number(y) + (Number(y) < 50 ? 2000 : 1900) : Number(y);
  const time = new Date(Date.UTC(2000, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), Number(fraction.padEnd(3, '0').slice(0, 3))));
  time.setUTCFullYear(year, Number(month) - 1, Number(day));
  const exact = time.getUTCMonth() === Number(month) - 1 && time.getUTCDate() === Number(day) && time.getUTCHours() === Number(hour) && time.getUTCMinutes() === Number(minute) && time.getUTCSeconds() === Number(second);
  if (!exact) throw malformed('time that no calendar has', node.start);
  return time;
}

function utf8(content: Uint8Array, at: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw malformed('text that is not UTF-8', at);
  }
}

function utf32(content: Uint8Array, at: number): string {
  if (content.length % 4 !== 0) throw malformed('UniversalString of odd length', at);
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  let text = '';
  for (let i = 0; i < content.length; i += 4) {
    const point = view.getUint32(i);
    if (point > 0x10ffff) throw malformed('UniversalString beyond Unicode', at);
    text += String.fromCodePoint(point);
  }
  return text;
}

function ascii(content: Uint8Array, at: number): string {
  if (content.some((byte) => byte >= 0x80)) throw malformed('byte over 7F in an ASCII string', at);
  return Buffer.from(content).toString('latin1');
}
