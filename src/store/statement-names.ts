/** The name under which a connection keeps a statement; undefined: it does not. */
export type NameStatement = (text: string) => string | undefined;

/** Lists of many lengths make many texts: what comes after these is parsed each time, as without names. */
const MOST_KEPT = 150;

/**
 * Names for statements, so that PostgreSQL parses and plans each once a connection: that is most of what a short one costs it. One that
 * says `*` gets none: a newer version's migration would change its columns, and PostgreSQL refuses to go on with it ("cached plan must not
 * change result type"). Statements of the hot paths name their columns for this reason.
 */
export function statementNames(): NameStatement {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined || text.includes('*') || names.size >= MOST_KEPT) return known;
    const name = `lienthong-${names.size + 1}`;
    names.set(text, name);
    return name;
  };
}
