import { isGatewayError } from '../../domain/errors.ts';
import type { PdfRevision } from './document.ts';
import type { PdfField } from './fields.ts';
import { fieldsOf } from './fields.ts';
import type { PdfDict, PdfObject } from './objects.ts';
import { isArray, isName, isRef, isStream } from './objects.ts';
import type { Rectangle } from './pages.ts';
import { leaves, rectangleOf } from './pages.ts';
import { liesUnder, operatorsOf, paintedPlaces, sharedArea } from './painted-places.ts';

/** A form field that is opaque and lies over something: whoever may fill the form may take it away. */
export interface Overlay {
  readonly fieldName: string;
  /** `text of page object 3`, `the form field “X”`. */
  readonly covers: string;
}

const MAX_FOUND = 20;

/**
 * Form fields that hide text of their page or other fields: what shadow attacks of the kinds "hide" and "replace" prepare, since filling
 * a form is allowed after most signatures. Pictures under fields are left out: scanned forms are made so. @throws PDF_BROKEN, PDF_LIMIT
 * @see Mainka et al., "Shadow Attacks", NDSS 2021, §IV-A, §IV-B
 */
export function overlays(view: PdfRevision): readonly Overlay[] {
  const fields = fieldsByWidget(view);
  if (![...fields.values()].some(({ type }) => type !== 'Sig')) return [];
  const found: Overlay[] = [];
  for (const { ref, dict } of leaves(view)) {
    const widgets = widgetsOn(view, dict, fields);
    const covering = widgets.filter(({ field, dict: widget }) => field.type !== 'Sig' && isOpaque(view, widget));
    if (covering.length === 0) continue;
    found.push(...coveredFields(widgets, covering), ...coveredText(view, ref.num, dict, covering));
    if (found.length >= MAX_FOUND) break;
  }
  return found.slice(0, MAX_FOUND);
}

interface Widget {
  readonly field: PdfField;
  readonly dict: PdfDict;
  readonly rect: Rectangle;
}

function fieldsByWidget(view: PdfRevision): ReadonlyMap<number, PdfField> {
  const found = new Map<number, PdfField>();
  for (const field of fieldsOf(view)) for (const { ref } of field.widgets) if (ref !== undefined) found.set(ref.num, field);
  return found;
}

/** In the order in which they are painted. */
function widgetsOn(view: PdfRevision, page: PdfDict, fields: ReadonlyMap<number, PdfField>): Widget[] {
  const annots = view.get(page, 'Annots');
  if (!isArray(annots)) return [];
  return annots.flatMap((item) => {
    const field = isRef(item) ? fields.get(item.num) : undefined;
    const dict = view.dict(item);
    const rect = dict === undefined ? undefined : rectangleOf(view, dict.entries.get('Rect'));
    return field === undefined || dict === undefined || rect === undefined ? [] : [{ field, dict, rect }];
  });
}

function coveredFields(widgets: readonly Widget[], covering: readonly Widget[]): Overlay[] {
  return covering.flatMap((cover) => {
    const below = widgets.slice(0, widgets.indexOf(cover)).find(({ field, rect }) => field !== cover.field && sharedArea(rect, cover.rect) > (rect.width * rect.height) / 2);
    return below === undefined ? [] : [{ fieldName: cover.field.name, covers: `the form field “${below.field.name}”` }];
  });
}

function coveredText(view: PdfRevision, num: number, page: PdfDict, covering: readonly Widget[]): Overlay[] {
  const texts = paintedPlaces(view, page).filter(({ kind }) => kind === 'text');
  return covering.filter(({ rect }) => texts.some((text) => liesUnder(text, rect))).map(({ field }) => ({ fieldName: field.name, covers: `text of page object ${num}` }));
}

/** Filling, shading and painting objects: after these nothing below need be seen. */
const COVERING_OPERATORS = ['f', 'F', 'f*', 'B', 'B*', 'b', 'b*', 'sh', 'Do', 'BI'];

function isOpaque(view: PdfRevision, widget: PdfDict): boolean {
  const look = view.dict(widget.entries.get('MK'));
  const background = look === undefined ? null : view.get(look, 'BG');
  if (isArray(background) && background.length > 0) return true;
  return shownStreams(view, widget).some((stream) => coversWith(view, stream));
}

/** The normal appearance, or each of its states. */
function shownStreams(view: PdfRevision, widget: PdfDict): PdfObject[] {
  const normal = view.resolve(view.dict(widget.entries.get('AP'))?.entries.get('N'));
  if (isStream(normal)) return [normal];
  const states = view.dict(normal);
  return states === undefined ? [] : [...states.entries.values()].slice(0, MAX_FOUND).map((state) => view.resolve(state));
}

function coversWith(view: PdfRevision, stream: PdfObject): boolean {
  if (!isStream(stream) || !isName(view.get(stream.dict, 'Subtype'), 'Form')) return false;
  try {
    const operators = operatorsOf(view.decode(stream));
    return COVERING_OPERATORS.some((operator) => operators.has(operator));
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return false;
    throw error;
  }
}
