import { PDF_LIMITS, broken } from '../limits.ts';
import { differingKey, sameObject } from '../equality.ts';
import type { PdfDict, PdfObject, PdfRef } from '../objects.ts';
import { isArray, isDict, isInteger, isRef, ref } from '../objects.ts';
import type { Catalogs } from './catalog-rules.ts';
import type { Place, Step } from './step.ts';

/** Entries through which the structure tree and its parent tree hang together (ISO 32000-2 §14.7.2, §14.7.5.4, §7.9.7). */
const LINKS = ['K', 'ParentTree', 'Kids', 'Nums'] as const;
const CHANGEABLE = new Set<string>([...LINKS, 'ParentTreeNextKey', 'Limits']);

/**
 * In a tagged document a new signature field gets its structure element: the tree may grow by it, and nothing that was in the tree
 * may change or go, since assistive software reads the text from there. Only where this revision brought new widgets.
 */
export function checkStructure(step: Step, { before, after, place }: Catalogs, newWidgets: ReadonlyMap<number, string>): void {
  const raw = before.entries.get('StructTreeRoot');
  const circle = circleOf(step, raw);
  if (circle.length > 0 && (newWidgets.size === 0 || circle.some((num) => step.isRewritten(ref(num))))) throw broken('an element of the structure tree lies within itself');
  if (newWidgets.size === 0 || !isRef(raw) || !sameObject(raw, after.entries.get('StructTreeRoot'))) return;
  const root = step.enter(place, before, 'StructTreeRoot');
  const nodes = structureNodes(step, raw, root.value);
  let grown = false;
  for (const node of nodes) {
    if (!step.isRewritten(node)) continue;
    if (!onlyGrew(step, step.before.resolve(node), step.after.resolve(node))) continue;
    step.approve(node);
    grown = true;
  }
  if (grown) step.add({ level: 'validation-data', detail: 'the structure tree got an element for the new signature field', allowedWhenLocked: true });
}

/**
 * The elements of a tree that goes in a circle, none of one that does not. It reads differently to every reader: what a revision did to such a
 * tree cannot be told, unless it brought a signature field and left every element alone.
 */
function circleOf(step: Step, root: PdfObject | undefined): readonly number[] {
  const above = new Set<number>();
  const done = new Set<number>();
  const stack: { readonly num: number; readonly kids: PdfRef[] }[] = [];
  let isCircle = false;
  const enter = (ref: PdfRef): void => {
    isCircle ||= above.has(ref.num);
    if (above.has(ref.num) || done.has(ref.num) || done.size + above.size >= PDF_LIMITS.reachableObjects) return;
    above.add(ref.num);
    stack.push({ num: ref.num, kids: kidsOf(step.before.resolve(ref)) });
  };
  if (isRef(root)) enter(root);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const kid = top.kids.pop();
    if (kid !== undefined) {
      enter(kid);
      continue;
    }
    stack.pop();
    above.delete(top.num);
    done.add(top.num);
  }
  return isCircle ? [...done] : [];
}

/** What stands in /K by reference: elements, or arrays of them. */
function kidsOf(value: PdfObject): PdfRef[] {
  const kids = isDict(value) ? value.entries.get('K') : value;
  if (isRef(kids)) return [kids];
  return isArray(kids) ? kids.filter((kid) => isRef(kid)) : [];
}

/** All objects that make up the tree, each expected where the tree refers to it. */
function structureNodes(step: Step, rootRef: PdfRef, root: PdfObject): PdfRef[] {
  const nodes: PdfRef[] = [rootRef];
  const seen = new Set<number>([rootRef.num]);
  const stack: { readonly place: Place; readonly value: PdfObject }[] = [{ place: { holder: rootRef.num, path: '' }, value: root }];
  const visit = (value: PdfObject, place: Place): void => {
    if (isRef(value)) {
      step.expect(value.num, place);
      if (seen.has(value.num) || seen.size >= PDF_LIMITS.reachableObjects) return;
      seen.add(value.num);
      nodes.push(value);
      stack.push({ place: { holder: value.num, path: '' }, value: step.before.resolve(value) });
    } else if (isArray(value)) for (const item of value) visit(item, { holder: place.holder, path: `${place.path}/*` });
    else if (isDict(value)) stack.push({ place, value });
  };
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { place, value } = next;
    if (isArray(value)) visit(value, place);
    if (isDict(value)) visitDict(step, value, place, visit);
  }
  return nodes;
}

function visitDict(step: Step, value: PdfDict, place: Place, visit: (value: PdfObject, place: Place) => void): void {
  for (const key of LINKS) {
    const below = value.entries.get(key);
    if (below !== undefined) visit(below, { holder: place.holder, path: `${place.path}/${key}` });
  }
  // An element names its parent; that is one more place which refers to a node, and none to go on from.
  const parent = value.entries.get('P');
  if (isRef(parent)) step.expect(parent.num, { holder: place.holder, path: `${place.path}/P` });
}

function onlyGrew(step: Step, was: PdfObject, now: PdfObject): boolean {
  if (isArray(was)) return isArray(now) && listGrew(step, was, now);
  if (!isDict(was) || !isDict(now) || differingKey(was, now, CHANGEABLE) !== undefined) return false;
  return LINKS.every((key) => linkGrew(step, was.entries.get(key), now.entries.get(key))) && keyGrew(was.entries.get('ParentTreeNextKey'), now.entries.get('ParentTreeNextKey'));
}

/** A single kid may become a list that begins with it. */
function linkGrew(step: Step, was: PdfObject | undefined, now: PdfObject | undefined): boolean {
  if (sameObject(was, now)) return true;
  if (was === undefined) return now !== undefined;
  if (now === undefined) return false;
  const list = (value: PdfObject, view: Step['before']): readonly PdfObject[] => {
    const resolved = isRef(value) ? view.resolve(value) : value;
    return isArray(resolved) ? resolved : [value];
  };
  return listGrew(step, list(was, step.before), list(now, step.after));
}

/** Everything old in its order; what is new between it is new in the document too, or a number. */
function listGrew(step: Step, was: readonly PdfObject[], now: readonly PdfObject[]): boolean {
  let kept = 0;
  for (const item of now) {
    if (kept < was.length && sameObject(was[kept], item)) kept++;
    else if (isRef(item) ? !step.isNew(item.num) : !isInteger(item) && !isDict(item) && !isArray(item)) return false;
  }
  return kept === was.length;
}

function keyGrew(was: PdfObject | undefined, now: PdfObject | undefined): boolean {
  return sameObject(was, now) || (isInteger(now) && (was === undefined || (isInteger(was) && now >= was)));
}
