import { GatewayError } from '../../domain/errors.ts';
import type { ByteSource } from '../byte-source.ts';
import type { Decryptor } from './encryption.ts';
import { openDecryptor } from './encryption.ts';
import { decodeFilters } from './filters.ts';
import { PDF_LIMITS, broken, limit } from './limits.ts';
import type { PdfDict, PdfObject, PdfRef, PdfStream } from './objects.ts';
import { dictOf, isArray, isDict, isInteger, isName, isRef, isStream, isString, withEntries } from './objects.ts';
import { ObjectParser, isSpace, latin1, parseAt } from './parser.ts';
import type { XrefEntry, XrefSection } from './xref.ts';
import { filterSteps, readXrefChain, streamDataStart, streamEnd } from './xref.ts';

/** One saved state of a document: everything up to and including one `%%EOF` (ISO 32000-2 §7.5.6). */
export interface RevisionInfo {
  /** Counted from 0, oldest first. */
  readonly index: number;
  /** Offset that the revision's `startxref` names. */
  readonly startxref: number;
  /** Offset after `%%EOF`; undefined when no `startxref … %%EOF` follows the section. */
  readonly eofEnd: number | undefined;
  /** The same after the end-of-line that follows. */
  readonly end: number | undefined;
  /** The revision's own sections, newest first: one, or two in a linearised file (§ Annex F). */
  readonly sections: readonly XrefSection[];
}

/**
 * A PDF read lazily from its cross-reference chain. Decides nothing about signatures; objects are read when asked for, and
 * each must stand where its entry says. @see ISO 32000-2 §7.5
 */
export class PdfDocument {
  readonly source: ByteSource;
  readonly revisions: readonly RevisionInfo[];
  /** The newest state. */
  readonly latest: PdfRevision;
  /** Offset after the last `%%EOF`. */
  readonly end: number;
  readonly #views = new Map<number, PdfRevision>();
  readonly #objects = new Map<number, { readonly num: number; readonly gen: number; readonly value: PdfObject }>();
  readonly #objectStreams = new Map<number, ObjectStream>();
  readonly #decryptor: Decryptor | undefined;
  #inflatedBytes = 0;

  constructor(source: ByteSource, sections: readonly XrefSection[], end: number, decryptor?: Decryptor) {
    this.source = source;
    this.end = end;
    this.#decryptor = decryptor;
    this.revisions = revisionsOf(source, sections);
    this.latest = this.at(this.revisions.length - 1);
  }

  /** The document as it was at a revision, counted from 0. */
  at(revision: number): PdfRevision {
    const known = this.#views.get(revision);
    if (known !== undefined) return known;
    const chain = this.revisions.slice(0, revision + 1).reverse().flatMap((info) => info.sections);
    const view = new PdfRevision(this, revision, chain);
    this.#views.set(revision, view);
    return view;
  }

  /** An object without a stream that was read where it stands, so that it need not be read again. */
  adopt(offset: number, num: number, gen: number, value: PdfObject): void {
    if (this.#decryptor === undefined && !this.#objects.has(offset)) this.#objects.set(offset, { num, gen, value });
  }

  /** The object that stands at an offset. @throws PDF_BROKEN when it is not `num gen obj`. */
  objectAt(offset: number, num: number, gen: number, view: PdfRevision): PdfObject {
    const known = this.#objects.get(offset);
    if (known?.num === num && known.gen === gen) return known.value;
    const { value, dataStart } = parseAt(this.source, offset, (parser) => {
      const header = parser.objectHeader();
      if (header?.num !== num || header.gen !== gen) throw broken(`object ${num} ${gen} is not where the cross-reference table says (offset ${offset})`);
      const parsed = parser.object();
      return { value: parsed, dataStart: isDict(parsed) ? streamDataStart(parser) : undefined };
    });
    const plain = dataStart === undefined || !isDict(value) ? value : this.#stream(value, dataStart, view);
    const object = this.#decryptor?.object(plain, num, gen) ?? plain;
    this.#objects.set(offset, { num, gen, value: object });
    return object;
  }

  #stream(dict: PdfDict, dataStart: number, view: PdfRevision): PdfStream {
    let range: { readonly length: number } | undefined;
    const raw = (): Uint8Array => {
      if (range === undefined) {
        const length = view.resolve(dict.entries.get('Length'));
        if (!isInteger(length) || length < 0) throw broken(`stream at offset ${dataStart} without /Length`);
        streamEnd(this.source, dataStart + length);
        range = { length };
      }
      return this.source.read(dataStart, range.length);
    };
    return { kind: 'stream', dict, raw };
  }

  /** Decoded bytes of a stream. @throws PDF_LIMIT over the caps; PDF_BROKEN when it cannot be decoded. */
  decode(stream: PdfStream, view: PdfRevision): Uint8Array {
    const left = PDF_LIMITS.inflatedTotalBytes - this.#inflatedBytes;
    if (left <= 0) throw limit(`streams inflate to more than ${PDF_LIMITS.inflatedTotalBytes} bytes in all`);
    const bytes = decodeFilters(stream.raw(), filterSteps(stream.dict, (value) => view.resolve(value)), Math.min(left, PDF_LIMITS.inflatedStreamBytes));
    this.#inflatedBytes += bytes.length;
    return bytes;
  }

  /** The object stream whose own object stands at `offset`, opened once. */
  objectStream(streamNum: number, offset: number, stream: PdfStream, view: PdfRevision): ObjectStream {
    const known = this.#objectStreams.get(offset);
    if (known !== undefined) return known;
    const opened = openObjectStream(streamNum, stream, this.decode(stream, view), view);
    this.#objectStreams.set(offset, opened);
    return opened;
  }
}

const REPEATED_KEYS = ['Root', 'Encrypt', 'ID', 'Info'];

/** A view of the document at one revision: object numbers mean what they meant then. */
export class PdfRevision {
  readonly document: PdfDocument;
  readonly index: number;
  /** Sections that apply, newest first. */
  readonly chain: readonly XrefSection[];
  readonly #entries = new Map<number, XrefEntry>();
  readonly #loading = new Set<number>();
  #trailer: PdfDict | undefined;

  constructor(document: PdfDocument, index: number, chain: readonly XrefSection[]) {
    this.document = document;
    this.index = index;
    this.chain = chain;
  }

  /** The newest trailer; what it fails to repeat is taken from those before it, as §7.5.6 would have had it. */
  get trailer(): PdfDict {
    return (this.#trailer ??= mergedTrailer(this.chain));
  }

  /** The document catalog. @throws PDF_BROKEN when /Root leads nowhere. */
  get catalog(): PdfDict {
    const root = this.resolve(this.trailer.entries.get('Root'));
    if (!isDict(root)) throw broken('/Root is not a dictionary');
    return root;
  }

  entry(num: number): XrefEntry {
    const known = this.#entries.get(num);
    if (known !== undefined) return known;
    const found = lookup(this.chain, num) ?? { type: 'free' };
    this.#entries.set(num, found);
    return found;
  }

  /** The value behind a reference, or the value itself; null when there is none (ISO 32000-2 §7.3.10). */
  resolve(value: PdfObject | undefined): PdfObject {
    let current = value ?? null;
    for (let hops = 0; isRef(current); hops++) {
      if (hops > PDF_LIMITS.referenceHops) throw limit('references that lead to references');
      current = this.load(current);
    }
    return current;
  }

  /** The value of a key, followed through references; null when absent. */
  get(dict: PdfDict, key: string): PdfObject {
    return this.resolve(dict.entries.get(key));
  }

  /** The dictionary (or stream's dictionary) behind a value, or undefined. */
  dict(value: PdfObject | undefined): PdfDict | undefined {
    return dictOf(this.resolve(value));
  }

  decode(stream: PdfStream): Uint8Array {
    return this.document.decode(stream, this);
  }

  /** The object of a number, whatever its generation; null when there is none. */
  loadNumber(num: number): PdfObject {
    const entry = this.entry(num);
    return this.load({ kind: 'ref', num, gen: entry.type === 'offset' ? entry.gen : 0 });
  }

  /** The object a reference names, not followed further. */
  load({ num, gen }: PdfRef): PdfObject {
    const entry = this.entry(num);
    if (entry.type === 'free') return null;
    if (entry.type === 'compressed') return gen === 0 ? this.#compressed(num, entry.streamNum, entry.index) : null;
    // Some writers leave offset 0 on entries they no longer use; no object can stand before the header.
    if (entry.gen !== gen || entry.offset === 0) return null;
    return this.document.objectAt(entry.offset, num, gen, this);
  }

  /** An object of an object stream that is a stream itself, which none may be (§7.5.7); undefined when there is none. @throws PDF_BROKEN, PDF_LIMIT */
  streamInside(streamNum: number): number | undefined {
    return this.#within(streamNum, (objects) => objects.streamInside());
  }

  #compressed(num: number, streamNum: number, index: number): PdfObject {
    return this.#within(streamNum, (objects) => objects.read(num, index));
  }

  #within<T>(streamNum: number, work: (objects: ObjectStream) => T): T {
    const entry = this.entry(streamNum);
    if (entry.type !== 'offset') throw broken(`object stream ${streamNum} is missing`);
    if (this.#loading.has(streamNum)) throw broken(`object stream ${streamNum} contains what it needs to be read`);
    this.#loading.add(streamNum);
    try {
      const stream = this.document.objectAt(entry.offset, streamNum, entry.gen, this);
      if (!isStream(stream)) throw broken(`object stream ${streamNum} is not a stream`);
      return work(this.document.objectStream(streamNum, entry.offset, stream, this));
    } finally {
      this.#loading.delete(streamNum);
    }
  }
}

function mergedTrailer([newest, ...older]: readonly XrefSection[]): PdfDict {
  if (newest === undefined) throw broken('no cross-reference section');
  const missing = REPEATED_KEYS.filter((key) => !newest.trailer.entries.has(key));
  const found = missing.map((key) => [key, older.find((section) => section.trailer.entries.has(key))?.trailer.entries.get(key)] as const);
  return found.length === 0 ? newest.trailer : withEntries(newest.trailer, Object.fromEntries(found));
}

/** ISO 32000-2 §7.5.8.4: in a hybrid section the table speaks first, then /XRefStm for what the table hides as free. */
function lookup(chain: readonly XrefSection[], num: number): XrefEntry | undefined {
  for (const section of chain) {
    const own = section.lookup(num);
    if (own !== undefined && own.type !== 'free') return own;
    const hidden = section.hybrid?.lookup(num);
    const found = hidden ?? own;
    if (found !== undefined) return found;
  }
  return undefined;
}

interface ObjectStream {
  /** Object `num`, which the cross-reference stream says is the `index`-th. @throws PDF_BROKEN when it is not. */
  read(num: number, index: number): PdfObject;
  /** The number of a stream among them, which none may be. */
  streamInside(): number | undefined;
  readonly numbers: readonly number[];
}

const STREAM = Buffer.from('stream');

/** ISO 32000-2 §7.5.7. */
function openObjectStream(streamNum: number, stream: PdfStream, data: Uint8Array, view: PdfRevision): ObjectStream {
  const count = view.get(stream.dict, 'N');
  const first = view.get(stream.dict, 'First');
  const valid = isName(view.get(stream.dict, 'Type'), 'ObjStm') && isInteger(count) && isInteger(first) && count >= 0 && first >= 0 && first <= data.length;
  if (!valid) throw broken(`object stream ${streamNum} without /N and /First`);
  if (count > data.length) throw broken(`object stream ${streamNum} shorter than its /N`);
  const header = new ObjectParser(data.subarray(0, first), -1, true);
  const numbers: number[] = [];
  const offsets: number[] = [];
  for (let i = 0; i < count; i++) {
    const num = header.unsignedInteger();
    const offset = header.unsignedInteger();
    if (num === undefined || offset === undefined) throw broken(`object stream ${streamNum} with a malformed index`);
    numbers.push(num);
    offsets.push(first + offset);
  }
  const read = new Map<number, PdfObject>();
  return {
    numbers,
    streamInside() {
      // The word is rare in what is no stream: each object is looked at only where it stands.
      if (!Buffer.from(data.buffer, data.byteOffset, data.length).includes(STREAM, first)) return undefined;
      return numbers.find((_, index) => {
        const parser = new ObjectParser(data.subarray(offsets[index] ?? 0), -1, true);
        return isDict(parser.object()) && parser.keyword('stream');
      });
    },
    read(num, index) {
      if (numbers[index] !== num) throw broken(`object ${num} is not number ${index} of object stream ${streamNum}`);
      const known = read.get(index);
      if (known !== undefined) return known;
      const parser = new ObjectParser(data.subarray(offsets[index] ?? 0), -1, true);
      const value = parser.object();
      read.set(index, value);
      return value;
    },
  };
}

const HEADER_WINDOW_BYTES = 1024;
const TAIL_WINDOW_BYTES = 2048;

export interface OpenPdfOptions {
  /** Tried in turn on an encrypted document, the empty one included; without it such a document is refused. */
  readonly passwords?: readonly string[];
}

/**
 * Opens a PDF by its header and last `startxref`. Decides nothing beyond "this can be read".
 * @throws DOCUMENT_EMPTY, PDF_NOT_PDF, PDF_BROKEN, PDF_LIMIT, PDF_ENCRYPTED
 * @see ISO 32000-2 §7.5.2, §7.5.5
 */
export function openPdf(source: ByteSource, { passwords }: OpenPdfOptions = {}): PdfDocument {
  if (source.sizeBytes === 0) throw new GatewayError('DOCUMENT_EMPTY', 'The document is empty (0 bytes)');
  if (!asBuffer(source.read(0, Math.min(HEADER_WINDOW_BYTES, source.sizeBytes))).includes('%PDF-', 0, 'latin1')) throw new GatewayError('PDF_NOT_PDF', 'The document is not a PDF: its first 1024 bytes hold no %PDF- header');
  const { startxref, end } = lastStartxref(source);
  const sections = readXrefChain(source, startxref);
  const document = new PdfDocument(source, sections, end);
  if (!document.latest.trailer.entries.has('Encrypt')) return document;
  if (passwords === undefined) throw new GatewayError('PDF_ENCRYPTED', 'The PDF is encrypted; remove the encryption and send it again');
  return new PdfDocument(source, sections, end, decryptorOf(document, passwords));
}

/** Made from the document read as it stands: the encryption dictionary itself is not encrypted (§7.6.2). */
function decryptorOf({ latest }: PdfDocument, passwords: readonly string[]): Decryptor {
  const raw = latest.trailer.entries.get('Encrypt');
  const encrypt = latest.resolve(raw);
  if (!isDict(encrypt)) throw broken('/Encrypt is not a dictionary');
  const id = latest.get(latest.trailer, 'ID');
  const first = isArray(id) ? latest.resolve(id[0]) : null;
  const decryptor = openDecryptor(encrypt, isString(first) ? first.bytes : new Uint8Array(), passwords, (value) => latest.resolve(value));
  const own = isRef(raw) ? raw.num : undefined;
  return { object: (value, num, gen) => (num === own ? value : decryptor.object(value, num, gen)) };
}

function lastStartxref(source: ByteSource): { readonly startxref: number; readonly end: number } {
  // Padding after the last %%EOF is skipped first, so that a long run of it does not hide a sound file.
  const from = Math.max(0, source.sizeBytes - TAIL_WINDOW_BYTES);
  const tail = asBuffer(source.read(from, source.sizeBytes - from));
  const at = tail.lastIndexOf('startxref', undefined, 'latin1');
  const match = at === -1 ? null : /^startxref\s+(\d{1,15})[\s\d]*%%EOF/.exec(tail.toString('latin1', at));
  if (match === null) throw broken('its last bytes hold no "startxref … %%EOF"; the file may have been cut off');
  return { startxref: Number(match[1]), end: from + at + match[0].length };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/**
 * Groups the sections into revisions. A linearised file has two sections for one revision, and there the older one lies
 * behind the newer one in the file; an incremental update always lies behind what it updates.
 */
function revisionsOf(source: ByteSource, sections: readonly XrefSection[]): RevisionInfo[] {
  const groups: XrefSection[][] = [];
  for (const section of sections) {
    const newer = groups.at(-1)?.at(-1);
    if (newer !== undefined && newer.offset < section.offset) groups.at(-1)?.push(section);
    else groups.push([section]);
  }
  return groups.reverse().map((group, index) => {
    const startxref = group[0]?.offset ?? 0;
    const last = Math.max(...group.map((section) => section.end));
    return { index, startxref, ...revisionEnd(source, last, startxref), sections: group };
  });
}

/** Where the `startxref N %%EOF` that must follow the section ends, N being the revision's own offset. */
function revisionEnd(source: ByteSource, from: number, startxref: number): Pick<RevisionInfo, 'eofEnd' | 'end'> {
  const text = latin1(source.read(from, Math.max(0, Math.min(1024, source.sizeBytes - from))));
  const match = /^(?:\s|%[^\r\n]*[\r\n])*startxref\s+(\d{1,15})[\s\d]*%%EOF/.exec(text);
  if (match === null || Number(match[1]) !== startxref) return { eofEnd: undefined, end: undefined };
  const eofEnd = from + match[0].length;
  const lineEnd = /^(?:\r\n|\n|\r)/.exec(text.slice(match[0].length));
  return { eofEnd, end: eofEnd + (lineEnd?.[0].length ?? 0) };
}

/** Whether everything after the last `%%EOF` is white space. */
export function endsClean(document: PdfDocument): boolean {
  const { source, end } = document;
  return source.sizeBytes - end <= TAIL_WINDOW_BYTES && source.read(end, source.sizeBytes - end).every((byte) => isSpace(byte));
}
