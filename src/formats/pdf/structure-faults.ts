import { isGatewayError } from '../../domain/errors.ts';
import type { PdfDocument, PdfRevision } from './document.ts';
import { leaves } from './pages.ts';
import { isSpace, latin1 } from './parser.ts';
import type { XrefSection } from './xref.ts';

/**
 * What readers put up with, each in its own way, and what therefore nobody should sign: a header that names no version, cross-reference
 * sections beside their offset or with numbers of other widths, two objects in one place, objects in use at no place, streams inside object
 * streams, a page tree that does not end.
 * @throws PDF_LIMIT
 * @see ISO 32000-2 §7.5.2, §7.5.4, §7.5.5, §7.5.7, §7.5.8.3, §7.7.3.2
 */
export function structureFaults(document: PdfDocument): string[] {
  return [...headerFaults(document), ...document.latest.chain.flatMap((section) => sectionFaults(document, section)), ...entryFaults(document.latest), ...pageFaults(document.latest)];
}

function headerFaults({ source }: PdfDocument): string[] {
  return /^%PDF-[12]\.\d/.test(latin1(source.read(0, Math.min(8, source.sizeBytes)))) ? [] : ['its header names no version of PDF'];
}

function sectionFaults({ source }: PdfDocument, { offset, hasLooseEntries, hybrid }: XrefSection): string[] {
  const faults = isSpace(source.read(offset, 1)[0] ?? 0) ? [`the cross-reference section is not where ${offset} says, but behind it`] : [];
  if (hasLooseEntries) faults.push(`the cross-reference table at ${offset} has numbers that are not written with ten and five digits`);
  if (hybrid !== undefined && isSpace(source.read(hybrid.offset, 1)[0] ?? 0)) faults.push(`the cross-reference stream is not where ${hybrid.offset} says, but behind it`);
  return faults;
}

/**
 * No object stands where the header does. Only one of two can stand at an index of an object stream; which, is said inside. And none inside
 * may be a stream, which readers read as a dictionary or not at all.
 */
function entryFaults(view: PdfRevision): string[] {
  const holder = new Map<string, number>();
  const objectStreams = new Set<number>();
  const faults: string[] = [];
  for (const section of view.chain) {
    for (const part of section.hybrid === undefined ? [section] : [section, section.hybrid]) {
      for (const { first, count } of part.runs) for (let num = first; num < first + count; num++) check(part, num);
    }
  }
  for (const streamNum of objectStreams) {
    const num = view.streamInside(streamNum);
    if (num !== undefined) faults.push(`object ${num} is a stream inside object stream ${streamNum}`);
  }
  return faults;

  function check(part: XrefSection, num: number): void {
    const entry = part.lookup(num);
    if (entry?.type === 'offset' && entry.offset === 0 && view.entry(num).type !== 'free') faults.push(`object ${num} is listed in use at offset 0, where the header stands`);
    if (entry?.type !== 'compressed') return;
    if (view.entry(entry.streamNum).type === 'offset') objectStreams.add(entry.streamNum);
    const place = `${entry.streamNum} ${entry.index}`;
    const other = holder.get(place);
    if (other !== undefined && other !== num) faults.push(`objects ${other} and ${num} have one place in object stream ${entry.streamNum}`);
    holder.set(place, num);
  }
}

function pageFaults(view: PdfRevision): string[] {
  try {
    for (const _ of leaves(view));
    return [];
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN')) return [error.message];
    throw error;
  }
}
