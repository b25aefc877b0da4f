/** An element with everything in it, written. */
export interface XmlElement {
  readonly xml: string;
}

export type XmlContent = XmlElement | string | number | boolean | null | readonly XmlElement[];

type Attributes = Readonly<Record<string, string | undefined>>;

/**
 * One element. Content that is not an element is text and escaped; null and empty lists leave nothing. Names are of our own making.
 * @see XML 1.0 §2.2, §2.4
 */
export function element(name: string, attributes: Attributes, ...content: readonly XmlContent[]): XmlElement {
  const written = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escapeXml(value)}"`]))
    .join('');
  const inside = content.map(contentXml).join('');
  return { xml: inside === '' ? `<${name}${written}/>` : `<${name}${written}>${inside}</${name}>` };
}

/** An element without attributes. */
export const el = (name: string, ...content: readonly XmlContent[]): XmlElement => element(name, {}, ...content);

export function xmlDocument({ xml }: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml}\n`;
}

function contentXml(content: XmlContent): string {
  if (content === null) return '';
  if (typeof content !== 'object') return escapeXml(String(content));
  return 'xml' in content ? content.xml : content.map(({ xml }) => xml).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

/** Characters that XML cannot hold at all, lone surrogates among them, become U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd').replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? character);
}
