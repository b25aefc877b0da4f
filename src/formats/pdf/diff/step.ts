import type { PdfRevision } from '../document.ts';
import { sameObject } from '../equality.ts';
import type { PdfDict, PdfObject } from '../objects.ts';
import { isArray, isDict, isName, isRef, isStream } from '../objects.ts';
import type { Reference } from '../references.ts';
import { TRAILER, referencesOf } from '../references.ts';
import type { XrefEntry } from '../xref.ts';
import { sameEntry } from '../xref.ts';
import type { Change } from './change.ts';

/** Where a value sits: in an object, below some keys. */
export interface Place {
  readonly holder: number;
  readonly path: string;
}

/**
 * One revision compared with the one before. Every object that existed (or was referred to) before and is written anew must be
 * cleared: a rule says what became of it, and every place that referred to it before is one that the rule looked at. Otherwise an
 * object with a harmless use could be changed for the sake of another use.
 */
export class Step {
  readonly before: PdfRevision;
  readonly after: PdfRevision;
  readonly changes: Change[] = [];
  readonly rewritten: ReadonlySet<number>;
  readonly #references: () => ReadonlyMap<number, readonly Reference[]>;
  readonly #expected = new Map<number, Set<string>>();
  readonly #formNodes = new Set<number>();
  readonly #approved = new Set<number>();
  readonly #catalogNums: ReadonlySet<number>;

  constructor(before: PdfRevision, after: PdfRevision) {
    this.before = before;
    this.after = after;
    let references: ReadonlyMap<number, readonly Reference[]> | undefined;
    this.#references = () => (references ??= referencesOf(before));
    const { overwritten, added, freed } = writtenNumbers(before, after);
    this.rewritten = new Set([...overwritten, ...this.#definedLater(added)]);
    for (const num of freed) this.forbid(`object ${num} was deleted`);
    const root = before.trailer.entries.get('Root');
    this.#catalogNums = new Set(isRef(root) ? [root.num] : []);
  }

  add(change: Change): void {
    this.changes.push(change);
  }

  forbid(detail: string): void {
    this.add({ level: 'other', detail });
  }

  /** Forbidden to signatures over a revision that had the validation data. */
  forbidLoss(detail: string): void {
    this.add({ level: 'other', detail, losesValidationData: true });
  }

  /** Numbers that were new, but that something already referred to: defining them changes what that something shows. */
  #definedLater(added: readonly number[]): number[] {
    return added.length === 0 ? [] : added.filter((num) => this.#references().has(num));
  }

  /** The value of a key in the state before, and where it sits; a reference leads to a place of its own, which is expected there. */
  enter(place: Place, dict: PdfDict | undefined, key: string): { readonly place: Place; readonly value: PdfObject } {
    const raw = dict?.entries.get(key);
    const path = `${place.path}/${key}`;
    if (!isRef(raw)) return { place: { holder: place.holder, path }, value: raw ?? null };
    this.expect(raw.num, { holder: place.holder, path });
    return { place: { holder: raw.num, path: '' }, value: this.before.resolve(raw) };
  }

  /** A place from which a rule expects an object to be referred to. */
  expect(num: number, place: Place): void {
    const known = this.#expected.get(num) ?? new Set();
    this.#expected.set(num, known.add(`${place.holder}${place.path}`));
  }

  /** A field or widget: also referred to by its page, its kids and the structure tree. */
  expectFormNode(num: number): void {
    this.#formNodes.add(num);
  }

  /** A rule has looked at the new value of an object, or of what a raw value refers to. */
  approve(value: PdfObject | undefined): void {
    if (isRef(value)) this.#approved.add(value.num);
  }

  isRewritten(value: PdfObject | undefined): boolean {
    return isRef(value) && this.rewritten.has(value.num);
  }

  /** Whether the object did not exist before, nor did anything refer to it. */
  isNew(num: number): boolean {
    return this.before.entry(num).type === 'free' && !this.rewritten.has(num);
  }

  /** Whether something no rule expects refers to the object, or to what leads to it. */
  isUsedElsewhere(num: number): boolean {
    return this.#uncleared(num, new Set()) !== undefined;
  }

  /** Turns what no rule has cleared into changes. */
  finish(): void {
    for (const num of this.rewritten) {
      const old = this.before.loadNumber(num);
      if (this.before.entry(num).type !== 'free' && !isObjectStream(old) && sameObject(old, this.after.loadNumber(num))) continue;
      const uncleared = this.#uncleared(num, new Set());
      if (this.#approved.has(num) && uncleared === undefined) continue;
      this.forbid(describe(this.before, num, old, uncleared ?? this.#references().get(num)?.[0]));
    }
  }

  /** A reference to the object that no rule expects, or undefined. */
  #uncleared(num: number, visiting: Set<number>): Reference | undefined {
    if (visiting.has(num)) return undefined;
    visiting.add(num);
    return (this.#references().get(num) ?? []).find((reference) => !this.#isExpected(num, reference, visiting));
  }

  #isExpected(num: number, reference: Reference, visiting: Set<number>): boolean {
    const { holder, path } = reference;
    if (this.#catalogNums.has(num)) return true;
    if (this.#formNodes.has(num)) {
      if (reference.structural || this.#isAnnotationPlace(holder, path)) return true;
      if (path === '/Parent' && this.#formNodes.has(holder)) return true;
    }
    if (this.#isPage(num)) return true;
    const isKnown = this.#expected.get(num)?.has(`${holder}${path}`) === true;
    return isKnown && this.#isKnownHolder(holder, visiting);
  }

  #isKnownHolder(holder: number, visiting: Set<number>): boolean {
    if (holder === TRAILER || this.#catalogNums.has(holder) || this.#isPage(holder)) return true;
    return this.#uncleared(holder, visiting) === undefined;
  }

  /** `/Annots` of a page, direct or as an array of its own that nothing else uses. */
  #isAnnotationPlace(holder: number, path: string): boolean {
    if (this.#isPage(holder)) return path === '/Annots/*';
    const usages = this.#references().get(holder) ?? [];
    return path === '/*' && usages.every((usage) => usage.path === '/Annots' && this.#isPage(usage.holder));
  }

  #isPage(num: number): boolean {
    const value = this.before.loadNumber(num);
    return isDict(value) && isName(this.before.get(value, 'Type'), 'Page');
  }
}

const isObjectStream = (value: PdfObject): boolean => isStream(value) && isName(value.dict.entries.get('Type'), 'ObjStm');

function describe(view: PdfRevision, num: number, old: PdfObject, reference: Reference | undefined): string {
  const what = isObjectStream(old) ? `object stream ${num}` : `object ${num}`;
  if (view.entry(num).type === 'free') return `${what}, which was referred to and did not exist, was added`;
  if (reference === undefined) return `${what} was replaced`;
  const holder = reference.holder === TRAILER ? 'the trailer' : `object ${reference.holder}`;
  return `${what}, used as ${reference.path.replaceAll('/*', '')} of ${holder}, was replaced`;
}

interface WrittenNumbers {
  readonly overwritten: readonly number[];
  readonly added: readonly number[];
  readonly freed: readonly number[];
}

const generationOf = (entry: XrefEntry): number => (entry.type === 'offset' ? entry.gen : 0);

/** What the revision's own sections say anew; entries that repeat the old place say nothing. */
function writtenNumbers(before: PdfRevision, after: PdfRevision): WrittenNumbers {
  const overwritten = new Set<number>();
  const added = new Set<number>();
  const freed = new Set<number>();
  for (const section of after.document.revisions[after.index]?.sections ?? []) {
    for (const part of section.hybrid === undefined ? [section] : [section, section.hybrid]) {
      for (const { first, count } of part.runs) {
        for (let num = first; num < first + count; num++) {
          const old = before.entry(num);
          const now = after.entry(num);
          if (sameEntry(old, now)) continue;
          // References carry a generation: under another one they lead nowhere.
          if (now.type === 'free' || (old.type !== 'free' && generationOf(old) !== generationOf(now))) freed.add(num);
          else if (old.type === 'free') added.add(num);
          else overwritten.add(num);
        }
      }
    }
  }
  return { overwritten: [...overwritten], added: [...added], freed: [...freed] };
}

/** References of an array, or undefined when it is none or holds something else. */
export function refsOf(value: PdfObject): number[] | undefined {
  if (!isArray(value)) return undefined;
  const nums = value.flatMap((item) => (isRef(item) ? [item.num] : []));
  return nums.length === value.length ? nums : undefined;
}
