/**
 * PDF objects as values (ISO 32000-2 §7.3). Null, booleans and numbers are JavaScript's own, arrays are arrays;
 * the rest carry `kind`. Names and dictionary keys are Latin-1 text of their bytes after `#xx` is undone.
 */

export interface PdfName {
  readonly kind: 'name';
  readonly text: string;
}

export interface PdfString {
  readonly kind: 'string';
  readonly bytes: Uint8Array;
  readonly hex: boolean;
  /** Offset of the opening `(` or `<` in the document; -1 when the string was not read from the document's own bytes. */
  readonly start: number;
  /** Offset after the closing delimiter, or -1. */
  readonly end: number;
}

export interface PdfRef {
  readonly kind: 'ref';
  readonly num: number;
  readonly gen: number;
}

export interface PdfDict {
  readonly kind: 'dict';
  readonly entries: ReadonlyMap<string, PdfObject>;
  /** Keys that stood more than once; the last value is the one in `entries`. */
  readonly duplicates: readonly string[];
}

export interface PdfStream {
  readonly kind: 'stream';
  readonly dict: PdfDict;
  /** Encoded bytes. @throws PDF_BROKEN when /Length does not lead to `endstream`. */
  readonly raw: () => Uint8Array;
}

export type PdfArray = readonly PdfObject[];
export type PdfObject = null | boolean | number | PdfName | PdfString | PdfRef | PdfArray | PdfDict | PdfStream;

export const name = (text: string): PdfName => ({ kind: 'name', text });
export const ref = (num: number, gen = 0): PdfRef => ({ kind: 'ref', num, gen });
export const string = (bytes: Uint8Array, hex = false): PdfString => ({ kind: 'string', bytes, hex, start: -1, end: -1 });

/** A dictionary of the given entries; `undefined` values are left out. */
export function dict(entries: Readonly<Record<string, PdfObject | undefined>>): PdfDict {
  const map = new Map<string, PdfObject>();
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) map.set(key, value);
  return { kind: 'dict', entries: map, duplicates: [] };
}

/** `base` with entries replaced or added; `undefined` removes. The order of the untouched entries is kept. */
export function withEntries(base: PdfDict, changes: Readonly<Record<string, PdfObject | undefined>>): PdfDict {
  const map = new Map(base.entries);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }
  return { kind: 'dict', entries: map, duplicates: base.duplicates };
}

export function stream(streamDict: PdfDict, bytes: Uint8Array): PdfStream {
  return { kind: 'stream', dict: withEntries(streamDict, { Length: bytes.length }), raw: () => bytes };
}

type Maybe = PdfObject | undefined;
const kindOf = (value: Maybe): string | undefined => (value !== null && typeof value === 'object' && 'kind' in value ? value.kind : undefined);

export const isArray = (value: Maybe): value is PdfArray => Array.isArray(value);
export const isName = (value: Maybe, text?: string): value is PdfName => kindOf(value) === 'name' && (text === undefined || (value as PdfName).text === text);
export const isString = (value: Maybe): value is PdfString => kindOf(value) === 'string';
export const isRef = (value: Maybe): value is PdfRef => kindOf(value) === 'ref';
export const isDict = (value: Maybe): value is PdfDict => kindOf(value) === 'dict';
export const isStream = (value: Maybe): value is PdfStream => kindOf(value) === 'stream';
export const isInteger = (value: Maybe): value is number => typeof value === 'number' && Number.isSafeInteger(value);

/** The dictionary itself, or that of a stream. */
export function dictOf(value: Maybe): PdfDict | undefined {
  if (isDict(value)) return value;
  return isStream(value) ? value.dict : undefined;
}
