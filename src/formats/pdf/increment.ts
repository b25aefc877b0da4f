import type { PdfDocument } from './document.ts';
import { PDF_LIMITS, limit } from './limits.ts';
import type { PdfDict, PdfObject, PdfRef } from './objects.ts';
import { isArray, isInteger, isRef, isStream, isString, name, ref, string, withEntries } from './objects.ts';
import { isSpace } from './parser.ts';
import { objectText, serializeObject, type SyntaxPiece } from './write.ts';
import type { XrefSection } from './xref.ts';

/** A built update: append `bytes` to the document. `offsets` are document offsets of each `n g obj`. */
export interface BuiltIncrement {
  readonly bytes: Buffer;
  /** Document offset of the first byte of `bytes`: the size of the document before. */
  readonly startOffset: number;
  readonly offsets: ReadonlyMap<number, number>;
}

/**
 * Collects new and changed objects and writes them as one incremental update: nothing before is touched, the kind of the
 * newest cross-reference section is kept. @see ISO 32000-2 §7.5.6
 */
export class IncrementalUpdate {
  readonly document: PdfDocument;
  /** Values are written out at the end only, since some are changed several times. */
  readonly #objects = new Map<number, { readonly gen: number; readonly content: { readonly value: PdfObject } | { readonly pieces: readonly SyntaxPiece[] } }>();
  #next: number;

  constructor(document: PdfDocument) {
    this.document = document;
    this.#next = firstFreeNumber(document);
  }

  /** A reference to an object that does not exist yet, numbered after the largest. @throws PDF_LIMIT */
  allocate(): PdfRef {
    if (this.#next > PDF_LIMITS.objectNumber) throw limit(`object numbers above ${PDF_LIMITS.objectNumber}`);
    return ref(this.#next++);
  }

  add(value: PdfObject): PdfRef {
    const allocated = this.allocate();
    this.put(allocated, value);
    return allocated;
  }

  /** Writes a new or changed object; the last call for a number wins. */
  put({ num, gen }: PdfRef, value: PdfObject): void {
    this.#objects.set(num, { gen, content: { value } });
  }

  /** Writes an object whose syntax between `obj` and `endobj` the caller lays out. */
  putSyntax({ num, gen }: PdfRef, pieces: readonly SyntaxPiece[]): void {
    this.#objects.set(num, { gen, content: { pieces } });
  }

  /** The object as this update leaves it. */
  current(value: PdfObject | undefined): PdfObject {
    const changed = isRef(value) ? this.#objects.get(value.num)?.content : undefined;
    if (changed !== undefined && 'value' in changed) return changed.value;
    return this.document.latest.resolve(value);
  }

  /** @param newId second half of the file identifier of this revision (ISO 32000-2 §14.4), 16 bytes. */
  build(newId: Uint8Array): BuiltIncrement {
    const startOffset = this.document.source.sizeBytes;
    const out = new Pieces(startOffset);
    if (!endsLine(this.document)) out.put('\n');
    const offsets = new Map<number, number>();
    for (const [num, { gen, content }] of [...this.#objects].sort(([a], [b]) => a - b)) {
      offsets.set(num, out.at);
      out.put(`${num} ${gen} obj\n`);
      if ('pieces' in content) for (const piece of content.pieces) out.put(piece);
      else out.put(isStream(content.value) ? serializeObject(content.value) : objectText(content.value));
      out.put('\nendobj\n');
    }
    this.#crossReference(out, offsets, newId);
    return { bytes: out.joined(), startOffset, offsets };
  }

  #crossReference(out: Pieces, offsets: Map<number, number>, newId: Uint8Array): void {
    const { at } = out;
    const newest = this.document.latest.chain[0];
    // A table has ten digits for an offset.
    const asStream = newest?.kind === 'stream' || at > 9_999_999_999;
    const trailer = this.#trailer(newest, newId);
    out.put(asStream ? this.#xrefStream(at, offsets, trailer) : this.#table(offsets, trailer));
    out.put(`startxref\n${at}\n%%EOF\n`);
  }

  #trailer(newest: XrefSection | undefined, newId: Uint8Array): PdfDict {
    const base = this.document.latest.trailer;
    const entries = new Map([...base.entries].filter(([key]) => !STREAM_KEYS.has(key)));
    const firstId = firstIdOf(this.document, base);
    const id = [firstId === undefined ? string(newId, true) : string(firstId, true), string(newId, true)];
    return withEntries({ ...base, entries }, { Size: this.#next, Prev: newest?.offset ?? 0, ID: id });
  }

  #table(offsets: ReadonlyMap<number, number>, trailer: PdfDict): string {
    let text = 'xref\n';
    for (const run of runsOf([...offsets.keys()])) {
      text += `${run[0] ?? 0} ${run.length}\n`;
      for (const num of run) text += `${String(offsets.get(num) ?? 0).padStart(10, '0')} ${String(this.#genOf(num)).padStart(5, '0')} n \n`;
    }
    return `${text}trailer\n${objectText(trailer)}\n`;
  }

  #xrefStream(at: number, offsets: Map<number, number>, trailer: PdfDict): Uint8Array {
    const own = this.allocate();
    offsets.set(own.num, at);
    const numbers = [...offsets.keys()].sort((a, b) => a - b);
    const width = byteWidth(at);
    const rows = numbers.map((num) => Uint8Array.of(1, ...bigEndian(offsets.get(num) ?? 0, width), ...bigEndian(this.#genOf(num), 2)));
    const data = Buffer.concat(rows);
    const index = runsOf(numbers).flatMap((run) => [run[0] ?? 0, run.length]);
    const dict = withEntries(trailer, { Type: name('XRef'), Size: this.#next, W: [1, width, 2], Index: index, Length: data.length });
    const body = serializeObject({ kind: 'stream', dict, raw: () => data });
    return Buffer.concat([ascii(`${own.num} 0 obj\n`), body, ascii('\nendobj\n')]);
  }

  #genOf(num: number): number {
    return this.#objects.get(num)?.gen ?? 0;
  }
}

/** What a cross-reference stream's dictionary has beyond a trailer's entries, and what belongs to one section only. */
const STREAM_KEYS = new Set(['Type', 'W', 'Index', 'Length', 'Filter', 'DecodeParms', 'F', 'FFilter', 'FDecodeParms', 'DL', 'XRefStm', 'Prev']);

/** Text and bytes that will stand one after the other, joined once. */
class Pieces {
  readonly #pieces: SyntaxPiece[] = [];
  readonly #start: number;
  #length = 0;

  constructor(start: number) {
    this.#start = start;
  }

  /** Document offset of the next piece. */
  get at(): number {
    return this.#start + this.#length;
  }

  put(piece: SyntaxPiece): void {
    const last = this.#pieces.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') this.#pieces[this.#pieces.length - 1] = last + piece;
    else this.#pieces.push(piece);
    this.#length += piece.length;
  }

  joined(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.#length); // every byte is written below
    let at = 0;
    for (const piece of this.#pieces) {
      if (typeof piece === 'string') bytes.write(piece, at, 'latin1');
      else bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}

/** From the cross-reference data, never from a scan: an object inside an object stream has a number too. */
function firstFreeNumber(document: PdfDocument): number {
  let next = 1;
  for (const section of document.latest.chain) {
    const size = section.trailer.entries.get('Size');
    if (isInteger(size)) next = Math.max(next, size);
    for (const part of section.hybrid === undefined ? [section] : [section, section.hybrid]) {
      for (const run of part.runs) if (run.count > 0) next = Math.max(next, run.first + run.count);
      next = Math.max(next, (part.streamNum ?? 0) + 1);
    }
  }
  if (next > PDF_LIMITS.objectNumber) throw limit(`object numbers above ${PDF_LIMITS.objectNumber}`);
  return next;
}

function firstIdOf(document: PdfDocument, trailer: PdfDict): Uint8Array | undefined {
  const id = document.latest.get(trailer, 'ID');
  const first = isArray(id) ? document.latest.resolve(id[0]) : null;
  return isString(first) ? first.bytes : undefined;
}

function endsLine({ source }: PdfDocument): boolean {
  const last = source.read(source.sizeBytes - 1, 1)[0];
  return (last === 10 || last === 13) && isSpace(last);
}

/** Ascending numbers cut into runs of neighbours. */
function runsOf(numbers: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const num of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run[run.length - 1] === num - 1) run.push(num);
    else runs.push([num]);
  }
  return runs;
}

function byteWidth(value: number): number {
  let width = 1;
  for (let left = Math.floor(value / 256); left > 0; left = Math.floor(left / 256)) width++;
  return width;
}

function bigEndian(value: number, width: number): number[] {
  const bytes: number[] = [];
  for (let i = 0, left = value; i < width; i++, left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return bytes;
}

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
