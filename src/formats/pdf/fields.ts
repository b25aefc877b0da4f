import type { PdfRevision } from './document.ts';
import { PDF_LIMITS, broken, limit } from './limits.ts';
import type { PdfDict, PdfObject, PdfRef } from './objects.ts';
import { isArray, isDict, isName, isRef } from './objects.ts';
import { readTextString } from './text.ts';

/** A terminal form field (ISO 32000-2 §12.7.4). */
export interface PdfField {
  /** Absent when the field is a direct object, which §12.7.3 forbids. */
  readonly ref: PdfRef | undefined;
  readonly dict: PdfDict;
  /** Fully qualified name: partial names joined by periods. */
  readonly name: string;
  /** `Sig`, `Tx`, `Btn`, `Ch`, or undefined. Inherited. */
  readonly type: string | undefined;
  /** Raw /V, inherited; null when there is none. */
  readonly value: PdfObject;
  readonly widgets: readonly PdfWidget[];
}

export interface PdfWidget {
  readonly ref: PdfRef | undefined;
  readonly dict: PdfDict;
}

export interface AcroForm {
  /** Reference by which the catalog holds the form; undefined when it is direct. */
  readonly ref: PdfRef | undefined;
  readonly dict: PdfDict;
}

export function acroFormOf(view: PdfRevision): AcroForm | undefined {
  const value = view.catalog.entries.get('AcroForm');
  const dict = view.resolve(value);
  if (dict === null) return undefined;
  if (!isDict(dict)) throw broken('/AcroForm is not a dictionary');
  return { ref: isRef(value) ? value : undefined, dict };
}

interface Branch {
  readonly value: PdfObject;
  readonly parentName: string;
  readonly type: string | undefined;
  readonly inheritedValue: PdfObject;
  readonly depth: number;
}

/** All terminal fields in order, lazily, each once even where the tree loops. @throws PDF_LIMIT */
export function* fieldsOf(view: PdfRevision): Generator<PdfField> {
  const form = acroFormOf(view);
  const roots = form === undefined ? null : view.get(form.dict, 'Fields');
  if (!isArray(roots)) return;
  const seen = new Set<number>();
  const branch = (value: PdfObject): Branch => ({ value, parentName: '', type: undefined, inheritedValue: null, depth: 0 });
  const stack = roots.map(branch).reverse();
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (isRef(node.value)) {
      if (seen.has(node.value.num)) continue;
      seen.add(node.value.num);
      if (seen.size > PDF_LIMITS.fields) throw limit(`more than ${PDF_LIMITS.fields} form fields`);
    }
    if (node.depth > PDF_LIMITS.depth) throw limit(`form fields nested deeper than ${PDF_LIMITS.depth}`);
    const visited = visit(view, node);
    if (visited?.field !== undefined) yield visited.field;
    for (const child of visited?.children ?? NO_KIDS) stack.push(child);
  }
}

function visit(view: PdfRevision, node: Branch): { readonly field?: PdfField; readonly children: readonly Branch[] } | undefined {
  const dict = view.resolve(node.value);
  if (!isDict(dict)) return undefined;
  const name = qualifiedName(node.parentName, readTextString(view.get(dict, 'T')));
  const ownType = view.get(dict, 'FT');
  const type = isName(ownType) ? ownType.text : node.type;
  const value = dict.entries.get('V') ?? node.inheritedValue;
  const kids = view.get(dict, 'Kids');
  const kidList = isArray(kids) ? kids : NO_KIDS;
  const kidDicts = kidList.map((kid) => view.resolve(kid));
  const hasFieldKids = kidDicts.some((kid) => isDict(kid) && kid.entries.has('T'));
  if (hasFieldKids) {
    const children = kidList.map((kid) => ({ value: kid, parentName: name, type, inheritedValue: value, depth: node.depth + 1 }));
    return { children: children.reverse() };
  }
  const ref = isRef(node.value) ? node.value : undefined;
  const widgets = kidList.flatMap((kid, i) => {
    const kidDict = kidDicts[i];
    return isDict(kidDict) ? [{ ref: isRef(kid) ? kid : undefined, dict: kidDict }] : [];
  });
  const merged = isName(view.get(dict, 'Subtype'), 'Widget') || dict.entries.has('Rect');
  return { field: { ref, dict, name, type, value, widgets: widgets.length === 0 && merged ? [{ ref, dict }] : widgets }, children: NO_KIDS };
}

const NO_KIDS: readonly never[] = [];

const qualifiedName = (parent: string, partial: string | undefined): string => (partial === undefined ? parent : parent === '' ? partial : `${parent}.${partial}`);

/** The signature dictionary of a field, when it is signed. */
export function signatureValue(view: PdfRevision, field: PdfField): PdfDict | undefined {
  const value = field.type === 'Sig' ? view.resolve(field.value) : null;
  return isDict(value) ? value : undefined;
}
