import type { PdfDict, PdfObject } from './objects.ts';
import { isArray, isDict, isName, isRef, isStream, isString } from './objects.ts';

/** Whether two values are written alike: references by number, strings by bytes, streams by dictionary and encoded bytes. */
export function sameObject(a: PdfObject | undefined, b: PdfObject | undefined): boolean {
  if (a === b) return true;
  if (isRef(a)) return isRef(b) && a.num === b.num && a.gen === b.gen;
  if (isName(a)) return isName(b, a.text);
  if (isString(a)) return isString(b) && Buffer.from(a.bytes).equals(b.bytes);
  if (isArray(a)) return isArray(b) && a.length === b.length && a.every((item, i) => sameObject(item, b[i]));
  if (isStream(a)) return isStream(b) && differingKey(a.dict, b.dict) === undefined && Buffer.from(a.raw()).equals(b.raw());
  if (isDict(a)) return isDict(b) && differingKey(a, b) === undefined;
  return false;
}

/** The first key, other than those ignored, that one dictionary lacks or has with another value. */
export function differingKey(a: PdfDict, b: PdfDict, ignored: ReadonlySet<string> = new Set()): string | undefined {
  for (const key of new Set([...a.entries.keys(), ...b.entries.keys()])) {
    if (!ignored.has(key) && !sameObject(a.entries.get(key), b.entries.get(key))) return key;
  }
  return undefined;
}
