import { GatewayError } from '../../domain/errors.ts';
import type { ByteSource } from '../byte-source.ts';
import type { PdfRevision } from '../pdf/document.ts';
import { openPdf } from '../pdf/document.ts';
import type { PdfField, PdfWidget } from '../pdf/fields.ts';
import { fieldsOf, signatureValue } from '../pdf/fields.ts';
import type { BuiltIncrement } from '../pdf/increment.ts';
import { IncrementalUpdate } from '../pdf/increment.ts';
import { broken } from '../pdf/limits.ts';
import type { PdfRef } from '../pdf/objects.ts';
import { dict, isRef } from '../pdf/objects.ts';
import type { PdfPage, Rectangle } from '../pdf/pages.ts';
import { findPage, findPageOfWidget, pageAt, rectangleOf } from '../pdf/pages.ts';
import type { Appearance } from './appearance/appearance.ts';
import { drawAppearance } from './appearance/appearance.ts';
import { addForm } from './appearance/form-xobject.ts';
import { checkSound } from './check-sound.ts';
import type { DocMdpLevel, FieldLock, SignaturePermissions } from './permissions.ts';
import { certificationOf, isLocked, lockLevel, permissionsInForce, readFieldLock } from './permissions.ts';
import { addField, catalogRef, changeCatalog, fillField } from './place-field.ts';
import type { PadesSubFilter, SignatureDictionarySyntax } from './signature-dictionary.ts';
import { buildSignatureDictionary, byteRangeText } from './signature-dictionary.ts';

export interface PreparePadesOptions {
  readonly subFilter: PadesSubFilter;
  /** Capacity of /Contents in bytes; the CMS or token must fit. */
  readonly contentsBytes: number;
  /** 16 random bytes: the second half of the new revision's file identifier (ISO 32000-2 §14.4). */
  readonly revisionId: Uint8Array;
  /** An existing empty signature field, by its fully qualified name; without it a field is made. */
  readonly fieldName?: string;
  /** Name of the field to make; without it the first free `Signature<n>`, or `Timestamp<n>`. */
  readonly newFieldName?: string;
  /** Page of the field to make, from 1; default 1. */
  readonly page?: number;
  /** Where the field to make shows, in points from the lower-left corner of the page as shown; without it the field is invisible. */
  readonly rect?: Rectangle;
  /** What the field shows; needs `rect`, or a named field that has an area. */
  readonly appearance?: Appearance;
  /** /M, the time the signer claims; not used for document time-stamps. */
  readonly signingTime?: Date;
  /** Zone in which /M is written, minutes east of UTC; default 0. */
  readonly utcOffsetMinutes?: number;
  readonly name?: string;
  readonly reason?: string;
  readonly location?: string;
  readonly contactInfo?: string;
  /** Certify instead of approve: what may happen afterwards (ISO 32000-2 §12.8.2.2). */
  readonly certify?: DocMdpLevel;
  /** Freeze fields with this signature (ISO 32000-2 §12.8.2.4). */
  readonly lock?: FieldLock;
  /** Read the document from front to back too and refuse it where that differs from its cross-reference; costs a pass over its syntax. */
  readonly compareReadings?: boolean;
  /** Empty signature fields that later signers will fill, placed now so that filling them is no surprise. */
  readonly emptyFields?: readonly { readonly name: string; readonly page: number; readonly rect: Rectangle }[];
}

/** An increment complete but for the CMS. Plain data: it can be stored between the two steps of a signature. */
export interface PreparedPdf {
  /** Bytes to append; /Contents holds zeros. */
  readonly increment: Uint8Array;
  /** Size of the document before: where the increment begins. */
  readonly incrementOffset: number;
  readonly byteRange: readonly [0, number, number, number];
  /** Position of the `<` of /Contents within `increment`. */
  readonly contentsAt: number;
  /** Capacity of /Contents in bytes. */
  readonly contentsBytes: number;
  readonly fieldName: string;
}

/**
 * Builds the incremental update of a PAdES signature or document time-stamp, all but the CMS. Does not look at certificates
 * and does not decide whether earlier signatures are valid; refuses what would break them.
 * @throws DOCUMENT_EMPTY, PDF_NOT_PDF, PDF_BROKEN, PDF_ENCRYPTED, PDF_LIMIT, PDF_CHANGE_FORBIDDEN, PDF_FIELD_NOT_FOUND, PDF_FIELD_SIGNED, PDF_PAGE_NOT_FOUND, APPEARANCE_INVALID
 * @see ETSI EN 319 142-1 §5.3, ISO 32000-2 §12.8.1
 */
export async function preparePades(source: ByteSource, options: PreparePadesOptions): Promise<PreparedPdf> {
  const document = openPdf(source);
  checkSound(document, options.compareReadings === true);
  const { latest } = document;
  const fields = readSignatureFields(latest);
  const existing = options.fieldName === undefined ? undefined : emptyField(latest, fields, options.fieldName);
  const fieldName = existing?.name ?? newName(fields, options.newFieldName, options.subFilter === 'ETSI.RFC3161' ? 'Timestamp' : 'Signature');
  checkPermitted(latest, fields, options, fieldName);
  const update = new IncrementalUpdate(document);
  const place = existing === undefined ? { page: findPage(latest, options.page ?? 1), rect: options.rect } : widgetPlace(latest, existing, options);
  const appearance = await drawn(update, options.appearance, place);
  const signature = update.allocate();
  const dictionary = signatureDictionary(update, options, lockOf(latest, existing) ?? {});
  update.putSyntax(signature, dictionary.pieces);
  if (existing?.ref !== undefined) fillField(update, existing.ref, signature, appearance === undefined || !('widget' in place) ? undefined : { widget: place.widget, appearance });
  else if (place.page !== undefined) addField(update, { name: fieldName, page: place.page, rect: place.rect, value: signature, appearance });
  for (const empty of options.emptyFields ?? []) addEmptyField(update, latest, fields, empty);
  if (options.certify !== undefined) changeCatalog(update, { Perms: dict({ DocMDP: signature }) });
  return finish(update.build(options.revisionId), signature, dictionary, options.contentsBytes, fieldName);
}

interface SignatureFields {
  readonly names: ReadonlySet<string>;
  readonly empty: readonly PdfField[];
  readonly signed: readonly PdfField[];
}

function readSignatureFields(view: PdfRevision): SignatureFields {
  const names = new Set<string>();
  const empty: PdfField[] = [];
  const signed: PdfField[] = [];
  for (const field of fieldsOf(view)) {
    names.add(field.name);
    if (field.type === 'Sig') (signatureValue(view, field) === undefined ? empty : signed).push(field);
  }
  return { names, empty, signed };
}

function emptyField(view: PdfRevision, fields: SignatureFields, name: string): PdfField & { readonly ref: PdfRef } {
  if (fields.signed.some((field) => field.name === name)) throw new GatewayError('PDF_FIELD_SIGNED', 'The signature field is already signed; name an empty one');
  const found = fields.empty.find((field) => field.name === name);
  if (found?.ref === undefined) throw new GatewayError('PDF_FIELD_NOT_FOUND', 'The document has no empty signature field of that name');
  if (view.entry(found.ref.num).type === 'free') throw broken('the signature field is not in the cross-reference table');
  return { ...found, ref: found.ref };
}

function newName(fields: SignatureFields, wanted: string | undefined, stem = 'Signature'): string {
  const taken = (name: string): boolean => [...fields.names].some((other) => other === name || other.startsWith(`${name}.`));
  if (wanted !== undefined) {
    if (wanted === '' || wanted.includes('.')) throw new GatewayError('APPEARANCE_INVALID', 'The name of a new signature field must not be empty or hold a period');
    if (taken(wanted)) throw new GatewayError('PDF_FIELD_SIGNED', 'The document already has a field of the name given for the new one');
    return wanted;
  }
  for (let n = 1; ; n++) if (!taken(`${stem}${n}`)) return `${stem}${n}`;
}

/** Nothing is added that an earlier signature forbids: DocMDP, FieldMDP, and new visible widgets over certified content. */
function checkPermitted(view: PdfRevision, fields: SignatureFields, options: PreparePadesOptions, fieldName: string): void {
  const forbid = (detail: string): never => {
    throw new GatewayError('PDF_CHANGE_FORBIDDEN', `An earlier signature forbids this one: ${detail}`);
  };
  const addsVisible = (options.fieldName === undefined && options.rect !== undefined) || (options.emptyFields ?? []).length > 0;
  // ISO 32000-2 §12.8.2.2: an invisible document time-stamp is no change in the sense of DocMDP.
  if (options.subFilter === 'ETSI.RFC3161' && options.fieldName === undefined && !addsVisible) return;
  const certification = certificationOf(view);
  if (certification !== undefined && certification.level === null) forbid('its certification names no permission that this software knows');
  if (options.certify !== undefined && (certification !== undefined || fields.signed.length > 0)) forbid('only the first signature of a document can certify it');
  for (const field of fields.signed) {
    const signature = signatureValue(view, field);
    const { docMdp, locks, unclear } = signature === undefined ? NOTHING_SAID : permissionsInForce(view, signature, field.dict);
    if (unclear) forbid('it names permissions that cannot be read');
    if (docMdp === 1) forbid('no changes are allowed after it (DocMDP 1)');
    if (docMdp !== null && addsVisible) forbid('the document is certified and has no field for a new visible signature; sign an existing field, or invisibly');
    if (locks.some((lock) => isLocked(lock, fieldName))) forbid('it locks the field');
  }
}

const NOTHING_SAID: SignaturePermissions = { docMdp: null, locks: [], unclear: false };

interface WidgetPlace {
  readonly page: PdfPage | undefined;
  readonly rect: Rectangle | undefined;
  readonly widget: PdfWidget;
}

function widgetPlace(view: PdfRevision, field: PdfField & { readonly ref: PdfRef }, options: PreparePadesOptions): WidgetPlace | { readonly page: undefined; readonly rect: undefined } {
  const widget = field.widgets[0];
  if (options.appearance === undefined || widget === undefined) return { page: undefined, rect: undefined };
  const pageRef = widget.dict.entries.get('P');
  const page = isRef(pageRef) ? pageAt(view, pageRef) : findPageOfWidget(view, widget.ref ?? field.ref);
  const rect = rectangleOf(view, widget.dict.entries.get('Rect'));
  return { page, rect: rect !== undefined && page !== undefined ? turned(rect, page) : rect, widget };
}

/** Only the size matters to the drawing: as shown, so sides change places on a page turned by a quarter. */
const turned = (rect: Rectangle, page: PdfPage): Rectangle => (page.rotation % 180 === 0 ? rect : { ...rect, width: rect.height, height: rect.width });

async function drawn(update: IncrementalUpdate, appearance: Appearance | undefined, place: { readonly page: PdfPage | undefined; readonly rect: Rectangle | undefined }): Promise<PdfRef | undefined> {
  if (appearance === undefined) return undefined;
  const { rect, page } = place;
  if (rect === undefined || !(rect.width > 0 && rect.height > 0)) {
    throw new GatewayError('APPEARANCE_INVALID', 'A visible signature needs a rectangle, or a field that has an area');
  }
  return addForm(update, await drawAppearance(appearance, rect), rect, page?.rotation ?? 0);
}

/** A lock dictionary on the field tells what its signature must freeze (ISO 32000-2 §12.7.5.5). */
function lockOf(view: PdfRevision, field: PdfField | undefined): { readonly lock?: FieldLock; readonly certify?: DocMdpLevel } | undefined {
  const lockDict = field === undefined ? undefined : view.dict(field.dict.entries.get('Lock'));
  if (lockDict === undefined) return undefined;
  const lock = readFieldLock(view, lockDict);
  if (lock === undefined) throw broken('the lock dictionary of the signature field is malformed');
  const level = lockLevel(view, lockDict);
  return level === undefined ? { lock } : { lock, certify: level };
}

function signatureDictionary(update: IncrementalUpdate, options: PreparePadesOptions, fromField: { readonly lock?: FieldLock; readonly certify?: DocMdpLevel }): SignatureDictionarySyntax {
  const { subFilter, contentsBytes, utcOffsetMinutes = 0, signingTime, name, reason, location, contactInfo, certify, lock } = options;
  return buildSignatureDictionary({
    subFilter,
    contentsBytes,
    utcOffsetMinutes,
    catalog: catalogRef(update),
    ...(signingTime && { signingTime }),
    ...(name !== undefined && { name }),
    ...(reason !== undefined && { reason }),
    ...(location !== undefined && { location }),
    ...(contactInfo !== undefined && { contactInfo }),
    ...fromField,
    ...(certify && { certify }),
    ...(lock && { lock }),
  });
}

function addEmptyField(update: IncrementalUpdate, view: PdfRevision, fields: SignatureFields, empty: { readonly name: string; readonly page: number; readonly rect: Rectangle }): void {
  addField(update, { name: newName(fields, empty.name), page: findPage(view, empty.page), rect: empty.rect, value: undefined, appearance: undefined });
}

function finish(built: BuiltIncrement, signature: PdfRef, dictionary: SignatureDictionarySyntax, contentsBytes: number, fieldName: string): PreparedPdf {
  const objectAt = (built.offsets.get(signature.num) ?? 0) - built.startOffset;
  const bodyAt = objectAt + `${signature.num} ${signature.gen} obj\n`.length;
  const contentsAt = bodyAt + dictionary.contentsAt;
  const holeStart = built.startOffset + contentsAt;
  const holeEnd = holeStart + contentsBytes * 2 + 2;
  const byteRange = [0, holeStart, holeEnd, built.startOffset + built.bytes.length - holeEnd] as const;
  built.bytes.write(byteRangeText(byteRange), bodyAt + dictionary.byteRangeAt, 'latin1');
  return { increment: built.bytes, incrementOffset: built.startOffset, byteRange, contentsAt, contentsBytes, fieldName };
}
