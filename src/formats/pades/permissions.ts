import type { PdfRevision } from '../pdf/document.ts';
import type { PdfDict, PdfObject } from '../pdf/objects.ts';
import { isArray, isInteger, isName } from '../pdf/objects.ts';
import { readTextString } from '../pdf/text.ts';

/** What a certification allows after it (ISO 32000-2 §12.8.2.2): 1 nothing, 2 forms and signatures, 3 annotations as well. */
export type DocMdpLevel = 1 | 2 | 3;

/** Fields that a signature or a lock dictionary freezes (ISO 32000-2 §12.8.2.4, §12.7.5.5). */
export interface FieldLock {
  readonly action: 'All' | 'Include' | 'Exclude';
  readonly fields: readonly string[];
}

export interface SignaturePermissions {
  readonly docMdp: DocMdpLevel | null;
  readonly locks: readonly FieldLock[];
  /** A transform that could not be understood: whoever decides must not read it as permission. */
  readonly unclear: boolean;
}

/** Reads the /Reference array of a signature dictionary; decides nothing about changes. @see ISO 32000-2 §12.8.2 */
export function readPermissions(view: PdfRevision, signature: PdfDict): SignaturePermissions {
  const references = view.get(signature, 'Reference');
  if (references === null) return { docMdp: null, locks: [], unclear: false };
  if (!isArray(references)) return { docMdp: null, locks: [], unclear: true };
  let docMdp: DocMdpLevel | null = null;
  let unclear = false;
  const locks: FieldLock[] = [];
  for (const reference of references.map((item) => view.dict(item))) {
    const method = reference === undefined ? null : view.get(reference, 'TransformMethod');
    const params = reference === undefined ? undefined : view.dict(reference.entries.get('TransformParams'));
    if (isName(method, 'DocMDP')) {
      const level = docMdpLevel(params === undefined ? null : view.get(params, 'P'));
      if (level === undefined) unclear = true;
      else docMdp = level;
    } else if (isName(method, 'FieldMDP')) {
      const lock = params === undefined ? undefined : readFieldLock(view, params);
      if (lock === undefined) unclear = true;
      else locks.push(lock);
    } else unclear = true;
  }
  return { docMdp, locks, unclear };
}

function docMdpLevel(value: PdfObject): DocMdpLevel | undefined {
  if (value === null) return 2;
  return value === 1 || value === 2 || value === 3 ? value : undefined;
}

/** /Action and /Fields, as both FieldMDP parameters and lock dictionaries have them; undefined when malformed. */
export function readFieldLock(view: PdfRevision, params: PdfDict): FieldLock | undefined {
  const action = view.get(params, 'Action');
  if (isName(action, 'All')) return { action: 'All', fields: [] };
  const list = view.get(params, 'Fields');
  if (!isArray(list) || !(isName(action, 'Include') || isName(action, 'Exclude'))) return undefined;
  const fields = list.map((item) => readTextString(view.resolve(item)));
  if (fields.some((field) => field === undefined)) return undefined;
  return { action: action.text === 'Include' ? 'Include' : 'Exclude', fields: fields.filter((field) => field !== undefined) };
}

/** Whether a lock freezes a field; naming a field names all below it. */
export function isLocked({ action, fields }: FieldLock, fieldName: string): boolean {
  if (action === 'All') return true;
  const named = fields.some((field) => fieldName === field || fieldName.startsWith(`${field}.`));
  return action === 'Include' ? named : !named;
}

/** Like `readPermissions`; where the signature names no level, the one of its field's lock dictionary counts (table 236). */
export function permissionsInForce(view: PdfRevision, signature: PdfDict, field: PdfDict | undefined): SignaturePermissions {
  const own = readPermissions(view, signature);
  const lock = field === undefined ? undefined : view.dict(field.entries.get('Lock'));
  return { ...own, docMdp: own.docMdp ?? (lock === undefined ? null : (lockLevel(view, lock) ?? null)) };
}

/** The certification's level, by the catalog's /Perms /DocMDP entry. */
export function certificationOf(view: PdfRevision): { readonly level: DocMdpLevel | null; readonly signature: PdfDict } | undefined {
  const perms = view.dict(view.catalog.entries.get('Perms'));
  const signature = perms === undefined ? undefined : view.dict(perms.entries.get('DocMDP'));
  return signature === undefined ? undefined : { level: readPermissions(view, signature).docMdp, signature };
}

/** /P of a lock dictionary (PDF 2.0): the certification level that the signature to be made must bring. */
export function lockLevel(view: PdfRevision, lock: PdfDict): DocMdpLevel | undefined {
  const value = view.get(lock, 'P');
  return isInteger(value) ? docMdpLevel(value) : undefined;
}

