import { TAG, malformed, type Asn1Node } from '../asn1/reader.ts';
import { readIa5Content, readOid, readOidContent } from '../asn1/values.ts';
import { readName, type Name } from './name.ts';

/**
 * One GeneralName. `ip` keeps its octets (4 or 16 for a host, 8 or 32 in a name constraint).
 * @see RFC 5280 §4.2.1.6
 */
export type GeneralName =
  | { readonly kind: 'dns' | 'mail' | 'uri'; readonly value: string }
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'dn'; readonly name: Name }
  | { readonly kind: 'oid'; readonly oid: string }
  | { readonly kind: 'other'; readonly oid: string; readonly der: Uint8Array }
  | { readonly kind: 'x400' | 'edi'; readonly der: Uint8Array };

const MAX_NAMES = 20_000;

/** Children of GeneralNames, SEQUENCE or IMPLICIT, whose tag the caller checked; at least one. @throws ASN1_MALFORMED */
export function readGeneralNames(node: Asn1Node): GeneralName[] {
  const names = readAnyGeneralNames(node);
  if (names.length === 0) throw malformed('GeneralNames empty', node.start);
  return names;
}

/** The same, where issuers leave the list empty and no harm is done (alternative names). @throws ASN1_MALFORMED */
export function readAnyGeneralNames(node: Asn1Node): GeneralName[] {
  const children = node.children;
  if (children.length > MAX_NAMES) throw malformed(`more than ${MAX_NAMES} GeneralNames`, node.start);
  return children.map((child) => readGeneralName(child));
}

/** @throws ASN1_MALFORMED */
export function readGeneralName(node: Asn1Node): GeneralName {
  if (node.tagClass !== 2) throw malformed('GeneralName without its tag', node.start);
  switch (node.tag) {
    case 0:
      return { kind: 'other', oid: readOid(node.children[0]), der: node.bytes };
    case 1:
      return { kind: 'mail', value: readIa5Content(primitive(node)) };
    case 2:
      return { kind: 'dns', value: readIa5Content(primitive(node)) };
    case 3:
      return { kind: 'x400', der: node.bytes };
    case 4:
      return { kind: 'dn', name: readName(onlyChild(node)) };
    case 5:
      return { kind: 'edi', der: node.bytes };
    case 6:
      return { kind: 'uri', value: readIa5Content(primitive(node)) };
    case 7:
      return { kind: 'ip', octets: primitive(node).content };
    case 8:
      return { kind: 'oid', oid: readOidContent(primitive(node)) };
    default:
      throw malformed(`GeneralName of unknown kind [${node.tag}]`, node.start);
  }
}

/** The URIs among the names, in order. */
export function urisOf(names: readonly GeneralName[]): string[] {
  return names.flatMap((name) => (name.kind === 'uri' ? [name.value] : []));
}

function primitive(node: Asn1Node): Asn1Node {
  if (node.constructed) throw malformed('GeneralName string in constructed form', node.start);
  return node;
}

/** Name is a CHOICE, hence its tag is EXPLICIT. */
function onlyChild(node: Asn1Node): Asn1Node | undefined {
  const [name, extra] = node.children;
  if (!name?.is(TAG.SEQUENCE) || extra !== undefined) throw malformed('directoryName must hold one Name', node.start);
  return name;
}
