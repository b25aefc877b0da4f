import type { ByteSource } from '../byte-source.ts';
import { decodeFilters } from './filters.ts';
import { PDF_LIMITS, broken, limit } from './limits.ts';
import type { PdfDict, PdfObject } from './objects.ts';
import { isArray, isDict, isInteger, isName } from './objects.ts';
import type { ObjectParser } from './parser.ts';
import { namesOf, parseAt } from './parser.ts';

export type XrefEntry =
  | { readonly type: 'free' }
  | { readonly type: 'offset'; readonly offset: number; readonly gen: number }
  | { readonly type: 'compressed'; readonly streamNum: number; readonly index: number };

/** One cross-reference section: a table with its trailer, or a cross-reference stream (ISO 32000-2 §7.5.4, §7.5.8). */
export interface XrefSection {
  readonly kind: 'table' | 'stream';
  readonly offset: number;
  /** Offset after the trailer dictionary, or after `endobj` of the stream. */
  readonly end: number;
  readonly trailer: PdfDict;
  /** Runs of object numbers that have an entry. */
  readonly runs: readonly { readonly first: number; readonly count: number }[];
  /** Object number of the cross-reference stream itself. */
  readonly streamNum: number | undefined;
  /** Cross-reference stream that a hybrid table points at (§7.5.8.4). */
  readonly hybrid: XrefSection | undefined;
  /** Whether numbers in a table have not the ten and five digits of §7.5.4; lines that end otherwise do no harm. */
  readonly hasLooseEntries: boolean;
  lookup(num: number): XrefEntry | undefined;
}

/** Sections newest first, following /Prev from the last `startxref`. @throws PDF_BROKEN, PDF_LIMIT. */
export function readXrefChain(source: ByteSource, startOffset: number): XrefSection[] {
  const sections: XrefSection[] = [];
  const seen = new Set<number>();
  for (let offset: number | undefined = startOffset; offset !== undefined; ) {
    if (seen.has(offset)) throw broken('the cross-reference sections form a loop');
    if (sections.length >= PDF_LIMITS.sections) throw limit(`more than ${PDF_LIMITS.sections} cross-reference sections`);
    seen.add(offset);
    const section: XrefSection = readSection(source, offset);
    sections.push(section);
    offset = previousOffset(section.trailer);
  }
  return sections;
}

function previousOffset(trailer: PdfDict): number | undefined {
  const prev = trailer.entries.get('Prev');
  if (prev === undefined || prev === null) return undefined;
  if (!isInteger(prev) || prev < 0) throw broken('/Prev is not an offset');
  return prev;
}

function readSection(source: ByteSource, offset: number): XrefSection {
  const isTable = parseAt(source, offset, (parser) => parser.keyword('xref'));
  if (!isTable) return readXrefStream(source, offset);
  const { runs, trailerOffset, isLoose } = readTable(source, offset);
  const { trailer, end } = parseAt(source, trailerOffset, (parser) => {
    parser.keyword('trailer');
    return { trailer: parser.dict(), end: parser.offset };
  });
  const hybridOffset = trailer.entries.get('XRefStm');
  if (hybridOffset !== undefined && !isInteger(hybridOffset)) throw broken('/XRefStm is not an offset');
  const hybrid = hybridOffset === undefined ? undefined : readXrefStream(source, hybridOffset);
  return { kind: 'table', offset, end, trailer, runs, streamNum: undefined, hybrid, hasLooseEntries: isLoose, lookup: (num) => lookupRun(runs, num)?.entry(num) };
}

interface Run {
  readonly first: number;
  readonly count: number;
  entry(num: number): XrefEntry;
}

function lookupRun(runs: readonly Run[], num: number): Run | undefined {
  // A later run of the same section wins, as in a sequential read.
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i];
    if (run !== undefined && num >= run.first && num < run.first + run.count) return run;
  }
  return undefined;
}

const ENTRY_BYTES = 20;

/** Subsections are skipped by arithmetic and their entries read when asked for: a long table costs nothing to open. */
function readTable(source: ByteSource, offset: number): { readonly runs: Run[]; readonly trailerOffset: number; readonly isLoose: boolean } {
  const runs: Run[] = [];
  let isLoose = false;
  let at = parseAt(source, offset, (parser) => {
    parser.keyword('xref');
    return parser.offset;
  });
  for (;;) {
    const head = parseAt(source, at, subsectionHead);
    if (head === undefined) return { runs, trailerOffset: at, isLoose };
    if (runs.length >= PDF_LIMITS.objectNumber) throw limit('too many cross-reference subsections');
    checkRun(head.first, head.count);
    const fixed = fixedRun(source, head);
    const run = fixed ?? looseRun(source, head);
    isLoose ||= run.isLoose;
    runs.push(run);
    at = run.end;
  }
}

interface SubsectionHead {
  readonly first: number;
  readonly count: number;
  readonly start: number;
}

function subsectionHead(parser: ObjectParser): SubsectionHead | undefined {
  const first = parser.unsignedInteger();
  if (first === undefined) {
    const before = parser.pos;
    if (!parser.keyword('trailer')) throw broken(`cross-reference table without trailer at offset ${parser.offset}`);
    parser.pos = before;
    return undefined;
  }
  const count = parser.unsignedInteger();
  if (count === undefined) throw broken(`cross-reference subsection without count at offset ${parser.offset}`);
  if (count > 0) parser.skipSpace();
  return { first, count, start: parser.offset };
}

function checkRun(first: number, count: number): void {
  if (first + count > PDF_LIMITS.objectNumber + 1) throw limit(`object numbers above ${PDF_LIMITS.objectNumber}`);
}

type PlacedRun = Run & { readonly end: number; readonly isLoose: boolean };

/** Entries of exactly 20 bytes, as ISO 32000-2 §7.5.4 demands; undefined when what follows them shows that they are not. */
function fixedRun(source: ByteSource, { first, count, start }: SubsectionHead): PlacedRun | undefined {
  const end = start + count * ENTRY_BYTES;
  if (end >= source.sizeBytes) return undefined;
  const last = count === 0 ? undefined : fixedEntry(source, start + (count - 1) * ENTRY_BYTES);
  if (count > 0 && (last === undefined || fixedEntry(source, start) === undefined)) return undefined;
  const known: XrefEntry[] = [];
  const entry = (num: number): XrefEntry => {
    const read = known[num - first] ?? fixedEntry(source, start + (num - first) * ENTRY_BYTES);
    if (read === undefined) throw broken(`cross-reference entry of object ${num} is malformed`);
    known[num - first] = read;
    return read;
  };
  return { first, count, end, isLoose: false, entry };
}

/** `nnnnnnnnnn ggggg n` and a two-byte end of line; undefined for anything else. */
function fixedEntry(source: ByteSource, offset: number): XrefEntry | undefined {
  const bytes = source.read(offset, ENTRY_BYTES);
  const place = digits(bytes, 0, 10);
  const gen = digits(bytes, 11, 16);
  const [before, last] = [bytes[18], bytes[19]];
  const ends = (before === 0x20 && (last === 10 || last === 13)) || (before === 13 && last === 10);
  const shaped = bytes[10] === 0x20 && bytes[16] === 0x20 && ends;
  if (!shaped || place === undefined || gen === undefined || (bytes[17] !== 0x6e && bytes[17] !== 0x66)) return undefined;
  return tableEntry(place, gen, bytes[17] === 0x6e);
}

function digits(bytes: Uint8Array, from: number, to: number): number | undefined {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

export function sameEntry(a: XrefEntry, b: XrefEntry): boolean {
  if (a.type === 'offset') return b.type === 'offset' && a.offset === b.offset && a.gen === b.gen;
  if (a.type === 'compressed') return b.type === 'compressed' && a.streamNum === b.streamNum && a.index === b.index;
  return b.type === 'free';
}

const FREE: XrefEntry = { type: 'free' };
const tableEntry = (offset: number, gen: number, inUse: boolean): XrefEntry => (inUse ? { type: 'offset', offset, gen } : FREE);

/** Entries of other widths, as some writers make them: read one after the other, so that a verifier can still look. */
function looseRun(source: ByteSource, { first, count, start }: SubsectionHead): PlacedRun {
  return parseAt(source, start, (parser) => {
    const entries: XrefEntry[] = [];
    let isLoose = false;
    const digitsOf = (wanted: number): number | undefined => {
      parser.skipSpace();
      const start = parser.offset;
      const value = parser.unsignedInteger();
      isLoose ||= parser.offset - start !== wanted;
      return value;
    };
    for (let i = 0; i < count; i++) {
      const offset = digitsOf(10);
      const gen = digitsOf(5);
      const inUse = parser.keyword('n');
      if (offset === undefined || gen === undefined || (!inUse && !parser.keyword('f'))) throw broken(`cross-reference table malformed at offset ${parser.offset}`);
      entries.push(tableEntry(offset, gen, inUse));
    }
    return { first, count, end: parser.offset, isLoose, entry: (num) => entries[num - first] ?? { type: 'free' } };
  });
}

function readXrefStream(source: ByteSource, offset: number): XrefSection {
  const { num, streamDict, dataStart } = parseAt(source, offset, (parser) => {
    const header = parser.objectHeader();
    if (header === undefined) throw broken(`no cross-reference section at offset ${offset}`);
    const value = parser.dict();
    return { num: header.num, streamDict: value, dataStart: streamDataStart(parser) };
  });
  if (dataStart === undefined || !isName(streamDict.entries.get('Type'), 'XRef')) throw broken(`no cross-reference section at offset ${offset}`);
  const length = streamDict.entries.get('Length');
  if (!isInteger(length) || length < 0) throw broken('cross-reference stream without direct /Length');
  const end = streamEnd(source, dataStart + length);
  const data = decodeFilters(source.read(dataStart, length), filterSteps(streamDict), PDF_LIMITS.inflatedStreamBytes);
  const runs = streamRuns(streamDict, data);
  return { kind: 'stream', offset, end, trailer: streamDict, runs, streamNum: num, hybrid: undefined, hasLooseEntries: false, lookup: (wanted) => lookupRun(runs, wanted)?.entry(wanted) };
}

function streamRuns(streamDict: PdfDict, data: Uint8Array): Run[] {
  const widths = integers(streamDict.entries.get('W'));
  const size = streamDict.entries.get('Size');
  if (widths?.length !== 3 || widths.some((width) => width > 8) || !isInteger(size)) throw broken('cross-reference stream without /W and /Size');
  const [w0 = 0, w1 = 0, w2 = 0] = widths;
  const index = integers(streamDict.entries.get('Index') ?? [0, size]);
  if (index === undefined || index.length % 2 !== 0) throw broken('cross-reference stream with a malformed /Index');
  const entryBytes = w0 + w1 + w2;
  const runs: Run[] = [];
  let start = 0;
  for (let i = 0; i < index.length; i += 2) {
    const [first = 0, count = 0] = index.slice(i, i + 2);
    checkRun(first, count);
    const runStart = start;
    start += count * entryBytes;
    if (entryBytes === 0 || start > data.length) throw broken('cross-reference stream shorter than its /Index');
    runs.push({ first, count, entry: (num) => streamEntry(data, runStart + (num - first) * entryBytes, w0, w1, w2) });
  }
  return runs;
}

function streamEntry(data: Uint8Array, at: number, w0: number, w1: number, w2: number): XrefEntry {
  const type = w0 === 0 ? 1 : bigEndian(data, at, w0);
  const second = bigEndian(data, at + w0, w1);
  const third = bigEndian(data, at + w0 + w1, w2);
  if (type === 1) return { type: 'offset', offset: second, gen: third };
  if (type === 2) return { type: 'compressed', streamNum: second, index: third };
  // ISO 32000-2 §7.5.8.3: other types are references to the null object.
  return { type: 'free' };
}

function bigEndian(data: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (data[at + i] ?? 0);
  if (!Number.isSafeInteger(value)) throw broken('cross-reference entry over 2^53');
  return value;
}

function integers(value: PdfObject): number[] | undefined;
function integers(value: PdfObject | undefined): number[] | undefined;
function integers(value: PdfObject | undefined): number[] | undefined {
  if (!isArray(value)) return undefined;
  const numbers = value.filter((item): item is number => isInteger(item) && item >= 0);
  return numbers.length === value.length ? numbers : undefined;
}

/** Offset of the first data byte when the keyword `stream` follows (ISO 32000-2 §7.3.8.1: CR LF or LF after it). */
export function streamDataStart(parser: ObjectParser): number | undefined {
  if (!parser.keyword('stream')) return undefined;
  if (parser.byteAt(parser.pos) === 13) parser.pos++;
  if (parser.byteAt(parser.pos) === 10) parser.pos++;
  return parser.offset;
}

/** Offset after `endstream endobj`. @throws PDF_BROKEN when they do not follow the data. */
export function streamEnd(source: ByteSource, dataEnd: number): number {
  return parseAt(source, dataEnd, (parser) => {
    if (!parser.keyword('endstream')) throw broken(`stream whose /Length does not lead to endstream at offset ${dataEnd}`);
    parser.keyword('endobj');
    return parser.offset;
  });
}

/** /Filter and /DecodeParms side by side; direct values only, which is all a cross-reference stream may have. */
export function filterSteps(streamDict: PdfDict, resolve: (value: PdfObject | undefined) => PdfObject = (value) => value ?? null): { name: string; parms: PdfDict | undefined }[] {
  const filter = resolve(streamDict.entries.get('Filter') ?? streamDict.entries.get('F'));
  if (filter === null) return [];
  const names = namesOf(isArray(filter) ? filter.map(resolve) : filter);
  if (names === undefined) throw broken('/Filter is neither a name nor an array of names');
  const parms = resolve(streamDict.entries.get('DecodeParms') ?? streamDict.entries.get('DP'));
  return names.map((name, i) => {
    const own = resolve(isArray(parms) ? parms[i] : i === 0 ? parms : null);
    return { name, parms: isDict(own) ? own : undefined };
  });
}
