const NAME = '[A-Za-z_:][-A-Za-z0-9._:]*';
const TAG = new RegExp(`^<(/?)(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^<"]*"|'[^<']*'))*)\\s*(/?)>`);
const ENTITY = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)/;
const MAX_DEPTH = 200;
const XMP_NAMESPACE = 'adobe:ns:meta/';

/**
 * Whether bytes are a well-formed XMP packet without document type or entities; the content itself is not judged. This is a
 * gate on what may replace a metadata stream, not an XML parser: whatever it does not know makes it say no.
 * @see ISO 16684-1 §7, XML 1.0 §2
 */
export function isXmpPacket(bytes: Uint8Array): boolean {
  const text = decode(bytes);
  if (text === undefined || ENTITY.test(text)) return false;
  const open: string[] = [];
  let root: { readonly name: string; readonly attributes: string } | undefined;
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('<', at);
    const between = text.slice(at, next === -1 ? text.length : next);
    if (open.length === 0 && between.trim() !== '') return false;
    if (next === -1) break;
    const skipped = skipOther(text, next);
    if (skipped === -1) return false;
    if (skipped > next) {
      at = skipped;
      continue;
    }
    const match = TAG.exec(text.slice(next, next + 65_536));
    if (match === null) return false;
    const [whole, closing, name = '', attributes = '', empty] = match;
    if (closing === '/') {
      if (open.pop() !== name || attributes !== '' || empty !== '') return false;
    } else {
      if (open.length === 0 && root !== undefined) return false;
      root ??= { name, attributes };
      if (empty === '') open.push(name);
      if (open.length > MAX_DEPTH) return false;
    }
    at = next + whole.length;
  }
  return open.length === 0 && root !== undefined && isXmpRoot(root.name, root.attributes);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/^\ufeff/, '');
  } catch {
    return undefined;
  }
}

/** Position after a comment, processing instruction or CDATA section; the same position for a tag; -1 for what is refused. */
function skipOther(text: string, at: number): number {
  const pairs: readonly (readonly [string, string])[] = [['<!--', '-->'], ['<?', '?>'], ['<![CDATA[', ']]>']];
  for (const [start, end] of pairs) {
    if (!text.startsWith(start, at)) continue;
    const found = text.indexOf(end, at + start.length);
    return found === -1 ? -1 : found + end.length;
  }
  return text.startsWith('<!', at) ? -1 : at;
}

function isXmpRoot(name: string, attributes: string): boolean {
  const [prefix, local] = name.includes(':') ? name.split(':', 2) : [undefined, name];
  const declaration = prefix === undefined ? 'xmlns' : `xmlns:${prefix}`;
  return local === 'xmpmeta' && new RegExp(`\\s${declaration}\\s*=\\s*["']${XMP_NAMESPACE}["']`).test(attributes);
}
