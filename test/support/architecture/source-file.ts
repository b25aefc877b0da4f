import { parseSync } from 'oxc-parser';

export interface Import {
  readonly specifier: string;
  /** Imported values as the other module names them, types left out; `*` for a namespace, a dynamic import or a re-export of everything. */
  readonly names: readonly string[];
  readonly typeOnly: boolean;
  readonly line: number;
}

/** A global name, or a property of one, used as a value: `process.env`, `Date.now`, `new Date()`. */
export interface GlobalUse {
  readonly name: string;
  readonly line: number;
}

export interface SourceFile {
  /** From the project root, with forward slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
  readonly globals: readonly GlobalUse[];
  /** Specifiers of `export … from`. */
  readonly reExports: readonly string[];
  readonly hasDefaultExport: boolean;
}

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/** What one TypeScript or JavaScript file imports and which globals it touches. @throws Error when the text cannot be parsed */
export function readSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const [fault] = parsed.errors;
  if (fault !== undefined) throw new Error(`${path}: ${fault.message}`);
  const lineAt = lineCounter(text);
  const { staticImports, staticExports, dynamicImports } = parsed.module;
  const reExported = staticExports.flatMap(({ entries }) => entries).filter((entry) => entry.moduleRequest !== null);
  const own = staticExports.flatMap(({ entries }) => entries).filter((entry) => entry.moduleRequest === null);
  return {
    path,
    imports: [
      ...staticImports.map(({ moduleRequest, entries, start }) => ({
        specifier: moduleRequest.value,
        names: entries.filter(({ isType }) => !isType).map(({ importName }) => importName.name ?? (isDefault(importName.kind) ? 'default' : '*')),
        typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
        line: lineAt(start),
      })),
      ...reExported.map(({ moduleRequest, importName, isType, start }) => ({ specifier: moduleRequest?.value ?? '', names: [importName.name ?? '*'], typeOnly: isType, line: lineAt(start) })),
      ...dynamicImports.map(({ moduleRequest }) => ({ specifier: literalIn(text.slice(moduleRequest.start, moduleRequest.end)), names: ['*'], typeOnly: false, line: lineAt(moduleRequest.start) })),
    ],
    globals: globalsOf(parsed.program as unknown as SyntaxNode, lineAt),
    reExports: reExported.map(({ moduleRequest }) => moduleRequest?.value ?? ''),
    hasDefaultExport: own.some(({ exportName }) => isDefault(exportName.kind)),
  };
}

/** A dynamic import of anything but a plain string cannot be checked and is reported as `<computed>`. */
function literalIn(source: string): string {
  return /^(['"`])([^$]*)\1$/s.exec(source)?.[2] ?? '<computed>';
}

function lineCounter(text: string): (offset: number) => number {
  return (offset) => text.slice(0, offset).split('\n').length;
}

function globalsOf(program: SyntaxNode, lineAt: (offset: number) => number): GlobalUse[] {
  const declared = new Set<string>();
  const uses: { readonly root: string; readonly use: GlobalUse }[] = [];
  walk(program, null, (node, parent) => {
    for (const name of declaredBy(node)) declared.add(name);
    const root = rootOf(node, parent);
    if (root !== null) uses.push({ root, use: { name: nameOf(node, parent, root), line: lineAt(node.start) } });
  });
  return uses.filter(({ root }) => !declared.has(root)).map(({ use }) => use);
}

/** The name when `node` reads a variable: not a property, a key, a label, a name in an import or a type. */
function rootOf(node: SyntaxNode, parent: SyntaxNode | null): string | null {
  if (node.type !== 'Identifier' || parent === null) return null;
  if (parent.type === 'MemberExpression' && parent['property'] === node && parent['computed'] !== true) return null;
  if (parent['key'] === node && parent['computed'] !== true && parent['shorthand'] !== true) return null;
  if (/^(Import|Export)|^TS(?!AsExpression|SatisfiesExpression|NonNullExpression|TypeAssertion)|Label/.test(parent.type)) return null;
  return String(node['name']);
}

function nameOf(node: SyntaxNode, parent: SyntaxNode | null, root: string): string {
  if (parent?.type === 'MemberExpression' && parent['object'] === node) return `${root}.${propertyOf(parent)}`;
  if (parent?.type === 'NewExpression' && parent['callee'] === node) return `new ${root}(${childNodes(parent['arguments']).length === 0 ? '' : '…'})`;
  if (parent?.type === 'CallExpression' && parent['callee'] === node) return `${root}()`;
  return root;
}

function propertyOf(member: SyntaxNode): string {
  const property = member['property'] as SyntaxNode;
  return member['computed'] === true && property.type !== 'Literal' ? '*' : String(property['name'] ?? property['value']);
}

const BINDING_FIELDS = ['id', 'params', 'param', 'local', 'left', 'parameter'] as const;
const DECLARING = /^(VariableDeclarator|FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ClassDeclaration|CatchClause|Import\w*Specifier)$/;

function declaredBy(node: SyntaxNode): string[] {
  if (!DECLARING.test(node.type)) return [];
  return BINDING_FIELDS.flatMap((field) => childNodes(node[field]).flatMap((child) => patternNames(child)));
}

function patternNames(pattern: SyntaxNode): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [String(pattern['name'])];
    case 'AssignmentPattern':
      return childNodes(pattern['left']).flatMap((child) => patternNames(child));
    case 'RestElement':
      return childNodes(pattern['argument']).flatMap((child) => patternNames(child));
    case 'ArrayPattern':
      return childNodes(pattern['elements']).flatMap((child) => patternNames(child));
    case 'ObjectPattern':
      return childNodes(pattern['properties']).flatMap((child) => (child.type === 'Property' ? childNodes(child['value']).flatMap((value) => patternNames(value)) : patternNames(child)));
    default:
      return [];
  }
}

function walk(node: SyntaxNode, parent: SyntaxNode | null, visit: (node: SyntaxNode, parent: SyntaxNode | null) => void): void {
  visit(node, parent);
  for (const value of Object.values(node)) for (const child of childNodes(value)) walk(child, node, visit);
}

function childNodes(value: unknown): SyntaxNode[] {
  if (Array.isArray(value)) return value.filter((item) => isNode(item));
  return isNode(value) ? [value] : [];
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The parser's enums exist as types only. */
function isDefault(kind: string): boolean {
  return kind === 'Default';
}
