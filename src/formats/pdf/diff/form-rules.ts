import type { PdfRevision } from '../document.ts';
import { differingKey, sameObject } from '../equality.ts';
import { PDF_LIMITS, limit } from '../limits.ts';
import type { PdfDict, PdfObject, PdfRef } from '../objects.ts';
import { dict, isArray, isDict, isInteger, isName, isRef, isString } from '../objects.ts';
import { readTextString } from '../text.ts';
import type { Catalogs } from './catalog-rules.ts';
import type { Place, Step } from './step.ts';

/** Entries of the form dictionary that filling it may touch. */
const CHANGEABLE = new Set(['Fields', 'DR', 'DA', 'Q', 'NeedAppearances', 'SigFlags']);

/** A field as it is in one state of the document. */
export interface FieldState {
  readonly ref: PdfRef;
  readonly dict: PdfDict;
  readonly type: string;
  /** Where the form tree refers to it. */
  readonly place: Place;
}

/** A field by its full name, in both states. */
export interface FieldPair {
  readonly name: string;
  readonly before: FieldState | undefined;
  readonly after: FieldState | undefined;
}

/** The form dictionary and the shape of the field tree; the fields themselves have rules of their own. */
export function checkForm(step: Step, catalogs: Catalogs): FieldPair[] {
  const raw = catalogs.after.entries.get('AcroForm');
  const old = step.enter(catalogs.place, catalogs.before, 'AcroForm');
  const after = step.after.resolve(raw);
  if (after === null) return [];
  if (!isDict(after)) {
    step.forbid('the form is not a dictionary');
    return [];
  }
  const before = isDict(old.value) ? old.value : dict({});
  checkEntries(step, catalogs, before, after, old.place);
  const oldFields = step.enter(old.place, before, 'Fields');
  approveMoved(step, before.entries.get('Fields'), after.entries.get('Fields'), 'the list of fields');
  step.enter(old.place, before, 'DR');
  checkResources(step, before, after);
  const was = listForm(step.before, oldFields);
  const newForm = placeOf(catalogs.place, catalogs.after, 'AcroForm');
  const now = listForm(step.after, { place: placeOf(newForm, after, 'Fields'), value: step.after.get(after, 'Fields') });
  // What was wrong already is no change; fields that cannot be listed are cleared by no rule.
  for (const fault of now.faults) if (!was.faults.includes(fault)) step.forbid(`the form was changed against its rules: ${fault}`);
  return pair(was.fields, now.fields);
}

function checkEntries(step: Step, catalogs: Catalogs, before: PdfDict, after: PdfDict, place: Place): void {
  const raw = catalogs.after.entries.get('AcroForm');
  const key = differingKey(before, after, CHANGEABLE);
  if (key !== undefined) step.forbid(`/${key} of the form was changed`);
  const flags = (form: PdfDict, view: PdfRevision): number => {
    const value = view.get(form, 'SigFlags');
    return isInteger(value) ? value : 0;
  };
  const had = flags(before, step.before);
  if ((flags(after, step.after) & had) !== had) step.forbid('the form no longer says that it is signed');
  approveMoved(step, catalogs.before.entries.get('AcroForm'), raw, 'the form');
  // The order of calculation names fields too (ISO 32000-2 table 224).
  const order = step.enter(place, before, 'CO');
  if (isArray(order.value)) for (const item of order.value) if (isRef(item)) step.expect(item.num, { holder: order.place.holder, path: `${order.place.path}/*` });
}

/** Approves a value that stays where it was, or moves to a new object. */
function approveMoved(step: Step, was: PdfObject | undefined, now: PdfObject | undefined, what: string): void {
  if (isRef(now) && !(isRef(was) && was.num === now.num) && !step.isNew(now.num)) step.forbid(`${what} took the place of object ${now.num}`);
  else step.approve(now);
}

function checkResources(step: Step, before: PdfDict, after: PdfDict): void {
  const was = before.entries.get('DR');
  const now = after.entries.get('DR');
  if (sameObject(was, now) && !step.isRewritten(now)) return;
  approveMoved(step, was, now, 'the resources of the form');
  const grew = onlyGrew(step.before.resolve(was), step.after.resolve(now));
  step.add({ level: 'form', detail: grew ? 'fonts or other resources were added to the form' : 'the resources of the form were changed', suspicious: !grew });
}

/** Whether every resource that was there still is the same one. */
function onlyGrew(was: PdfObject, now: PdfObject, depth = 0): boolean {
  if (was === null || sameObject(was, now)) return true;
  if (!isDict(was) || !isDict(now) || depth > 2) return false;
  return [...was.entries].every(([key, value]) => onlyGrew(value, now.entries.get(key) ?? null, depth + 1));
}

interface Listing {
  readonly fields: Map<string, FieldState>;
  readonly faults: string[];
}

interface FieldContext {
  readonly place: Place;
  readonly parentName: string;
  readonly inheritedType: string | undefined;
  readonly depth: number;
  /** Numbers of the fields met so far. */
  readonly seen: Set<number>;
}

/** Where the value of a key sits: behind a reference it is a place of its own. */
function placeOf(holder: Place, dict: PdfDict, key: string): Place {
  const raw = dict.entries.get(key);
  return isRef(raw) ? { holder: raw.num, path: '' } : { holder: holder.holder, path: `${holder.path}/${key}` };
}

/** By view: the state after one revision is the state before the next. */
const listings = new WeakMap<PdfRevision, Listing>();

function listForm(view: PdfRevision, list: { readonly place: Place; readonly value: PdfObject }): Listing {
  const known = listings.get(view) ?? listFields(view, list.value, { place: list.place, parentName: '', inheritedType: undefined, depth: 0, seen: new Set() });
  listings.set(view, known);
  return known;
}

/** Fields by full name. Kids without a name are widgets and belong to their field. */
function listFields(view: PdfRevision, list: PdfObject, context: FieldContext): Listing {
  const found: Listing = { fields: new Map(), faults: [] };
  if (!isArray(list)) return { ...found, faults: ['a list of fields is not an array'] };
  if (context.depth > PDF_LIMITS.depth) return { ...found, faults: ['the fields are nested too deeply'] };
  for (const item of list) {
    const value = view.resolve(item);
    if (!isRef(item) || !isDict(value)) found.faults.push('a field is not a dictionary of its own');
    else if (context.seen.has(item.num)) found.faults.push('a field stands in the form twice');
    else addField(view, item, value, context, found);
  }
  return found;
}

function addField(view: PdfRevision, ref: PdfRef, value: PdfDict, context: FieldContext, found: Listing): void {
  const { place, parentName, inheritedType, seen } = context;
  seen.add(ref.num);
  if (seen.size > PDF_LIMITS.fields) throw limit(`more than ${PDF_LIMITS.fields} form fields`);
  const rawName = view.get(value, 'T');
  if (rawName === null) return;
  const partial = readTextString(rawName);
  if (!isString(rawName) || partial === undefined || partial.includes('.')) {
    found.faults.push('the name of a field is malformed');
    return;
  }
  const name = parentName === '' ? partial : `${parentName}.${partial}`;
  if (found.fields.has(name)) {
    found.faults.push('two fields have the same name');
    return;
  }
  const ownType = view.get(value, 'FT');
  const type = isName(ownType) ? ownType.text : inheritedType;
  const kids = view.get(value, 'Kids');
  if (type === undefined && kids === null) {
    found.faults.push('a field has no type');
    return;
  }
  found.fields.set(name, { ref, dict: value, type: type ?? '', place: { holder: place.holder, path: `${place.path}/*` } });
  if (kids === null) return;
  const rawKids = value.entries.get('Kids');
  const kidsPlace = isRef(rawKids) ? { holder: rawKids.num, path: '' } : { holder: ref.num, path: '/Kids' };
  const below = listFields(view, kids, { place: kidsPlace, parentName: name, inheritedType: type, depth: context.depth + 1, seen });
  for (const [key, state] of below.fields) found.fields.set(key, state);
  found.faults.push(...below.faults);
}

function pair(before: ReadonlyMap<string, FieldState>, after: ReadonlyMap<string, FieldState>): FieldPair[] {
  return [...new Set([...before.keys(), ...after.keys()])].map((name) => ({ name, before: before.get(name), after: after.get(name) }));
}
