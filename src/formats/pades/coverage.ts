import type { CoverageExtent } from '../../domain/validation-report.ts';
import type { ByteSource } from '../byte-source.ts';
import type { PdfDocument } from '../pdf/document.ts';
import { endsClean } from '../pdf/document.ts';
import type { PdfDict, PdfObject, PdfString } from '../pdf/objects.ts';
import { isArray, isInteger } from '../pdf/objects.ts';
import { isSpace } from '../pdf/parser.ts';
import type { XrefSection } from '../pdf/xref.ts';

const MAX_RANGES = 16;

export interface SignatureCoverage {
  readonly extent: CoverageExtent;
  /** Why it is not `file` or `revision`, in words. */
  readonly faults: readonly string[];
}

/**
 * /ByteRange as offsets and lengths, in file order and inside the file; undefined when it is anything else, so that nothing can be
 * hashed. Fewer or more than two ranges are read, though they never count as sound coverage.
 */
export function readByteRange(source: ByteSource, value: PdfObject): readonly number[] | undefined {
  const numbers = offsetsOf(value);
  if (numbers === undefined || numbers.length < 2 || numbers.length % 2 !== 0 || numbers.length > 2 * MAX_RANGES) return undefined;
  let covered = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset = 0, length = 0] = numbers.slice(i, i + 2);
    if (offset < covered || offset + length > source.sizeBytes) return undefined;
    covered = offset + length;
  }
  return numbers;
}

function offsetsOf(value: PdfObject): readonly number[] | undefined {
  if (!isArray(value)) return undefined;
  const numbers = value.filter((item): item is number => isInteger(item) && item >= 0);
  return numbers.length === value.length ? numbers : undefined;
}

export interface CoverageInput {
  readonly document: PdfDocument;
  /** The signature dictionary. */
  readonly dict: PdfDict;
  readonly contents: PdfString | undefined;
  readonly byteRange: readonly number[] | undefined;
  /** Index of the revision that last wrote the signature's object. */
  readonly revision: number;
  /** Where the two readings of the document differ. */
  readonly disagreements: readonly string[];
}

/**
 * How much of the file a signature covers. The gap must be exactly the hexadecimal string of /Contents found by parsing, and the end
 * must be the end of the revision that holds the signature, with everything which that revision is made of before it.
 * @see ISO 32000-2 §12.8.1, ETSI EN 319 142-1 §5.3
 */
export function coverageOf(input: CoverageInput): SignatureCoverage {
  const { document, dict, contents, byteRange, revision } = input;
  const faults: string[] = [];
  if (dict.duplicates.length > 0) faults.push('the signature dictionary has an entry twice');
  if (contents === undefined || !contents.hex || contents.start < 0) faults.push('/Contents is not a hexadecimal string of the document');
  if (!endsClean(document)) faults.push('bytes stand after the last revision');
  faults.push(...input.disagreements);
  const gap = gapFault(offsetsOf(document.latest.get(dict, 'ByteRange')), contents);
  if (gap?.extent === 'unclear') faults.push(gap.fault);
  if (faults.length > 0) return { extent: 'unclear', faults };
  if (gap !== undefined) return { extent: 'partial', faults: [gap.fault] };
  if (byteRange === undefined) return { extent: 'partial', faults: ['/ByteRange leaves the file'] };
  const signedEnd = (byteRange[2] ?? 0) + (byteRange[3] ?? 0);
  const outside = outsideOf(document, revision, signedEnd);
  if (outside !== undefined) return { extent: 'partial', faults: [outside] };
  return { extent: signedEnd === document.source.sizeBytes ? 'file' : 'revision', faults: [] };
}

/** `partial` where a gap of the right size lies elsewhere, as when the dictionary was written again later; otherwise `unclear`. */
function gapFault(range: readonly number[] | undefined, contents: PdfString | undefined): { readonly extent: 'partial' | 'unclear'; readonly fault: string } | undefined {
  if (range === undefined || contents === undefined || range.length !== 4 || range[0] !== 0) return { extent: 'unclear', fault: '/ByteRange is not two ranges from the start of the file' };
  const [, gapStart = 0, gapEnd = 0] = range;
  if (gapStart === contents.start && gapEnd === contents.end) return undefined;
  const sized = gapEnd - gapStart === contents.end - contents.start;
  return sized ? { extent: 'partial', fault: 'the gap of /ByteRange lies elsewhere than the string of /Contents' } : { extent: 'unclear', fault: 'the gap of /ByteRange is not exactly the string of /Contents' };
}

/** What of a revision lies outside the signed bytes, or undefined. */
function outsideOf(document: PdfDocument, revision: number, signedEnd: number): string | undefined {
  const { source } = document;
  const eofEnd = document.revisions[revision]?.eofEnd;
  if (eofEnd === undefined) return 'the revision of the signature has no end of its own';
  if (signedEnd < eofEnd) return 'the signed bytes end before the revision of the signature does';
  if (!isBlank(source, eofEnd, signedEnd)) return 'the signed bytes end behind the revision of the signature';
  if (signedEnd === source.sizeBytes) return undefined;
  for (const { sections } of document.revisions.slice(0, revision + 1)) {
    for (const section of sections.flatMap((own) => (own.hybrid === undefined ? [own] : [own, own.hybrid]))) {
      if (section.end > signedEnd) return 'a cross-reference section of the signed revision lies behind the signed bytes';
      const late = entryBehind(section, signedEnd);
      if (late !== undefined) return `object ${late} of the signed revision lies behind the signed bytes`;
    }
  }
  return undefined;
}

const MAX_BLANK_BYTES = 1024 * 1024;

function isBlank(source: ByteSource, from: number, to: number): boolean {
  return to - from <= MAX_BLANK_BYTES && source.read(from, to - from).every((byte) => isSpace(byte));
}

function entryBehind(section: XrefSection, end: number): number | undefined {
  for (const { first, count } of section.runs) {
    for (let num = first; num < first + count; num++) {
      const entry = section.lookup(num);
      if (entry?.type === 'offset' && entry.offset >= end) return num;
    }
  }
  return undefined;
}
