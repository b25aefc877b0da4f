import { ParseOption, XmlDocument, XmlElement, XmlLibError, XmlText, XmlCData } from 'libxml2-wasm';
import { GatewayError } from '../../domain/errors.ts';

/** What one document may cost. Counted on the bytes, before the parser sees them. */
export interface XmlLimits {
  readonly maxBytes: number;
  /** Upper bound of elements, comments and processing instructions: the number of `<`. */
  readonly maxTags: number;
  /** Upper bound of attributes: the number of `=`. */
  readonly maxAttributes: number;
}

const OPTIONS: ParseOption = ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NO_SYS_CATALOG;

/**
 * Reads XML in UTF-8 and hands the document to `use`, after which it is gone. A DOCTYPE is refused, hence entities, external files and
 * everything they bring; other encodings are refused because the refusal could not see one there. libxml2 itself stops at 256 levels.
 * @throws XML_LIMIT, XML_MALFORMED, and what `use` throws
 */
export function withXml<T>(bytes: Uint8Array, limits: XmlLimits, use: (document: XmlDocument) => T): T {
  checkBytes(bytes, limits);
  const document = parse(bytes);
  try {
    if (document.dtd !== null) throw new GatewayError('XML_MALFORMED', 'The XML has a DOCTYPE, which is not accepted');
    return use(document);
  } finally {
    document.dispose();
  }
}

function parse(bytes: Uint8Array): XmlDocument {
  try {
    return XmlDocument.fromBuffer(bytes, { option: OPTIONS });
  } catch (cause) {
    if (cause instanceof XmlLibError) throw new GatewayError('XML_MALFORMED', 'The file is not well-formed XML', { cause });
    throw cause;
  }
}

function checkBytes(bytes: Uint8Array, { maxBytes, maxTags, maxAttributes }: XmlLimits): void {
  if (bytes.length > maxBytes) throw new GatewayError('XML_LIMIT', `The XML has ${bytes.length} bytes; the limit is ${maxBytes}`);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const declared = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\bencoding\s*=\s*["']([^"']*)["']/.exec(buffer.subarray(0, 200).toString('latin1'))?.[1] ?? 'utf-8';
  if (!/^(?:utf-8|us-ascii)$/i.test(declared) || buffer.includes(0)) throw new GatewayError('XML_MALFORMED', 'Only XML in UTF-8 is accepted');
  if (buffer.includes('<!DOCTYPE')) throw new GatewayError('XML_MALFORMED', 'The XML has a DOCTYPE, which is not accepted');
  if (countAbove(buffer, 0x3c, maxTags)) throw new GatewayError('XML_LIMIT', `The XML has more than ${maxTags} tags`);
  if (countAbove(buffer, 0x3d, maxAttributes)) throw new GatewayError('XML_LIMIT', `The XML has more than ${maxAttributes} attributes`);
}

function countAbove(buffer: Buffer, byte: number, limit: number): boolean {
  let count = 0;
  for (let at = buffer.indexOf(byte); at >= 0; at = buffer.indexOf(byte, at + 1)) if (++count > limit) return true;
  return false;
}

export type QualifiedName = readonly [namespace: string, name: string];

export function isNamed(element: XmlElement, [namespace, name]: QualifiedName): boolean {
  return element.name === name && element.namespaceUri === namespace;
}

/** Element children; of one name when it is given. */
export function childrenOf(parent: XmlElement, name?: QualifiedName): XmlElement[] {
  const found: XmlElement[] = [];
  for (let node = parent.firstChild; node !== null; node = node.next) if (node instanceof XmlElement && (name === undefined || isNamed(node, name))) found.push(node);
  return found;
}

/** The only child of that name; null when there is none. @throws XML_MALFORMED when there are several */
export function childOf(parent: XmlElement, name: QualifiedName): XmlElement | null {
  const [child, other] = childrenOf(parent, name);
  if (other !== undefined) throw new GatewayError('XML_MALFORMED', `${parent.name} has more than one ${name[1]}`);
  return child ?? null;
}

/** @throws XML_MALFORMED when there is not exactly one */
export function demandChild(parent: XmlElement, name: QualifiedName): XmlElement {
  const child = childOf(parent, name);
  if (child === null) throw new GatewayError('XML_MALFORMED', `${parent.name} lacks ${name[1]}`);
  return child;
}

/** Text of an element that holds nothing else: text split by a comment or an element could be read in two ways. @throws XML_MALFORMED */
export function textOf(element: XmlElement): string {
  let text = '';
  for (let node = element.firstChild; node !== null; node = node.next) {
    if (!(node instanceof XmlText) && !(node instanceof XmlCData)) throw new GatewayError('XML_MALFORMED', `${element.name} holds more than text`);
    text += node.content;
  }
  return text.trim();
}

/** @throws XML_MALFORMED */
export function base64Of(element: XmlElement): Uint8Array {
  const text = textOf(element).replace(/\s/g, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new GatewayError('XML_MALFORMED', `${element.name} is not base64`);
  return new Uint8Array(Buffer.from(text, 'base64'));
}
