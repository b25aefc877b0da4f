import { sameObject } from '../equality.ts';
import type { PdfDict, PdfObject } from '../objects.ts';
import { isArray, isDict, isRef, isStream } from '../objects.ts';
import type { Catalogs } from './catalog-rules.ts';
import type { Place, Step } from './step.ts';

const DSS_ARRAYS = ['Certs', 'CRLs', 'OCSPs'];
const VRI_ARRAYS = ['Cert', 'CRL', 'OCSP'];
const DSS_KEYS = new Set(['Type', 'VRI', ...DSS_ARRAYS]);
const AGAINST_RULES = 'the document security store was changed against its rules';
const VRI_KEYS = new Set(['Type', 'TU', 'TS', ...VRI_ARRAYS]);

/**
 * The document security store may be added and grow (ISO 32000-2 §12.8.4.3, EN 319 142-1 §5.4.2): only the keys of the standard,
 * only arrays of streams, and what a VRI entry said stays said. Single values may go when they have become irrelevant.
 */
export function checkDss(step: Step, catalogs: Catalogs): void {
  const raw = catalogs.after.entries.get('DSS');
  const old = step.enter(catalogs.place, catalogs.before, 'DSS');
  if (raw === undefined) return;
  const dss = step.after.resolve(raw);
  if (!isDict(dss)) return step.forbid('/DSS is not a dictionary');
  const before = isDict(old.value) ? old.value : undefined;
  const fault = faultOf(step, dss, DSS_KEYS, DSS_ARRAYS) ?? vriFault(step, old.place, before, dss);
  if (fault !== undefined) return step.forbid(`${AGAINST_RULES}: ${fault}`);
  const reused = reusedNumber(step, catalogs.before.entries.get('DSS'), raw);
  if (reused !== undefined) return step.forbid(`the document security store took the place of object ${reused}`);
  step.approve(raw);
  for (const key of DSS_ARRAYS) {
    step.enter(old.place, before, key);
    const number = reusedNumber(step, before?.entries.get(key), dss.entries.get(key));
    if (number !== undefined) step.forbid(`/${key} of the document security store took the place of object ${number}`);
    step.approve(dss.entries.get(key));
  }
  if (!sameObject(catalogs.before.entries.get('DSS'), raw) || changedBelow(step, raw, dss)) {
    step.add({ level: 'validation-data', detail: 'validation data (DSS) was added', allowedWhenLocked: true });
  }
}

const changedBelow = (step: Step, raw: PdfObject, dss: PdfDict): boolean => step.isRewritten(raw) || [...dss.entries.values()].some((value) => step.isRewritten(value));

/** The number of an object that existed for something else and is now named here; undefined when all is well. */
function reusedNumber(step: Step, was: PdfObject | undefined, now: PdfObject | undefined): number | undefined {
  if (!isRef(now) || (isRef(was) && was.num === now.num)) return undefined;
  return step.isNew(now.num) ? undefined : now.num;
}

function faultOf(step: Step, dict: PdfDict, keys: ReadonlySet<string>, arrays: readonly string[]): string | undefined {
  const unknown = [...dict.entries.keys()].find((key) => !keys.has(key));
  if (unknown !== undefined) return 'it has an entry that the standard does not know';
  const wrong = arrays.find((key) => dict.entries.has(key) && !isStreamArray(step, dict.entries.get(key)));
  return wrong === undefined ? undefined : `/${wrong} is not an array of streams`;
}

function isStreamArray(step: Step, value: PdfObject | undefined): boolean {
  const array = step.after.resolve(value);
  return isArray(array) && array.every((item) => isRef(item) && isStream(step.after.resolve(item)));
}

function vriFault(step: Step, place: Place, before: PdfDict | undefined, dss: PdfDict): string | undefined {
  const old = step.enter(place, before, 'VRI');
  const raw = dss.entries.get('VRI');
  if (raw === undefined) {
    if (old.value !== null) step.forbidLoss(`${AGAINST_RULES}: /VRI was removed`);
    return undefined;
  }
  const vri = step.after.resolve(raw);
  if (!isDict(vri)) return '/VRI is not a dictionary';
  if (reusedNumber(step, before?.entries.get('VRI'), raw) !== undefined) return '/VRI took the place of another object';
  step.approve(raw);
  const kept = isDict(old.value) ? old.value.entries : new Map<string, PdfObject>();
  if ([...kept].some(([key, value]) => !sameObject(value, vri.entries.get(key)))) step.forbidLoss(`${AGAINST_RULES}: a /VRI entry was changed or removed`);
  for (const [key, value] of vri.entries) {
    if (kept.has(key) && sameObject(kept.get(key), value)) continue;
    const fault = newEntryFault(step, key, value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function newEntryFault(step: Step, key: string, raw: PdfObject): string | undefined {
  // ISO 32000-2 table 262: the key is the SHA-1 of the signature's /Contents in upper-case hexadecimal.
  if (!/^[A-Z0-9]{40}$/.test(key)) return 'a /VRI key is not the digest of a signature';
  const entry = step.after.resolve(raw);
  return isDict(entry) ? faultOf(step, entry, VRI_KEYS, VRI_ARRAYS) : 'a /VRI entry is not a dictionary';
}
