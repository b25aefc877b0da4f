import { GatewayError } from '../../domain/errors.ts';
import { DEFAULT_LIMITS, type Asn1Limits } from './limits.ts';

/**
 * Zero-copy reader of ASN.1 values. DER (X.690 §10, §11) unless `rules` is `BER`, which CMS alone needs
 * (indefinite lengths, constructed strings). Every accessor checks the encoding rules of its type.
 * Nothing is decoded before it is asked for; `bytes` and `content` are views of the input, never copies.
 */

export type EncodingRules = 'DER' | 'BER';

/** Universal tag numbers, X.680 §8.6. */
export const TAG = {
  BOOLEAN: 1,
  INTEGER: 2,
  BIT_STRING: 3,
  OCTET_STRING: 4,
  NULL: 5,
  OID: 6,
  ENUMERATED: 10,
  UTF8_STRING: 12,
  SEQUENCE: 16,
  SET: 17,
  NUMERIC_STRING: 18,
  PRINTABLE_STRING: 19,
  TELETEX_STRING: 20,
  IA5_STRING: 22,
  UTC_TIME: 23,
  GENERALIZED_TIME: 24,
  VISIBLE_STRING: 26,
  UNIVERSAL_STRING: 28,
  BMP_STRING: 30,
} as const;

/** X.690 §8.1.2.2. */
export const CLASS = { UNIVERSAL: 0, APPLICATION: 1, CONTEXT: 2, PRIVATE: 3 } as const;

interface Parse {
  readonly buffer: Uint8Array;
  readonly limits: Asn1Limits;
  readonly rules: EncodingRules;
  nodesLeft: number;
}

export class Asn1Node {
  readonly #parse: Parse;
  /** Offset of the identifier octet in the whole input. */
  readonly start: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly end: number;
  readonly tagClass: number;
  readonly constructed: boolean;
  readonly tag: number;
  readonly depth: number;

  constructor(
    parse: Parse,
    start: number,
    contentStart: number,
    contentEnd: number,
    end: number,
    tagClass: number,
    constructed: boolean,
    tag: number,
    depth: number,
  ) {
    this.#parse = parse;
    this.start = start;
    this.contentStart = contentStart;
    this.contentEnd = contentEnd;
    this.end = end;
    this.tagClass = tagClass;
    this.constructed = constructed;
    this.tag = tag;
    this.depth = depth;
  }

  get rules(): EncodingRules {
    return this.#parse.rules;
  }

  /** The whole value: identifier, length and content octets. */
  get bytes(): Uint8Array {
    return this.#parse.buffer.subarray(this.start, this.end);
  }

  get content(): Uint8Array {
    return this.#parse.buffer.subarray(this.contentStart, this.contentEnd);
  }

  /** The values inside a constructed one, in order. */
  get children(): Asn1Node[] {
    if (!this.constructed) throw malformed('a primitive value where a constructed one is needed', this.start);
    const children: Asn1Node[] = [];
    let at = this.contentStart;
    while (at < this.contentEnd) {
      const child = readNode(this.#parse, at, this.contentEnd, this.depth + 1);
      children.push(child);
      at = child.end;
    }
    return children;
  }

  is(tag: number, tagClass: number = CLASS.UNIVERSAL): boolean {
    return this.tag === tag && this.tagClass === tagClass;
  }

  /** Whether this is the context-specific tag `[number]`. */
  isContext(number: number): boolean {
    return this.tagClass === CLASS.CONTEXT && this.tag === number;
  }
}

/**
 * Reads exactly one value that fills `bytes`.
 * @throws ASN1_MALFORMED for anything the encoding rules forbid, trailing bytes included; ASN1_LIMIT when a cap is reached.
 */
export function readAsn1(bytes: Uint8Array, options: { rules?: EncodingRules; limits?: Asn1Limits } = {}): Asn1Node {
  const node = readAsn1Prefix(bytes, options);
  if (node.end !== bytes.length) throw malformed(`${bytes.length - node.end} bytes after the value`, node.end);
  return node;
}

/** Like `readAsn1`, but bytes after the value are left to the caller (PDF pads /Contents with zeros). */
export function readAsn1Prefix(bytes: Uint8Array, options: { rules?: EncodingRules; limits?: Asn1Limits } = {}): Asn1Node {
  const limits = options.limits ?? DEFAULT_LIMITS;
  if (bytes.length > limits.maxBytes) {
    throw new GatewayError('ASN1_LIMIT', `ASN.1 value of ${bytes.length} bytes is over the limit of ${limits.maxBytes}`);
  }
  const parse: Parse = { buffer: bytes, limits, rules: options.rules ?? 'DER', nodesLeft: limits.maxNodes };
  return readNode(parse, 0, bytes.length, 0);
}

function readNode(parse: Parse, start: number, limit: number, depth: number): Asn1Node {
  const { buffer, limits } = parse;
  if (depth > limits.maxDepth) throw new GatewayError('ASN1_LIMIT', `ASN.1 nested deeper than ${limits.maxDepth}`);
  if (--parse.nodesLeft < 0) throw new GatewayError('ASN1_LIMIT', `ASN.1 with more than ${limits.maxNodes} values`);

  let at = start;
  const identifier = octet(buffer, at++, limit);
  const tagClass = identifier >> 6;
  const constructed = (identifier & 0x20) !== 0;
  let tag = identifier & 0x1f;
  if (tag === 0x1f) {
    tag = 0;
    for (let count = 0; ; count++) {
      const next = octet(buffer, at++, limit);
      if (count === 0 && next === 0x80) throw malformed('tag number with a leading zero', start);
      if (count === 4) throw malformed('tag number over 28 bits', start);
      tag = tag * 128 + (next & 0x7f);
      if (next < 0x80) break;
    }
    if (tag < 0x1f) throw malformed('tag number in the long form although it fits the short one', start);
  }

  const first = octet(buffer, at++, limit);
  if (first === 0x80) return readIndefinite(parse, { start, contentStart: at, limit, depth, tagClass, constructed, tag });
  let length = first;
  if (first > 0x80) {
    const count = first & 0x7f;
    if (count > 4) throw malformed('length over 32 bits', start);
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + octet(buffer, at++, limit);
    if (parse.rules === 'DER' && (length < 0x80 || length < 256 ** (count - 1))) throw malformed('length not minimal', start);
  }
  const end = at + length;
  if (end > limit) throw malformed('value longer than what holds it', start);
  checkForm(parse, tagClass, tag, constructed, start);
  return new Asn1Node(parse, start, at, end, end, tagClass, constructed, tag, depth);
}

interface Open {
  readonly start: number;
  readonly contentStart: number;
  readonly limit: number;
  readonly depth: number;
  readonly tagClass: number;
  readonly constructed: boolean;
  readonly tag: number;
}

/** X.690 §8.1.3.6: content ends at the end-of-contents octets; forbidden in DER (§10.1). */
function readIndefinite(parse: Parse, open: Open): Asn1Node {
  if (parse.rules === 'DER') throw malformed('indefinite length', open.start);
  if (!open.constructed) throw malformed('indefinite length of a primitive value', open.start);
  let at = open.contentStart;
  while (!(octet(parse.buffer, at, open.limit) === 0 && octet(parse.buffer, at + 1, open.limit) === 0)) {
    at = readNode(parse, at, open.limit, open.depth + 1).end;
  }
  checkForm(parse, open.tagClass, open.tag, true, open.start);
  return new Asn1Node(parse, open.start, open.contentStart, at, at + 2, open.tagClass, true, open.tag, open.depth);
}

/** SEQUENCE and SET are constructed (X.690 §8.9.1, §8.11.1); other universal types are primitive in DER (§10.2). */
function checkForm(parse: Parse, tagClass: number, tag: number, constructed: boolean, at: number): void {
  if (tagClass !== CLASS.UNIVERSAL) return;
  if (tag === 0) throw malformed('end-of-contents outside an indefinite value', at);
  const structured = tag === TAG.SEQUENCE || tag === TAG.SET || tag === 8 || tag === 11;
  if (structured && !constructed) throw malformed('SEQUENCE or SET in primitive form', at);
  if (!structured && constructed && (parse.rules === 'DER' || !isStringTag(tag))) throw malformed('constructed form of a primitive type', at);
}

function isStringTag(tag: number): boolean {
  return tag === TAG.BIT_STRING || tag === TAG.OCTET_STRING || tag === TAG.UTF8_STRING || (tag >= 18 && tag <= 30);
}

function octet(buffer: Uint8Array, at: number, limit: number): number {
  const value = at < limit ? buffer[at] : undefined;
  if (value === undefined) throw malformed('value cut off', at);
  return value;
}

export function malformed(what: string, at: number): GatewayError {
  return new GatewayError('ASN1_MALFORMED', `ASN.1: ${what} (at byte ${at})`);
}
