import { isGatewayError } from '../../domain/errors.ts';
import type { PdfRevision } from '../pdf/document.ts';
import { isArray, isDict, isRef, isStream, type PdfDict, type PdfObject } from '../pdf/objects.ts';

/** Validation data that a PDF carries for its signatures; nothing of it is trusted by lying there. DER each. */
export interface DocumentSecurityStore {
  readonly certificatesDer: readonly Uint8Array[];
  readonly crlsDer: readonly Uint8Array[];
  readonly ocspsDer: readonly Uint8Array[];
}

const EMPTY: DocumentSecurityStore = { certificatesDer: [], crlsDer: [], ocspsDer: [] };
const MAX_VALUES = 1_000;

/**
 * The document security store of a revision, with what its /VRI entries name besides, whichever signature they are for: they should only
 * repeat what the store's own lists hold, and not every writer keeps to that. What cannot be read is left out, at most 1,000 values
 * of each kind are read.
 * @see ETSI EN 319 142-1 §5.4.2, ISO 32000-2 §12.8.4.3
 */
export function readDss(view: PdfRevision): DocumentSecurityStore {
  const dss = view.dict(view.catalog.entries.get('DSS'));
  if (dss === undefined) return EMPTY;
  const entries = entriesOf(view, dss);
  const list = (key: string, entryKey: string): Uint8Array[] => {
    const named = [...valuesOf(view, dss, key), ...entries.flatMap((entry) => valuesOf(view, entry, entryKey))];
    return distinct(named).slice(0, MAX_VALUES).flatMap((value) => streamBytes(view, value));
  };
  return { certificatesDer: list('Certs', 'Cert'), crlsDer: list('CRLs', 'CRL'), ocspsDer: list('OCSPs', 'OCSP') };
}

/** ISO 32000-2 table 262, one for each signature. */
function entriesOf(view: PdfRevision, dss: PdfDict): PdfDict[] {
  const vri = orNull(() => view.get(dss, 'VRI'));
  if (!isDict(vri)) return [];
  return [...vri.entries.values()].slice(0, MAX_VALUES).flatMap((value) => {
    const entry = orNull(() => view.resolve(value));
    return isDict(entry) ? [entry] : [];
  });
}

function valuesOf(view: PdfRevision, from: PdfDict, key: string): readonly PdfObject[] {
  const values = orNull(() => view.get(from, key));
  return isArray(values) ? values.slice(0, MAX_VALUES) : [];
}

/** The lists and the entries name the same objects. */
function distinct(values: readonly PdfObject[]): PdfObject[] {
  const seen = new Set<number>();
  return values.filter((value) => {
    if (!isRef(value)) return true;
    if (seen.has(value.num)) return false;
    seen.add(value.num);
    return true;
  });
}

function streamBytes(view: PdfRevision, value: PdfObject): Uint8Array[] {
  const bytes = orNull(() => {
    const stream = view.resolve(value);
    return isStream(stream) ? view.decode(stream) : null;
  });
  return bytes === null ? [] : [bytes];
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return null;
    throw error;
  }
}
