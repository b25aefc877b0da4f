import { isGatewayError } from '../../domain/errors.ts';
import type { PdfDocument, PdfRevision } from './document.ts';
import { isInteger, isName } from './objects.ts';
import { isSpace, parseAt } from './parser.ts';
import type { ScannedObject, ScanResult } from './scan.ts';
import type { XrefSection } from './xref.ts';

const MAX_FOUND = 20;

/**
 * Where the reading by cross-reference and the reading from front to back differ, in words; empty when they agree: at every revision
 * a number means the object last seen under it, nothing that is in use stands inside something else, streams end where their length
 * says, every `%%EOF` closes a revision of the chain, no later revision's /Size leaves out what is in use, and nothing strays between the objects. @throws PDF_BROKEN, PDF_LIMIT
 * @see ISO 32000-2 §7.5; Müller et al., "Processing Dangerous Paths", NDSS 2021, §V-C
 */
export function disagreements(document: PdfDocument, scan: ScanResult): string[] {
  const found = [...objectDisagreements(document, scan), ...misplaced(document, scan), ...wrongLengths(scan), ...revisionDisagreements(document, scan), ...beyondSize(document), ...strayDisagreements(document, scan)];
  return [...new Set(found)].slice(0, MAX_FOUND);
}

/** The last object of each number at every revision that wrote it, and at the end. */
function objectDisagreements(document: PdfDocument, scan: ScanResult): string[] {
  const last = new Map<number, ScannedObject>();
  const found: string[] = [];
  const ends = document.revisions.map((info) => info.end ?? Math.max(...info.sections.map(({ end }) => end)));
  let index = 0;
  let written: ScannedObject[] = [];
  const close = (): void => {
    const view = document.at(index);
    for (const object of written) if (last.get(object.num) === object) note(view, object);
    written = [];
  };
  for (const object of scan.objects) {
    while (index < ends.length - 1 && object.offset >= (ends[index] ?? 0)) {
      close();
      index++;
    }
    last.set(object.num, object);
    written.push(object);
  }
  const compared = document.at(index) === document.latest ? written.length : 0;
  close();
  for (const object of scan.objects.slice(0, scan.objects.length - compared)) {
    if (last.get(object.num) === object && document.latest.entry(object.num).type !== 'free') note(document.latest, object);
  }
  return found;

  function note(view: PdfRevision, object: ScannedObject): void {
    const text = difference(view, object);
    if (text !== undefined) found.push(text);
  }
}

function difference(view: PdfRevision, object: ScannedObject): string | undefined {
  const { num, offset, gen } = object;
  const entry = view.entry(num);
  if (entry.type === 'compressed') return isLater(view, object) ? `object ${num} is in an object stream by the cross-reference and later in the file by itself` : undefined;
  // Some writers leave offset 0 on entries they no longer use, and no entry for the cross-reference stream itself.
  if (entry.type === 'free' || entry.offset === 0) return isXrefStream(object) || isListedLater(view, object) ? undefined : `object ${num} stands at ${offset} in the file and is free by the cross-reference`;
  if (!leadsTo(view.document, entry.offset, offset)) return `object ${num} stands at ${entry.offset} by the cross-reference and last at ${offset} in the file`;
  return entry.gen === gen ? undefined : `object ${num} has generation ${entry.gen} by the cross-reference and ${gen} in the file`;
}

const isXrefStream = ({ dict }: ScannedObject): boolean => isName(dict?.entries.get('Type'), 'XRef');

/** A hybrid file may tell newer readers of an object that it has older ones take for free (§7.5.8.4). */
function isListedLater({ document }: PdfRevision, { num, offset }: ScannedObject): boolean {
  const entry = document.latest.entry(num);
  return entry.type === 'offset' && leadsTo(document, entry.offset, offset);
}

/** Whether only white space lies between. */
function leadsTo({ source }: PdfDocument, from: number, to: number): boolean {
  return from === to || (from < to && to - from <= 4 && source.read(from, to - from).every((byte) => isSpace(byte)));
}

/** Whether an uncompressed object lies behind the section that says the number is compressed. */
function isLater(view: PdfRevision, { num, offset }: ScannedObject): boolean {
  const section = view.chain.find((candidate) => candidate.lookup(num) !== undefined || candidate.hybrid?.lookup(num) !== undefined);
  return section !== undefined && section.kind === 'stream' && offset > section.offset;
}

/** Objects in use, and cross-reference sections, that stand inside streams, strings or comments. */
function misplaced(document: PdfDocument, scan: ScanResult): string[] {
  const starts = new Set(scan.objects.map(({ offset }) => offset));
  const found: string[] = [];
  for (const section of document.latest.chain) {
    for (const part of section.hybrid === undefined ? [section] : [section, section.hybrid]) {
      if (isInside(scan, part.offset)) found.push(`the cross-reference section at ${part.offset} stands inside an object`);
      for (const { num, gen, offset } of entriesOf(part)) {
        if (!starts.has(offset) && offset < document.source.sizeBytes && isHeader(document, starts, { num, gen, offset })) found.push(`object ${num}, at ${offset} by the cross-reference, stands inside something else`);
      }
    }
  }
  return found;
}

function* entriesOf(section: XrefSection): Generator<{ readonly num: number; readonly gen: number; readonly offset: number }> {
  for (const { first, count } of section.runs) {
    for (let num = first; num < first + count; num++) {
      const entry = section.lookup(num);
      if (entry?.type === 'offset' && entry.offset !== 0) yield { num, gen: entry.gen, offset: entry.offset };
    }
  }
}

/** An entry that leads to no such header leads nowhere, for every reader. */
function isHeader({ source }: PdfDocument, starts: ReadonlySet<number>, wanted: { readonly num: number; readonly gen: number; readonly offset: number }): boolean {
  try {
    return parseAt(source, wanted.offset, (parser) => {
      parser.skipSpaceOnly();
      if (starts.has(parser.offset)) return false;
      const header = parser.objectHeader();
      return header?.num === wanted.num && header.gen === wanted.gen;
    });
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return false;
    throw error;
  }
}

/** Whether an offset lies within an object, behind its first byte; objects are in file order and do not overlap. */
function isInside({ objects }: ScanResult, offset: number): boolean {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((objects[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return offset < (objects[low - 1]?.end ?? 0);
}

const wrongLengths = ({ objects }: ScanResult): string[] => objects.filter(({ lengthWrong }) => lengthWrong).map(({ num }) => `the length of stream ${num} does not lead to its end`);

function revisionDisagreements(document: PdfDocument, scan: ScanResult): string[] {
  const known = new Set(document.revisions.map((revision) => revision.eofEnd));
  const linearised = document.revisions.some((revision) => revision.sections.length > 1);
  const unknown = scan.eofEnds.filter((end) => !known.has(end));
  // A linearised file has one %%EOF of its own behind the first page's section (Annex F).
  const first = document.revisions[0]?.sections[0];
  return unknown
    .filter((end) => !(linearised && first !== undefined && end > first.end && end < first.end + 64))
    .map((end) => `the %%EOF that ends at ${end} closes no revision of the cross-reference chain`);
}

/**
 * Objects from /Size on count as missing (§7.5.5), and not every reader holds to it. Many makers give the highest number where one more is
 * meant, in first revisions and later ones: only what lies beyond that, and was there before, counts as left out.
 */
function beyondSize(document: PdfDocument): string[] {
  return document.revisions.slice(1).flatMap(({ index }) => {
    const view = document.at(index);
    const size = view.chain[0]?.trailer.entries.get('Size');
    if (!isInteger(size)) return [];
    const num = firstInUse(document.at(index - 1), view, size + 1);
    return num === undefined ? [] : [`object ${num} is in use and left out by the /Size ${size} of revision ${index + 1}`];
  });
}

/** The first number from `from` on that is in use before a revision and in it. */
function firstInUse(before: PdfRevision, view: PdfRevision, from: number): number | undefined {
  for (const section of before.chain) {
    for (const { first, count } of section.runs) {
      for (let num = Math.max(first, from); num < first + count; num++) if (isInUse(before, num) && isInUse(view, num)) return num;
    }
  }
  return undefined;
}

function isInUse(view: PdfRevision, num: number): boolean {
  const entry = view.entry(num);
  return entry.type === 'compressed' || (entry.type === 'offset' && entry.offset !== 0);
}

function strayDisagreements(document: PdfDocument, scan: ScanResult): string[] {
  return scan.strays.filter(({ offset }) => offset > 0 && offset < document.end).map(({ offset, end }) => `bytes ${offset} to ${end} belong to no object`);
}
