import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { readOid, readSequence, readSet } from '../asn1/values.ts';
import { compareBytes, context, sequence, setOf, tlv } from '../asn1/writer.ts';

/** One Attribute of a SignerInfo, RFC 5652 §5.3. */
export interface Attribute {
  readonly oid: string;
  /** Attribute values as they stand; RFC 5652 §5.3 wants at least one. */
  readonly values: readonly Asn1Node[];
}

/** Attributes that one SignerInfo may carry, signed and unsigned each. */
export const MAX_ATTRIBUTES = 1_000;

/** Reads the attributes inside a `[0]`, `[1]` or SET. @throws ASN1_MALFORMED, ASN1_LIMIT */
export function readAttributes(set: Asn1Node): Attribute[] {
  const nodes = set.children;
  if (nodes.length > MAX_ATTRIBUTES) throw new GatewayError('ASN1_LIMIT', `The signature has ${nodes.length} attributes; the limit is ${MAX_ATTRIBUTES}`);
  return nodes.map((node) => {
    const [type, values] = readSequence(node);
    return { oid: readOid(type), values: readSet(values) };
  });
}

/** The values of all attributes of that type, in order. */
export function valuesOf(attributes: readonly Attribute[], oid: string): readonly Asn1Node[] {
  return attributes.filter((attribute) => attribute.oid === oid).flatMap((attribute) => attribute.values);
}

/** The value of an attribute that stands exactly once with exactly one value; otherwise null. */
export function singleValueOf(attributes: readonly Attribute[], oid: string): Asn1Node | null {
  const found = attributes.filter((attribute) => attribute.oid === oid);
  const [value] = found[0]?.values ?? [];
  return found.length === 1 && found[0]?.values.length === 1 && value !== undefined ? value : null;
}

/**
 * The attributes as DER SET OF Attribute, the form that is hashed, whatever order and lengths they were sent in. Values
 * keep the order of their own inner sets: those belong to their types.
 * @see RFC 5652 §5.4
 */
export function attributesAsDer(set: Asn1Node): Uint8Array {
  if (isSortedDer(set)) return tlv(0x31, set.content);
  return setOf(
    ...set.children.map((node) => {
      const [type, values] = readSequence(node);
      if (type === undefined || values === undefined) throw new GatewayError('CMS_MALFORMED', 'The signature has an attribute without type or values');
      return sequence(type.bytes, setOf(...readSet(values).map((value) => definiteDer(value))));
    }),
  );
}

/** Whether the set stands in DER already, as most do: then nothing has to be built anew. */
function isSortedDer(set: Asn1Node): boolean {
  if (!isSorted(set.children) || !set.children.every((attribute) => isSorted(attribute.children[1]?.children ?? []))) return false;
  try {
    visitAll(readAsn1(set.bytes));
    return true;
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return false;
    throw error;
  }
}

function isSorted(nodes: readonly Asn1Node[]): boolean {
  return nodes.every((node, index) => index === 0 || compareBytes(nodes[index - 1]?.bytes ?? node.bytes, node.bytes) <= 0);
}

/** Makes the strict reader see every value, so that it throws where DER is broken. */
function visitAll(node: Asn1Node): void {
  if (node.constructed) for (const child of node.children) visitAll(child);
}

/** The value with definite, minimal lengths and strings in one piece (X.690 §10.1, §10.2). */
export function definiteDer(node: Asn1Node): Uint8Array {
  if (!node.constructed) return encode(node, false, [node.content]);
  const isString = node.tagClass === 0 && node.tag !== 16 && node.tag !== 17;
  if (isString) return encode(node, false, node.children.map((part) => stringPart(part)));
  return encode(node, true, node.children.map((child) => definiteDer(child)));
}

function stringPart(part: Asn1Node): Uint8Array {
  if (!part.constructed) return part.content;
  return Buffer.concat(part.children.map((inner) => stringPart(inner)));
}

function encode(node: Asn1Node, constructed: boolean, content: readonly Uint8Array[]): Uint8Array {
  // Identifier octets of tags over 30 are kept as they stand: the reader already demands their shortest form.
  if (node.tag > 30) return longTag(node, content);
  return tlv((node.tagClass << 6) | (constructed ? 0x20 : 0) | node.tag, ...content);
}

function longTag(node: Asn1Node, content: readonly Uint8Array[]): Uint8Array {
  let identifierBytes = 2;
  while ((node.bytes[identifierBytes - 1] ?? 0) >= 0x80) identifierBytes++;
  const shortForm = context(0, ...content);
  return Buffer.concat([node.bytes.subarray(0, identifierBytes), shortForm.subarray(1)]);
}
