/** What people look for in a distinguished name that a report holds as text. For showing only: nothing is decided by it. */
export interface NameParts {
  /** Common name, else the whole text. */
  readonly name: string;
  /** Most specific first: organisational units, then the organisation. */
  readonly organisation: readonly string[];
  /** Position or title, where it stands. */
  readonly title: string | null;
}

/** @param text a name as RFC 4514 §2 writes it, most specific first. */
export function namePartsOf(text: string): NameParts {
  const attributes = attributesOf(text);
  const valuesOf = (type: string): string[] => attributes.flatMap(([name, value]) => (name === type && value !== '' ? [value] : []));
  return {
    name: valuesOf('CN')[0] ?? valuesOf('O')[0] ?? (text === '' ? '—' : text),
    organisation: [...valuesOf('OU'), ...valuesOf('O')],
    title: valuesOf('title')[0] ?? null,
  };
}

function attributesOf(text: string): [type: string, value: string][] {
  return splitUnescaped(text).map((part) => {
    const at = part.indexOf('=');
    return at < 0 ? ['', unescaped(part)] : [part.slice(0, at).trim(), unescaped(part.slice(at + 1))];
  });
}

/** At `,` and `+` that no backslash stands before. */
function splitUnescaped(text: string): string[] {
  return Array.from(text.matchAll(/(?:\\[\s\S]|[^,+\\])+/g), ([part]) => part);
}

/** RFC 4514 §2.4: `\,` is a comma, `\C3\AA` two bytes of UTF-8. */
function unescaped(value: string): string {
  return value.replace(/(?:\\[0-9a-f]{2})+|\\([\s\S])/gi, (all, single: string | undefined) => single ?? Buffer.from(all.replaceAll('\\', ''), 'hex').toString('utf8')).trim();
}
