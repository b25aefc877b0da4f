import type { PdfRevision } from '../document.ts';
import { differingKey, sameObject } from '../equality.ts';
import type { PdfDict, PdfObject } from '../objects.ts';
import { isArray, isDict, isInteger, isName, isRef } from '../objects.ts';
import { rectangleOf } from '../pages.ts';
import type { FieldPair, FieldState } from './form-rules.ts';
import type { Place, Step } from './step.ts';

/** What a reader may set on any field without changing what it is. */
const ALWAYS_CHANGEABLE = new Set(['Ff', 'Type']);
/** What filling a field touches: value (rich text and chosen items too), appearance and its state, flags and time of change of the widget, text defaults. */
const CHANGED_BY_FILLING = new Set([...ALWAYS_CHANGEABLE, 'V', 'RV', 'I', 'TI', 'AP', 'AS', 'F', 'M', 'DA', 'Q']);

/** Every field of both states; returns the object numbers of widgets that new signature fields brought. */
export function checkFields(step: Step, pairs: readonly FieldPair[]): Map<number, string> {
  const newWidgets = new Map<number, string>();
  for (const { before } of pairs) if (before !== undefined) expectField(step, before);
  for (const { name, before, after } of pairs) {
    if (after === undefined) step.forbid(`the field “${name}” was removed`);
    else if (before === undefined) for (const num of checkNewField(step, name, after)) newWidgets.set(num, name);
    else if (before.ref.num !== after.ref.num || before.type !== after.type) step.forbid(`the field “${name}” was exchanged`);
    else if (before.type === 'Sig') checkSignatureField(step, name, before, after);
    else checkOtherField(step, name, before, after);
  }
  return newWidgets;
}

function expectField(step: Step, before: FieldState): void {
  step.expect(before.ref.num, before.place);
  step.expectFormNode(before.ref.num);
  const own = { holder: before.ref.num, path: '' };
  const kids = step.enter(own, before.dict, 'Kids');
  if (!isArray(kids.value)) return;
  for (const kid of kids.value) {
    if (!isRef(kid)) continue;
    step.expect(kid.num, { holder: kids.place.holder, path: `${kids.place.path}/*` });
    step.expectFormNode(kid.num);
  }
}

/** Only signature fields may be added, and only at the root: the lists of kids of other fields must stay as they are. */
function checkNewField(step: Step, name: string, field: FieldState): number[] {
  if (field.type !== 'Sig') {
    step.forbid(`a form field “${name}” was added`);
    return [];
  }
  const visible = isVisible(step.after, field.dict);
  if (!step.isNew(field.ref.num)) step.forbid(`the new signature field “${name}” took the place of object ${field.ref.num}`);
  step.add({
    level: visible || field.dict.entries.has('AP') ? 'form' : 'validation-data',
    detail: `the ${visible ? 'visible' : 'invisible'} signature field “${name}” was added`,
    fieldName: name,
    allowedWhenLocked: !visible,
    forbiddenWhenCertified: visible,
    suspicious: visible,
  });
  if (field.dict.entries.has('V')) checkNewSignature(step, name, field.dict);
  const kids = step.after.get(field.dict, 'Kids');
  return isArray(kids) ? kids.flatMap((kid) => (isRef(kid) ? [kid.num] : [])) : [field.ref.num];
}

function checkSignatureField(step: Step, name: string, before: FieldState, after: FieldState): void {
  const wasSigned = before.dict.entries.has('V');
  const isSigned = after.dict.entries.has('V');
  if (!wasSigned && isSigned) {
    if (!checkEntries(step, name, before.dict, after.dict, CHANGED_BY_FILLING)) return;
    step.approve(after.ref);
    checkAppearance(step, name, before, after);
    checkNewSignature(step, name, after.dict);
    return;
  }
  if (differingKey(before.dict, after.dict) === undefined) return;
  if (!checkEntries(step, name, before.dict, after.dict, ALWAYS_CHANGEABLE)) return;
  step.approve(after.ref);
  step.add({ level: 'validation-data', detail: `flags of the signature field “${name}” were changed`, fieldName: name, allowedWhenLocked: true });
}

/** The value of a field that is signed now: an object of its own that did not exist before, so that no old signature is shown anew. */
function checkNewSignature(step: Step, name: string, field: PdfDict): void {
  const value = field.entries.get('V');
  const signature = step.after.resolve(value);
  if (!isRef(value) || !isDict(signature)) return step.forbid(`the value of the signature field “${name}” is not a dictionary of its own`);
  if (!step.isNew(value.num)) return step.forbid(`the value of the signature field “${name}” is an object that existed before`);
  const isTimestamp = isName(step.after.get(signature, 'Type'), 'DocTimeStamp') && !isVisible(step.after, field);
  step.add({
    level: isTimestamp ? 'validation-data' : 'form',
    detail: isTimestamp ? `a document time-stamp was added (field “${name}”)` : `the field “${name}” was signed`,
    fieldName: name,
    allowedWhenLocked: isTimestamp,
  });
}

function checkOtherField(step: Step, name: string, before: FieldState, after: FieldState): void {
  checkWidgets(step, name, before, after);
  const same = differingKey(before.dict, after.dict) === undefined;
  if (same && !appearanceTouched(step, before.dict)) return;
  if (!checkEntries(step, name, before.dict, after.dict, CHANGED_BY_FILLING)) return;
  step.approve(after.ref);
  checkAppearance(step, name, before, after);
  const onlyFlags = differingKey(before.dict, after.dict, ALWAYS_CHANGEABLE) === undefined;
  const valueChanged = !sameObject(before.dict.entries.get('V'), after.dict.entries.get('V'));
  const lookChanged = !valueChanged && looksOther(step, before.dict, after.dict);
  const what = valueChanged ? `the value of the field “${name}” was changed` : lookChanged ? `the field “${name}” shows something else, and its value is the same` : `the field “${name}” was changed`;
  step.add({ level: 'form', detail: what, fieldName: name, allowedWhenLocked: onlyFlags && !same, suspicious: lookChanged });
}

/** Kids without a name are the widgets of the field, such as the buttons of a radio group: they follow its value. */
function checkWidgets(step: Step, name: string, before: FieldState, after: FieldState): void {
  const was = step.before.get(before.dict, 'Kids');
  const now = step.after.get(after.dict, 'Kids');
  if (!isArray(was) || !isArray(now)) return;
  for (const kid of was) {
    if (!isRef(kid)) continue;
    const oldWidget = step.before.resolve(kid);
    const newWidget = step.after.resolve(kid);
    if (!isDict(oldWidget) || !isDict(newWidget) || oldWidget.entries.has('T')) continue;
    if (differingKey(oldWidget, newWidget) === undefined && !appearanceTouched(step, oldWidget)) continue;
    if (!checkEntries(step, name, oldWidget, newWidget, CHANGED_BY_FILLING)) continue;
    step.approve(kid);
    checkAppearance(step, name, { ...before, ref: kid, dict: oldWidget }, { ...after, ref: kid, dict: newWidget });
    const suspicious = sameObject(before.dict.entries.get('V'), after.dict.entries.get('V')) && looksOther(step, oldWidget, newWidget);
    step.add({ level: 'form', detail: `the appearance of the field “${name}” was changed${suspicious ? ', and its value is the same' : ''}`, fieldName: name, suspicious });
  }
}

/** Whether only the given entries differ, /Type included; says so when not. */
function checkEntries(step: Step, name: string, before: PdfDict, after: PdfDict, changeable: ReadonlySet<string>): boolean {
  const key = differingKey(before, after, changeable);
  if (key !== undefined) step.forbid(`/${key} of the field “${name}” was changed`);
  const oldType = before.entries.get('Type');
  const newType = after.entries.get('Type');
  const typeKept = oldType === undefined ? newType === undefined || isName(newType, 'Annot') : sameObject(oldType, newType);
  if (!typeKept) step.forbid(`/Type of the field “${name}” was changed`);
  return key === undefined && typeKept;
}

const APPEARANCES = ['N', 'R', 'D'] as const;

function appearanceTouched(step: Step, field: PdfDict): boolean {
  const raw = field.entries.get('AP');
  const appearance = step.before.resolve(raw);
  return step.isRewritten(raw) || (isDict(appearance) && APPEARANCES.some((key) => step.isRewritten(appearance.entries.get(key))));
}

/**
 * An appearance may get new streams, and its own streams may be written anew where nothing else uses them: that is what filling a
 * field looks like. A field with states chooses among its streams and has no reason to rewrite them.
 */
function checkAppearance(step: Step, name: string, before: FieldState, after: FieldState): void {
  const own: Place = { holder: before.ref.num, path: '' };
  const rawOld = before.dict.entries.get('AP');
  const rawNew = after.dict.entries.get('AP');
  const old = step.enter(own, before.dict, 'AP');
  if (rawNew === undefined) {
    if (rawOld !== undefined) step.forbid(`the appearance of the field “${name}” was removed`);
    return;
  }
  if (sameObject(rawOld, rawNew) && !appearanceTouched(step, before.dict)) return;
  const now = step.after.resolve(rawNew);
  if (!isDict(now)) return step.forbid(`the appearance of the field “${name}” is not a dictionary`);
  step.approve(rawNew);
  if (isRef(rawOld) && step.isUsedElsewhere(rawOld.num)) step.forbid(`the appearance of the field “${name}” was changed and serves another purpose too`);
  if (isRef(rawNew) && !(isRef(rawOld) && rawOld.num === rawNew.num) && !step.isNew(rawNew.num)) step.forbid(`the appearance of the field “${name}” took the place of object ${rawNew.num}`);
  const oldDict = isDict(old.value) ? old.value : undefined;
  for (const key of APPEARANCES) {
    const was = oldDict?.entries.get(key);
    step.enter(old.place, oldDict, key);
    if (isRef(was) && sameObject(was, now.entries.get(key)) && step.isRewritten(was) && !before.dict.entries.has('AS')) step.approve(was);
  }
  step.add({ level: 'form', detail: `the appearance of the field “${name}” was set`, fieldName: name });
}

/** Whether a widget is drawn anew, hidden or brought to light: with the value unchanged, filling is no reason for it (shadow attack "replace"). */
function looksOther(step: Step, before: PdfDict, after: PdfDict): boolean {
  return appearanceTouched(step, before) || !sameObject(before.entries.get('AP'), after.entries.get('AP')) || isHidden(step.before, before) !== isHidden(step.after, after);
}

/** Flags Invisible, Hidden or NoView of a widget (ISO 32000-2 §12.5.3 table 167). */
function isHidden(view: PdfRevision, widget: PdfDict): boolean {
  const flags = view.get(widget, 'F');
  return isInteger(flags) && (flags & 0b100011) !== 0;
}

/** Whether a field or one of its widgets has an area. */
function isVisible(view: PdfRevision, field: PdfDict): boolean {
  const kids = view.get(field, 'Kids');
  const widgets = isArray(kids) ? [field, ...kids.map((kid) => view.resolve(kid)).filter((kid): kid is PdfDict => isDict(kid))] : [field];
  return widgets.some((widget) => hasArea(view, widget.entries.get('Rect')));
}

function hasArea(view: PdfRevision, value: PdfObject | undefined): boolean {
  const rect = rectangleOf(view, value);
  return rect !== undefined && rect.width * rect.height > 0;
}
