import type { ByteSource } from '../byte-source.ts';
import { isGatewayError } from '../../domain/errors.ts';
import type { PdfDocument } from './document.ts';
import { PDF_LIMITS, limit } from './limits.ts';
import type { PdfDict, PdfObject } from './objects.ts';
import { isDict, isInteger } from './objects.ts';
import type { ObjectParser } from './parser.ts';
import { latin1, parseAt } from './parser.ts';
import { streamDataStart, streamEnd } from './xref.ts';

export interface ScannedObject {
  readonly offset: number;
  readonly end: number;
  readonly num: number;
  readonly gen: number;
  /** The dictionary, when the object is one or a stream. */
  readonly dict: PdfDict | undefined;
  /** A stream whose /Length does not lead to `endstream`: readers differ over its data. */
  readonly lengthWrong: boolean;
}

/** The document read from front to back, without its cross-reference sections. */
export interface ScanResult {
  readonly objects: readonly ScannedObject[];
  /** Offsets after each `%%EOF` outside objects. */
  readonly eofEnds: readonly number[];
  /** Stretches that are neither objects, sections nor white space. */
  readonly strays: readonly { readonly offset: number; readonly end: number }[];
}

/**
 * The second, independent reading: every `n g obj` in file order, streams skipped by their length. It shares the syntax parser
 * with the first reading, not its idea of where things are. @throws PDF_LIMIT
 * @see ISO 32000-2 §7.5.1
 */
export function scanDocument(document: PdfDocument): ScanResult {
  const { source } = document;
  const scanning: Scanning = { source: metered(source), document, wastedBytes: 0 };
  const objects: ScannedObject[] = [];
  const eofEnds: number[] = [];
  const strays: { offset: number; end: number }[] = [];
  for (let at = 0; at < source.sizeBytes; ) {
    const item = itemAt(scanning, at);
    if (item.kind === 'object') objects.push(item.object);
    if (item.kind === 'eof') eofEnds.push(item.end);
    if (item.kind === 'stray') strays.push({ offset: item.at, end: item.end });
    if (strays.length > MAX_STRAYS) throw limit('too many bytes that belong to no object');
    if (objects.length + eofEnds.length > PDF_LIMITS.scannedObjects) throw limit(`more than ${PDF_LIMITS.scannedObjects} objects`);
    at = item.end;
  }
  return { objects, eofEnds, strays };
}

interface Scanning {
  /** Counts what is read through it. */
  readonly source: MeteredSource;
  readonly document: PdfDocument;
  /** Bytes read so far for attempts that came to nothing. */
  wastedBytes: number;
}

interface MeteredSource extends ByteSource {
  readBytes: number;
}

function metered(source: ByteSource): MeteredSource {
  return {
    sizeBytes: source.sizeBytes,
    readBytes: 0,
    read(offset, length) {
      this.readBytes += length;
      return source.read(offset, length);
    },
  };
}

/** Syntax of one object that no cross-reference knows; streams count without their data. */
const UNKNOWN_OBJECT_BYTES = 256 * 1024;
/** What may be read in vain in all: a sound file makes the scan read nothing twice. */
const WASTED_BYTES = 32 * 1024 * 1024;
const MAX_STRAYS = 10_000;

type Item = { readonly at: number; readonly end: number } & ({ readonly kind: 'space' | 'eof' | 'section' | 'stray' } | { readonly kind: 'object'; readonly object: ScannedObject });

function itemAt(scanning: Scanning, at: number): Item {
  try {
    return parseWithin(scanning, at, UNKNOWN_OBJECT_BYTES);
  } catch (error) {
    const tooLong = isGatewayError(error, 'PDF_LIMIT');
    if (!tooLong && !isGatewayError(error, 'PDF_BROKEN')) throw error;
    if (tooLong && isKnownObject(scanning, at)) return parseWithin(scanning, at, PDF_LIMITS.objectBytes);
    if (scanning.wastedBytes > WASTED_BYTES) throw limit('too many objects that do not end');
    return { kind: 'stray', at, end: nextCandidate(scanning.source, at + 1) };
  }
}

function parseWithin(scanning: Scanning, at: number, maxBytes: number): Item {
  const { source } = scanning;
  const before = source.readBytes;
  try {
    return parseAt(source, at, (parser) => parseItem(scanning, parser), maxBytes);
  } catch (error) {
    scanning.wastedBytes += source.readBytes - before;
    throw error;
  }
}

/** Whether a cross-reference section says that an object stands here. */
function isKnownObject({ source, document }: Scanning, at: number): boolean {
  const found = parseAt(source, at, (parser) => {
    parser.skipSpaceOnly();
    return { offset: parser.offset, num: parser.objectHeader()?.num };
  });
  return document.latest.chain.some((section) => {
    const entry = found.num === undefined ? undefined : section.lookup(found.num);
    return entry?.type === 'offset' && entry.offset === found.offset;
  });
}

function parseItem(scanning: Scanning, parser: ObjectParser): Item {
  parser.skipSpaceOnly();
  const at = parser.offset;
  if (parser.byteAt(parser.pos) === 0x25) return commentAt(scanning.source, at);
  if (at === scanning.source.sizeBytes) return { kind: 'space', at, end: at };
  const header = parser.objectHeader();
  if (header === undefined) return sectionAt(scanning, at) ?? { kind: 'stray', at, end: nextCandidate(scanning.source, at + 1) };
  const value = parser.object();
  const dataStart = isDict(value) ? streamDataStart(parser) : undefined;
  if (dataStart === undefined) {
    parser.keyword('endobj');
    scanning.document.adopt(at, header.num, header.gen, value);
  }
  const { end, lengthWrong } = dataStart === undefined ? { end: parser.offset, lengthWrong: false } : streamEndOf(scanning, value, dataStart);
  return { kind: 'object', at, end, object: { offset: at, end, ...header, dict: isDict(value) ? value : undefined, lengthWrong } };
}

/** A comment up to the end of its line; `%%EOF` closes a revision. */
function commentAt(source: ByteSource, at: number): Item {
  for (let from = at, size = 256; ; from += size) {
    const text = latin1(source.read(from, Math.min(size, source.sizeBytes - from)));
    if (from === at && text.startsWith('%%EOF')) return { kind: 'eof', at, end: at + 5 };
    const line = text.search(/[\r\n]/);
    if (line !== -1) return { kind: 'space', at, end: from + line };
    if (from + size >= source.sizeBytes) return { kind: 'space', at, end: source.sizeBytes };
  }
}

function streamEndOf({ source, document }: Scanning, value: PdfObject, dataStart: number): { readonly end: number; readonly lengthWrong: boolean } {
  const raw = isDict(value) ? value.entries.get('Length') : undefined;
  const length = isInteger(raw) ? raw : document.latest.resolve(raw);
  if (isInteger(length) && length >= 0 && dataStart + length <= source.sizeBytes) {
    try {
      return { end: streamEnd(source, dataStart + length), lengthWrong: false };
    } catch (error) {
      if (!isGatewayError(error, 'PDF_BROKEN')) throw error;
    }
  }
  // A length that leads nowhere: the keyword decides, as it does for readers that repair.
  const found = indexOf(source, 'endstream', dataStart);
  return { end: found === -1 ? source.sizeBytes : streamEnd(source, found), lengthWrong: true };
}

/** A cross-reference table with its trailer, or `startxref` with its number. */
function sectionAt({ source, document }: Scanning, at: number): Item | undefined {
  return parseAt(source, at, (parser): Item | undefined => {
    if (parser.keyword('startxref')) {
      do parser.skipSpaceOnly();
      while (isDigit(parser.byteAt(parser.pos)) && parser.unsignedInteger() !== undefined);
      return { kind: 'section', at, end: parser.offset };
    }
    if (parser.keyword('trailer')) {
      parser.dict();
      return { kind: 'section', at, end: parser.offset };
    }
    if (!parser.keyword('xref')) return undefined;
    const known = document.latest.chain.find((section) => section.offset === at);
    return { kind: 'section', at, end: known?.end ?? Math.max(parser.offset, tableEnd(source, parser.offset)) };
  });
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** A table that is in no chain: everything up to its trailer. */
function tableEnd(source: ByteSource, from: number): number {
  const found = indexOf(source, 'trailer', from);
  return found === -1 ? source.sizeBytes : found;
}

/** The next line start or `obj`-like place after bytes that make no sense. */
function nextCandidate(source: ByteSource, from: number): number {
  for (let at = from, step = 1024; at < source.sizeBytes; at += step, step = Math.min(step * 4, 64 * 1024)) {
    const text = latin1(source.read(at, Math.min(step + 32, source.sizeBytes - at)));
    const found = text.search(/(?<![0-9])\d{1,10}\s+\d{1,5}\s+obj|(?<![a-z])xref|trailer|startxref|%%EOF/);
    if (found !== -1 && found < step) return at + found;
  }
  return source.sizeBytes;
}

function indexOf(source: ByteSource, needle: string, from: number): number {
  const step = 1024 * 1024;
  const wanted = Buffer.from(needle, 'latin1');
  for (let at = from; at < source.sizeBytes; at += step) {
    const chunk = source.read(at, Math.min(step + wanted.length, source.sizeBytes - at));
    const found = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).indexOf(wanted);
    if (found !== -1) return at + found;
  }
  return -1;
}
