import { isGatewayError } from '../../domain/errors.ts';
import type { PdfDocument, PdfRevision } from './document.ts';
import type { PdfObject } from './objects.ts';
import { dictOf, isName } from './objects.ts';
import { referencesOf } from './references.ts';
import type { ScannedObject, ScanResult } from './scan.ts';

/** An object that the file holds and that nothing shows. */
export interface DormantObject {
  readonly num: number;
  /** What it would be if something led to it: `Catalog`, `Pages`, `Page` or `annotation`. */
  readonly what: string;
}

const SHOWN_TYPES = new Set(['Catalog', 'Pages', 'Page']);
const MAX_FOUND = 20;

/**
 * Pages and what is above or on them, in use at a revision, that nothing leads to: what shadow attacks of the kind "hide and replace"
 * prepare. Loose forms, pictures and fonts are left out, since every replaced appearance leaves some. @throws PDF_BROKEN, PDF_LIMIT
 * @see Mainka et al., "Shadow Attacks: Hiding and Replacing Content in Signed PDFs", NDSS 2021, §IV-C
 */
export function dormantObjects(view: PdfRevision): readonly DormantObject[] {
  const reached = referencesOf(view);
  const found: DormantObject[] = [];
  for (const num of numbersInUse(view)) {
    if (reached.has(num)) continue;
    const what = shownAs(view, num);
    if (what !== undefined) found.push({ num, what });
    if (found.length === MAX_FOUND) break;
  }
  return found;
}

/** Objects in the file that no cross-reference section of any revision leads to. */
export function unlistedObjects({ latest }: PdfDocument, scan: ScanResult): readonly ScannedObject[] {
  const listed = new Set<number>();
  for (const section of latest.chain) {
    for (const part of section.hybrid === undefined ? [section] : [section, section.hybrid]) {
      for (const { first, count } of part.runs) {
        for (let num = first; num < first + count; num++) {
          const entry = part.lookup(num);
          if (entry?.type === 'offset') listed.add(entry.offset);
        }
      }
    }
  }
  return scan.objects.filter(({ offset }) => !listed.has(offset));
}

function* numbersInUse(view: PdfRevision): Generator<number> {
  const seen = new Set<number>();
  for (const section of view.chain) {
    for (const part of section.hybrid === undefined ? [section] : [section, section.hybrid]) {
      for (const { first, count } of part.runs) {
        for (let num = first; num < first + count; num++) {
          if (seen.has(num)) continue;
          seen.add(num);
          if (view.entry(num).type !== 'free') yield num;
        }
      }
    }
  }
}

/** What cannot be read cannot be shown either, whatever leads to it. */
function shownAs(view: PdfRevision, num: number): string | undefined {
  try {
    const dict = dictOf(view.loadNumber(num));
    if (dict === undefined) return undefined;
    const type = textOf(view.get(dict, 'Type'));
    if (type !== undefined && SHOWN_TYPES.has(type)) return type;
    return type === 'Annot' || textOf(view.get(dict, 'Subtype')) === 'Widget' ? 'annotation' : undefined;
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN')) return undefined;
    throw error;
  }
}

const textOf = (value: PdfObject): string | undefined => (isName(value) ? value.text : undefined);
