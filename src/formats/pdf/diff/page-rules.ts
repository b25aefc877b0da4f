import type { PdfRevision } from '../document.ts';
import { differingKey } from '../equality.ts';
import type { PdfDict, PdfObject } from '../objects.ts';
import { isDict, isName, isRef } from '../objects.ts';
import { leaves, rectangleOf } from '../pages.ts';
import { liesUnder, paintedPlaces, sharedArea } from '../painted-places.ts';
import type { Step } from './step.ts';
import { refsOf } from './step.ts';

const ONLY_ANNOTATIONS = new Set(['Annots']);

/**
 * Pages may get the widgets of new signature fields and nothing else; other annotations are told apart, because a certification
 * of level 3 allows them. The page tree itself may not change: no rule clears its nodes.
 * @param newWidgets object numbers of the widgets of new signature fields, with the fields' names
 */
export function checkPages(step: Step, newWidgets: ReadonlyMap<number, string>): void {
  if (step.rewritten.size === 0) return;
  for (const { ref, dict } of leaves(step.before)) {
    const raw = dict.entries.get('Annots');
    if (!step.rewritten.has(ref.num) && !step.isRewritten(raw)) continue;
    const after = step.after.resolve(ref);
    if (!isDict(after)) step.forbid(`page object ${ref.num} is no longer a page`);
    else checkPage(step, ref.num, dict, after, newWidgets);
  }
}

function checkPage(step: Step, num: number, before: PdfDict, after: PdfDict, newWidgets: ReadonlyMap<number, string>): void {
  const key = differingKey(before, after, ONLY_ANNOTATIONS);
  if (key !== undefined) return step.forbid(`/${key} of page object ${num} was changed`);
  step.enter({ holder: num, path: '' }, before, 'Annots');
  const was = annotationsOf(step.before.get(before, 'Annots'));
  const now = annotationsOf(step.after.get(after, 'Annots'));
  if (was === undefined || now === undefined) return step.forbid(`the annotations of page object ${num} are not a list of objects`);
  const lost = was.filter((annotation) => !now.includes(annotation));
  const gained = now.filter((annotation) => !was.includes(annotation));
  const widgetsOnly = gained.every((annotation) => newWidgets.has(annotation));
  if (lost.length > 0) checkLost(step, num, lost);
  if (!widgetsOnly) checkGained(step, num, gained.filter((annotation) => !newWidgets.has(annotation)));
  if (!keepsOrder(was, now)) return step.forbid(`the annotations of page object ${num} were put in another order`);
  approvePage(step, num, before, after);
  if (widgetsOnly && gained.length > 0) {
    const names = [...new Set(gained.map((annotation) => newWidgets.get(annotation) ?? ''))];
    step.add({ level: 'validation-data', detail: `page object ${num} got the widget of ${names.map((name) => `“${name}”`).join(', ')}`, allowedWhenLocked: true });
  }
}

const annotationsOf = (value: PdfObject): number[] | undefined => (value === null ? [] : refsOf(value));

/** Old annotations keep their order among themselves, since it decides what lies on top. */
function keepsOrder(was: readonly number[], now: readonly number[]): boolean {
  const kept = now.filter((annotation) => was.includes(annotation));
  const expected = was.filter((annotation) => now.includes(annotation));
  return kept.length === expected.length && kept.every((annotation, i) => annotation === expected[i]);
}

function approvePage(step: Step, num: number, before: PdfDict, after: PdfDict): void {
  const raw = after.entries.get('Annots');
  const was = before.entries.get('Annots');
  step.approve({ kind: 'ref', num, gen: 0 });
  if (isRef(raw) && !(isRef(was) && was.num === raw.num) && !step.isNew(raw.num)) step.forbid(`the annotations of page object ${num} took the place of object ${raw.num}`);
  else step.approve(raw);
}

function checkLost(step: Step, page: number, lost: readonly number[]): void {
  for (const annotation of lost) {
    const value = step.before.loadNumber(annotation);
    if (isWidget(value)) step.forbid(`a form field was taken off page object ${page}`);
    else step.add({ level: 'annotation', detail: `an annotation was removed from page object ${page}` });
  }
}

function checkGained(step: Step, page: number, gained: readonly number[]): void {
  for (const annotation of gained) {
    const value = step.after.loadNumber(annotation);
    const isPlainAnnotation = isDict(value) && isName(value.entries.get('Subtype')) && !isWidget(value) && step.isNew(annotation);
    if (isPlainAnnotation) {
      const covers = coversContent(step.before, page, value);
      step.add({ level: 'annotation', detail: `an annotation (${subtypeOf(value)}) was added to page object ${page}${covers ? ' and covers what it shows' : ''}`, suspicious: covers });
    }
    if (!isPlainAnnotation) step.forbid(`an annotation that belongs to no new signature was added to page object ${page}`);
  }
}

/** These show nothing of their own on the page. */
const SHOW_NOTHING = ['Link', 'Popup'];

/** Whether an annotation lies over text or pictures of a page (evil annotations of Rohlmann et al., S&P 2021). */
function coversContent(view: PdfRevision, page: number, annotation: PdfDict): boolean {
  const rect = rectangleOf(view, annotation.entries.get('Rect'));
  const dict = view.loadNumber(page);
  if (rect === undefined || !isDict(dict) || SHOW_NOTHING.some((subtype) => isName(annotation.entries.get('Subtype'), subtype))) return false;
  return paintedPlaces(view, dict).some((place) => liesUnder(place, rect) || (place.kind === 'image' && sharedArea(place.rect, rect) > 0));
}

const isWidget = (value: PdfObject): boolean => isDict(value) && (isName(value.entries.get('Subtype'), 'Widget') || value.entries.has('FT'));

/** Only the names of the standard are repeated. */
function subtypeOf(value: PdfDict): string {
  const subtype = value.entries.get('Subtype');
  return isName(subtype) && /^[A-Za-z0-9]{1,20}$/.test(subtype.text) ? subtype.text : 'unknown';
}
