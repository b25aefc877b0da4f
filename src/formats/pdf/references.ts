import type { PdfRevision } from './document.ts';
import { PDF_LIMITS, limit } from './limits.ts';
import type { PdfDict, PdfObject } from './objects.ts';
import { isArray, isDict, isName, isRef, isStream } from './objects.ts';

/** One place where an object is referred to. */
export interface Reference {
  /** Object that holds the reference; 0 is the trailer. */
  readonly holder: number;
  /** Keys down to it within the holder, array positions as `*`: `/Annots/*`. */
  readonly path: string;
  /** It is the /Obj of an object reference of the structure tree (ISO 32000-2 §14.7.5.3). */
  readonly structural: boolean;
}

export const TRAILER = 0;

interface Outgoing {
  readonly target: number;
  readonly path: string;
  readonly structural: boolean;
}

/** References leaving an object, kept by the object: revisions share what they did not change. */
const outgoingOf = new WeakMap<object, readonly Outgoing[]>();

/** By view: a revision is compared with the one after it, and looked through for what it hides. */
const known = new WeakMap<PdfRevision, ReadonlyMap<number, readonly Reference[]>>();

/**
 * Every place that refers to each object, over all that can be reached from the trailer; references to objects that do not
 * exist are in it too. @throws PDF_LIMIT, PDF_BROKEN
 */
export function referencesOf(view: PdfRevision): ReadonlyMap<number, readonly Reference[]> {
  const references = known.get(view) ?? collectReferences(view);
  known.set(view, references);
  return references;
}

function collectReferences(view: PdfRevision): ReadonlyMap<number, readonly Reference[]> {
  const references = new Map<number, Reference[]>();
  const stack: number[] = [];
  const note = (holder: number, outgoing: readonly Outgoing[]): void => {
    for (const { target, path, structural } of outgoing) {
      const known = references.get(target);
      if (known === undefined) {
        if (references.size >= PDF_LIMITS.reachableObjects) throw limit(`more than ${PDF_LIMITS.reachableObjects} objects`);
        references.set(target, [{ holder, path, structural }]);
        stack.push(target);
      } else known.push({ holder, path, structural });
    }
  };
  note(TRAILER, outgoing(trailerValues(view.trailer)));
  for (let num = stack.pop(); num !== undefined; num = stack.pop()) {
    const value = view.loadNumber(num);
    if (value !== null && typeof value === 'object') note(num, outgoing(value));
  }
  return references;
}

/** What a trailer says of the document, without what it says of its own section. */
function trailerValues(trailer: PdfDict): PdfDict {
  const own = new Set(['Prev', 'XRefStm', 'Size', 'Length', 'Filter', 'DecodeParms', 'W', 'Index', 'Type']);
  return { ...trailer, entries: new Map([...trailer.entries].filter(([key]) => !own.has(key))) };
}

function outgoing(value: PdfObject): readonly Outgoing[] {
  if (value === null || typeof value !== 'object') return [];
  const known = outgoingOf.get(value);
  if (known !== undefined) return known;
  const found: Outgoing[] = [];
  collect(value, '', false, found);
  outgoingOf.set(value, found);
  return found;
}

function collect(value: PdfObject, path: string, structural: boolean, found: Outgoing[]): void {
  if (isRef(value)) found.push({ target: value.num, path, structural });
  else if (isArray(value)) for (const item of value) collect(item, `${path}/*`, false, found);
  else if (isStream(value)) collect(value.dict, path, structural, found);
  else if (isDict(value)) {
    const isObjectReference = isName(value.entries.get('Type'), 'OBJR');
    for (const [key, item] of value.entries) collect(item, `${path}/${key}`, isObjectReference && key === 'Obj', found);
  }
}
