import { GatewayError } from '../../domain/errors.ts';
import { broken } from '../pdf/limits.ts';
import type { AcroForm, PdfWidget } from '../pdf/fields.ts';
import { acroFormOf } from '../pdf/fields.ts';
import type { IncrementalUpdate } from '../pdf/increment.ts';
import type { PdfDict, PdfObject, PdfRef } from '../pdf/objects.ts';
import { dict, isArray, isDict, isInteger, isRef, name, ref, withEntries } from '../pdf/objects.ts';
import type { PdfPage, Rectangle } from '../pdf/pages.ts';
import { corners, shownSize, toUserSpace } from '../pdf/pages.ts';
import { textString } from '../pdf/text.ts';

/** Print and Locked (ISO 32000-2 §12.5.3 table 167). */
const WIDGET_FLAGS = 132;
/** SignaturesExist and AppendOnly (ISO 32000-2 §12.7.3 table 225). */
const SIGNATURES_EXIST_APPEND_ONLY = 3;

export interface NewField {
  readonly name: string;
  readonly page: PdfPage;
  /** As shown to a reader of the page; undefined is an invisible field. */
  readonly rect: Rectangle | undefined;
  /** Indirect reference to the signature dictionary; undefined leaves the field empty. */
  readonly value: PdfRef | undefined;
  readonly appearance: PdfRef | undefined;
}

/**
 * Adds a signature field merged with its only widget to the form and the page, rewriting as few objects as possible.
 * @throws APPEARANCE_INVALID when the rectangle does not lie on the page
 * @see ISO 32000-2 §12.7.5.5, §12.5.6.19
 */
export function addField(update: IncrementalUpdate, field: NewField): PdfRef {
  const rect = field.rect === undefined ? undefined : toUserSpace(field.page, checkedRect(field.page, field.rect));
  const { rotation } = field.page;
  const added = update.add(
    dict({
      Type: name('Annot'),
      Subtype: name('Widget'),
      FT: name('Sig'),
      T: textString(field.name),
      F: WIDGET_FLAGS,
      P: ref(field.page.ref.num, field.page.ref.gen),
      Rect: rect === undefined ? [0, 0, 0, 0] : corners(rect),
      V: field.value,
      AP: field.appearance === undefined ? undefined : dict({ N: field.appearance }),
      MK: rotation === 0 || rect === undefined ? undefined : dict({ R: rotation }),
    }),
  );
  appendToForm(update, added, field.value !== undefined);
  appendToArray(update, field.page.ref, 'Annots', added);
  return added;
}

function checkedRect(page: PdfPage, rect: Rectangle): Rectangle {
  const shown = shownSize(page);
  const slack = 0.5;
  const inside = rect.x >= -slack && rect.y >= -slack && rect.x + rect.width <= shown.width + slack && rect.y + rect.height <= shown.height + slack;
  if (!(rect.width > 0 && rect.height > 0 && inside)) {
    throw new GatewayError('APPEARANCE_INVALID', `The rectangle does not lie on the page, which shows ${shown.width} × ${shown.height} points`);
  }
  return rect;
}

/** Puts the signature's value, and where there is one its appearance, into an existing empty field. */
export function fillField(update: IncrementalUpdate, fieldRef: PdfRef, value: PdfRef, shown: { readonly widget: PdfWidget; readonly appearance: PdfRef } | undefined): void {
  const field = update.current(fieldRef);
  if (!isDict(field)) throw broken('the signature field is not a dictionary');
  update.put(fieldRef, withEntries(field, { V: value }));
  if (shown !== undefined) {
    const target = shown.widget.ref ?? fieldRef;
    const widget = update.current(target);
    if (!isDict(widget)) throw broken('the widget of the signature field is not a dictionary');
    update.put(target, withEntries(widget, { AP: dict({ N: shown.appearance }) }));
  }
  markSigned(update);
}

/** Reference to the catalog. @throws PDF_BROKEN when /Root is no reference */
export function catalogRef(update: IncrementalUpdate): PdfRef {
  const root = update.document.latest.trailer.entries.get('Root');
  if (!isRef(root)) throw broken('/Root is not a reference');
  return root;
}

/** Changes entries of the catalog on top of what this update has already changed. */
export function changeCatalog(update: IncrementalUpdate, changes: Readonly<Record<string, PdfObject | undefined>>): void {
  const root = catalogRef(update);
  const catalog = update.current(root);
  if (!isDict(catalog)) throw broken('/Root is not a dictionary');
  update.put(root, withEntries(catalog, changes));
}

function currentForm(update: IncrementalUpdate): AcroForm | undefined {
  const catalog = update.current(catalogRef(update));
  const value = isDict(catalog) ? catalog.entries.get('AcroForm') : undefined;
  const form = update.current(value);
  if (isDict(form)) return { ref: isRef(value) ? value : undefined, dict: form };
  return acroFormOf(update.document.latest);
}

function changeForm(update: IncrementalUpdate, changed: PdfDict, form: AcroForm): void {
  if (form.ref === undefined) changeCatalog(update, { AcroForm: changed });
  else update.put(form.ref, changed);
}

function appendToForm(update: IncrementalUpdate, field: PdfRef, signed: boolean): void {
  const form = currentForm(update);
  if (form === undefined) {
    changeCatalog(update, { AcroForm: update.add(dict({ Fields: [field], SigFlags: signed ? SIGNATURES_EXIST_APPEND_ONLY : undefined })) });
    return;
  }
  const fields = form.dict.entries.get('Fields');
  if (isRef(fields) && isArray(update.current(fields))) update.put(fields, [...arrayOf(update.current(fields)), field]);
  else changeForm(update, withEntries(form.dict, { Fields: [...arrayOf(fields), field] }), form);
  if (signed) markSigned(update);
}

function markSigned(update: IncrementalUpdate): void {
  const form = currentForm(update);
  if (form === undefined) throw broken('a signature field without /AcroForm');
  const current = update.current(form.dict.entries.get('SigFlags'));
  const flags = isInteger(current) ? current : 0;
  if ((flags & SIGNATURES_EXIST_APPEND_ONLY) === SIGNATURES_EXIST_APPEND_ONLY) return;
  changeForm(update, withEntries(form.dict, { SigFlags: flags | SIGNATURES_EXIST_APPEND_ONLY }), form);
}

/** Appends to an array entry of an indirect dictionary: the array's own object when it has one, else the dictionary. */
function appendToArray(update: IncrementalUpdate, holder: PdfRef, key: string, item: PdfObject): void {
  const held = update.current(holder);
  if (!isDict(held)) throw broken(`the holder of /${key} is not a dictionary`);
  const value = held.entries.get(key);
  if (isRef(value) && isArray(update.current(value))) update.put(value, [...arrayOf(update.current(value)), item]);
  else update.put(holder, withEntries(held, { [key]: [...arrayOf(value), item] }));
}

const arrayOf = (value: PdfObject | undefined): readonly PdfObject[] => (isArray(value) ? value : []);
