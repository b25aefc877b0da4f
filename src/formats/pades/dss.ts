import { isGatewayError } from '../../domain/errors.ts';
import type { PdfRevision } from '../pdf/document.ts';
import { isArray, isStream } from '../pdf/objects.ts';

/** Validation data that a PDF carries for its signatures; nothing of it is trusted by lying there. DER each. */
export interface DocumentSecurityStore {
  readonly certificatesDer: readonly Uint8Array[];
  readonly crlsDer: readonly Uint8Array[];
  readonly ocspsDer: readonly Uint8Array[];
}

const EMPTY: DocumentSecurityStore = { certificatesDer: [], crlsDer: [], ocspsDer: [] };
const MAX_VALUES = 1_000;

/**
 * The document security store of a revision; /VRI is left aside, since it only repeats what these lists hold. What cannot be
 * read is left out, at most 1,000 values of each kind are read.
 * @see ETSI EN 319 142-1 §5.4.2, ISO 32000-2 §12.8.4.3
 */
export function readDss(view: PdfRevision): DocumentSecurityStore {
  const dss = view.dict(view.catalog.entries.get('DSS'));
  if (dss === undefined) return EMPTY;
  const list = (key: string): Uint8Array[] => {
    const values = view.get(dss, key);
    return isArray(values) ? values.slice(0, MAX_VALUES).flatMap((value) => streamBytes(view, value)) : [];
  };
  return { certificatesDer: list('Certs'), crlsDer: list('CRLs'), ocspsDer: list('OCSPs') };
}

function streamBytes(view: PdfRevision, value: Parameters<PdfRevision['resolve']>[0]): Uint8Array[] {
  try {
    const stream = view.resolve(value);
    return isStream(stream) ? [view.decode(stream)] : [];
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return [];
    throw error;
  }
}
