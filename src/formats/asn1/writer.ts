/** Builder of DER values (X.690 §10, §11): plain functions from parts to bytes. */

type Part = Uint8Array;

/** Any value: identifier octet as given (low tag numbers only), length, content parts joined. */
export function tlv(identifier: number, ...content: readonly Part[]): Uint8Array {
  const size = sizeOf(content);
  const lengthBytes = lengthBytesOf(size);
  const out = new Uint8Array(2 + lengthBytes + size);
  writeHeader(out, identifier, size, lengthBytes);
  fill(out, 2 + lengthBytes, content);
  return out;
}

/** A value in pieces, its header first, for `joined`: what lies deep inside others is then copied once, and not at every depth. */
export function wrapped(identifier: number, content: readonly Part[]): Part[] {
  const size = sizeOf(content);
  const lengthBytes = lengthBytesOf(size);
  const header = new Uint8Array(2 + lengthBytes);
  writeHeader(header, identifier, size, lengthBytes);
  return [header, ...content];
}

export function joined(parts: readonly Part[]): Uint8Array {
  const out = new Uint8Array(sizeOf(parts));
  fill(out, 0, parts);
  return out;
}

function sizeOf(parts: readonly Part[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}

/** Octets of the length beyond the first. */
const lengthBytesOf = (size: number): number => (size < 0x80 ? 0 : size < 0x100 ? 1 : size < 0x10000 ? 2 : size < 0x1000000 ? 3 : 4);

function writeHeader(out: Uint8Array, identifier: number, size: number, lengthBytes: number): void {
  out[0] = identifier;
  out[1] = lengthBytes === 0 ? size : 0x80 | lengthBytes;
  for (let i = 0, left = size; i < lengthBytes; i++, left = Math.floor(left / 256)) out[1 + lengthBytes - i] = left & 0xff;
}

function fill(out: Uint8Array, start: number, parts: readonly Part[]): void {
  let at = start;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
}

export const sequence = (...parts: readonly Part[]): Uint8Array => tlv(0x30, ...parts);

/** SET OF in DER's order: ascending by encoded bytes (X.690 §11.6). */
export const setOf = (...parts: readonly Part[]): Uint8Array => tlv(0x31, ...[...parts].sort(compareBytes));

/** EXPLICIT, or IMPLICIT of a constructed type: `[number]` with the constructed bit. */
export const context = (number: number, ...parts: readonly Part[]): Uint8Array => tlv(0xa0 | number, ...parts);

/** IMPLICIT of a primitive type: `[number]` over the content octets. */
export const contextPrimitive = (number: number, content: Part): Uint8Array => tlv(0x80 | number, content);

export const nullValue = (): Uint8Array => Uint8Array.of(5, 0);
export const boolean = (value: boolean): Uint8Array => Uint8Array.of(1, 1, value ? 0xff : 0);
export const octetString = (bytes: Part): Uint8Array => tlv(4, bytes);
export const bitString = (bytes: Part, unusedBits = 0): Uint8Array => tlv(3, Uint8Array.of(unusedBits), bytes);
export const utf8String = (text: string): Uint8Array => tlv(12, Buffer.from(text, 'utf8'));
export const ia5String = (text: string): Uint8Array => tlv(22, Buffer.from(text, 'latin1'));
export const printableString = (text: string): Uint8Array => tlv(19, Buffer.from(text, 'latin1'));

export function integer(value: bigint | number): Uint8Array {
  let hex = (value < 0 ? -BigInt(value) - 1n : BigInt(value)).toString(16);
  if (hex.length % 2 !== 0) hex = '0' + hex;
  const magnitude = Buffer.from(hex, 'hex');
  const padded = (magnitude[0] ?? 0) >= 0x80 ? Buffer.concat([Uint8Array.of(0), magnitude]) : magnitude;
  return tlv(2, value < 0 ? padded.map((byte) => byte ^ 0xff) : padded);
}

/** Non-negative INTEGER from big-endian bytes: leading zeros dropped, sign octet added where needed. */
export function unsignedInteger(bytes: Part): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return (trimmed[0] ?? 0) >= 0x80 ? tlv(2, Uint8Array.of(0), trimmed) : tlv(2, trimmed.length === 0 ? Uint8Array.of(0) : trimmed);
}

/** What is built over and over names the same few dozen; a cap, because names may come from outside too. */
const knownOids = new Map<string, Uint8Array>();
const MAX_KNOWN_OIDS = 500;

export function oid(dotted: string): Uint8Array {
  const known = knownOids.get(dotted);
  if (known !== undefined) return known;
  const der = encodeOid(dotted);
  if (knownOids.size < MAX_KNOWN_OIDS) knownOids.set(dotted, der);
  return der;
}

function encodeOid(dotted: string): Uint8Array {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map((arc) => BigInt(arc));
  const content: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const septets = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) septets.unshift(Number(left & 0x7fn) | 0x80);
    content.push(...septets);
  }
  return tlv(6, Uint8Array.from(content));
}

/** GeneralizedTime in UTC; milliseconds only when there are any, without trailing zeros. */
export function generalizedTime(time: Date): Uint8Array {
  const [seconds = '', fraction = ''] = time.toISOString().replace('Z', '').split('.');
  const digits = fraction.replace(/0+$/, '');
  return tlv(24, Buffer.from(seconds.replace(/[-T:]/g, '') + (digits === '' ? '' : '.' + digits) + 'Z', 'latin1'));
}

/** Time of RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime after; whole seconds. */
export function time(value: Date): Uint8Array {
  const text = value.toISOString().slice(0, 19).replace(/[-T:]/g, '') + 'Z';
  return value.getUTCFullYear() < 2050 && value.getUTCFullYear() >= 1950 ? tlv(23, Buffer.from(text.slice(2), 'latin1')) : tlv(24, Buffer.from(text, 'latin1'));
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}
