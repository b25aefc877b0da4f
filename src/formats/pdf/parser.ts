import type { ByteSource } from '../byte-source.ts';
import { PDF_LIMITS, broken, limit } from './limits.ts';
import type { PdfDict, PdfName, PdfObject, PdfString } from './objects.ts';
import { isName, name, ref } from './objects.ts';

const REGULAR = 0;
const SPACE = 1;
const DELIMITER = 2;

/** Character classes of ISO 32000-2 §7.2.3. */
const CLASS_OF = new Uint8Array(256);
for (const byte of [0, 9, 10, 12, 13, 32]) CLASS_OF[byte] = SPACE;
for (const char of '()<>[]{}/%') CLASS_OF[char.charCodeAt(0)] = DELIMITER;

export const isSpace = (byte: number | undefined): boolean => byte !== undefined && CLASS_OF[byte] === SPACE;

/** Thrown inside `parseAt` when the window ends before the object does; never leaves this module. */
const NEED_MORE = new Error('window too short');

const FIRST_WINDOW_BYTES = 2048;

/**
 * Runs `parse` over a window that starts at `offset` and grows until the parse fits, so that an object's size need not be
 * known and nothing beyond it is read. @throws PDF_BROKEN malformed; PDF_LIMIT larger than the cap or nested too deeply.
 */
export function parseAt<T>(source: ByteSource, offset: number, parse: (parser: ObjectParser) => T, maxBytes: number = PDF_LIMITS.objectBytes): T {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset >= source.sizeBytes) throw broken(`offset ${offset} lies outside the file`);
  for (let size = FIRST_WINDOW_BYTES; ; size = Math.min(size * 8, maxBytes)) {
    const length = Math.min(size, source.sizeBytes - offset);
    try {
      return parse(new ObjectParser(source.read(offset, length), offset, offset + length === source.sizeBytes));
    } catch (error) {
      if (error !== NEED_MORE) throw error;
    }
    if (size >= maxBytes) throw limit(`one object over ${maxBytes} bytes at offset ${offset}`);
  }
}

/** Cursor over PDF syntax (ISO 32000-2 §7.2, §7.3); `base` is the document offset of the first byte, or -1 for decoded bytes. */
export class ObjectParser {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #complete: boolean;
  #pos = 0;
  #values = 0;

  constructor(bytes: Uint8Array, base: number, complete: boolean) {
    this.#bytes = bytes;
    this.#base = base;
    this.#complete = complete;
  }

  /** Position of the cursor counted from the first byte of the window. */
  get pos(): number {
    return this.#pos;
  }

  set pos(value: number) {
    this.#pos = value;
  }

  /** Document offset of the cursor. */
  get offset(): number {
    return this.#base + this.#pos;
  }

  /** The byte at a window position, -1 after the end of the document. */
  byteAt(pos: number): number {
    const byte = this.#bytes[pos];
    if (byte !== undefined) return byte;
    if (!this.#complete) throw NEED_MORE;
    return -1;
  }

  skipSpace(): void {
    for (;;) {
      const byte = this.byteAt(this.#pos);
      if (byte === -1) return;
      if (CLASS_OF[byte] === SPACE) this.#pos++;
      else if (byte === 0x25) this.#skipComment();
      else return;
    }
  }

  /** White space without comments. */
  skipSpaceOnly(): void {
    while (CLASS_OF[this.byteAt(this.#pos)] === SPACE) this.#pos++;
  }

  /** Consumes `word` when it stands here as a whole token, after white space. */
  keyword(word: string): boolean {
    this.skipSpace();
    for (let i = 0; i < word.length; i++) if (this.byteAt(this.#pos + i) !== word.charCodeAt(i)) return false;
    const next = this.byteAt(this.#pos + word.length);
    if (next !== -1 && CLASS_OF[next] === REGULAR) return false;
    this.#pos += word.length;
    return true;
  }

  /** Consumes an unsigned integer, or leaves the cursor and returns undefined. */
  unsignedInteger(): number | undefined {
    this.skipSpace();
    const start = this.#pos;
    let value = 0;
    for (;;) {
      const byte = this.byteAt(this.#pos);
      if (byte < 0x30 || byte > 0x39) {
        const whole = this.#pos > start && (byte === -1 || CLASS_OF[byte] !== REGULAR) && Number.isSafeInteger(value);
        if (whole) return value;
        this.#pos = start;
        return undefined;
      }
      value = value * 10 + (byte - 0x30);
      this.#pos++;
    }
  }

  /** `n g obj`, or undefined with the cursor where it was. */
  objectHeader(): { readonly num: number; readonly gen: number } | undefined {
    const start = this.#pos;
    const num = this.unsignedInteger();
    const gen = num === undefined ? undefined : this.unsignedInteger();
    if (num !== undefined && gen !== undefined && this.keyword('obj')) return { num, gen };
    this.#pos = start;
    return undefined;
  }

  object(depth = 0): PdfObject {
    if (depth > PDF_LIMITS.depth) throw limit(`objects nested deeper than ${PDF_LIMITS.depth}`);
    if (++this.#values > PDF_LIMITS.valuesPerObject) throw limit(`one object of more than ${PDF_LIMITS.valuesPerObject} values`);
    this.skipSpace();
    const byte = this.byteAt(this.#pos);
    switch (byte) {
      case 0x2f:
        return this.#name();
      case 0x3c:
        return this.byteAt(this.#pos + 1) === 0x3c ? this.#dict(depth) : this.#hexString();
      case 0x28:
        return this.#literalString();
      case 0x5b:
        return this.#array(depth);
      default:
        return this.#numberRefOrWord(byte);
    }
  }

  /** The dictionary that stands here. @throws PDF_BROKEN when something else does. */
  dict(): PdfDict {
    this.skipSpace();
    if (this.byteAt(this.#pos) !== 0x3c || this.byteAt(this.#pos + 1) !== 0x3c) throw this.#malformed('dictionary missing');
    return this.#dict(0);
  }

  #malformed(detail: string): Error {
    return broken(this.#base < 0 ? detail : `${detail} at offset ${this.offset}`);
  }

  #skipComment(): void {
    for (;;) {
      const byte = this.byteAt(this.#pos);
      if (byte === -1 || byte === 10 || byte === 13) return;
      this.#pos++;
    }
  }

  #name(): PdfName {
    const start = ++this.#pos;
    let hash = 0;
    for (;;) {
      const byte = this.byteAt(this.#pos);
      if (byte === -1 || CLASS_OF[byte] !== REGULAR) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
      this.#pos++;
    }
    return nameOf(this.#bytes, start, this.#pos, hash);
  }

  #dict(depth: number): PdfDict {
    this.#pos += 2;
    const entries = new Map<string, PdfObject>();
    let duplicates: string[] | undefined;
    for (;;) {
      this.skipSpace();
      const byte = this.byteAt(this.#pos);
      if (byte === 0x3e && this.byteAt(this.#pos + 1) === 0x3e) break;
      if (byte !== 0x2f) throw this.#malformed('dictionary key is not a name');
      const key = this.#name().text;
      if (entries.has(key)) (duplicates ??= []).push(key);
      entries.set(key, this.object(depth + 1));
    }
    this.#pos += 2;
    return { kind: 'dict', entries, duplicates: duplicates ?? NO_DUPLICATES };
  }

  #array(depth: number): PdfObject[] {
    this.#pos++;
    const items: PdfObject[] = [];
    for (;;) {
      this.skipSpace();
      if (this.byteAt(this.#pos) === 0x5d) break;
      items.push(this.object(depth + 1));
    }
    this.#pos++;
    return items;
  }

  #hexString(): PdfString {
    const start = this.#pos;
    const close = this.#bytes.indexOf(0x3e, start);
    if (close === -1) {
      if (!this.#complete) throw NEED_MORE;
      throw this.#malformed('hexadecimal string without end');
    }
    this.#pos = close + 1;
    const bytes = hexBytes(this.#bytes.subarray(start + 1, close));
    if (bytes === undefined) throw this.#malformed('hexadecimal string with another character');
    return this.#string(bytes, true, start);
  }

  #literalString(): PdfString {
    const start = this.#pos++;
    const { end, plain } = this.#literalEnd();
    const from = this.#pos;
    this.#pos = end + 1;
    return this.#string(plain ? this.#bytes.slice(from, end) : unescapeLiteral(this.#bytes.subarray(from, end)), false, start);
  }

  /** Position of the closing parenthesis; `plain` when nothing inside needs decoding. */
  #literalEnd(): { readonly end: number; readonly plain: boolean } {
    let plain = true;
    for (let at = this.#pos, open = 1; ; at++) {
      switch (this.byteAt(at)) {
        case -1:
          throw this.#malformed('string without end');
        case 0x5c:
          plain = false;
          at++;
          break;
        case 13:
          plain = false;
          break;
        case 0x28:
          open++;
          break;
        case 0x29:
          if (--open === 0) return { end: at, plain };
          break;
        default:
      }
    }
  }

  #string(bytes: Uint8Array, hex: boolean, start: number): PdfString {
    const inFile = this.#base >= 0;
    return { kind: 'string', bytes, hex, start: inFile ? this.#base + start : -1, end: inFile ? this.offset : -1 };
  }

  #numberRefOrWord(first: number): PdfObject {
    if (first >= 0x30 && first <= 0x39) {
      const found = this.#integerOrReference();
      if (found !== undefined) return found;
    }
    const start = this.#pos;
    while (this.#isRegular(this.#pos)) this.#pos++;
    const token = latin1(this.#bytes, start, this.#pos);
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(token)) return Number(token);
    if (token === 'true') return true;
    if (token === 'false') return false;
    if (token === 'null') return null;
    this.#pos = start;
    throw this.#malformed(token === '' ? 'object missing' : 'unknown word where an object should stand');
  }

  #integerOrReference(): PdfObject | undefined {
    const num = this.unsignedInteger();
    if (num === undefined) return undefined;
    const end = this.#pos;
    const gen = this.unsignedInteger();
    if (gen !== undefined && this.keyword('R')) return ref(num, gen);
    this.#pos = end;
    return num;
  }

  #isRegular(pos: number): boolean {
    const byte = this.byteAt(pos);
    return byte !== -1 && CLASS_OF[byte] === REGULAR;
  }
}

const NO_DUPLICATES: readonly string[] = [];

/** A document says the same few dozen names thousands of times: the last one met for each hash is given again. */
const lastNames = new Array<PdfName | undefined>(1024);

function nameOf(bytes: Uint8Array, start: number, end: number, hash: number): PdfName {
  const slot = (hash ^ (hash >>> 10)) & 1023;
  const known = lastNames[slot];
  if (known !== undefined && isWritten(known.text, bytes, start, end)) return known;
  const raw = latin1(bytes, start, end);
  if (raw.includes('#')) return name(raw.replace(/#([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))));
  const made = name(raw);
  if (raw.length <= SHORT_TEXT) lastNames[slot] = made;
  return made;
}

/** Whether the bytes are this text, which has no `#`. */
function isWritten(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

const ESCAPES: ReadonlyMap<number, number> = new Map([[0x6e, 10], [0x72, 13], [0x74, 9], [0x62, 8], [0x66, 12]]);

/** ISO 32000-2 table 3: `\n \r \t \b \f`, octal, line continuation; any other character stands for itself; line ends become LF. */
function unescapeLiteral(text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; ) {
    const byte = text[at++] ?? 0;
    if (byte === 13) {
      if (text[at] === 10) at++;
      out[length++] = 10;
    } else if (byte !== 0x5c) out[length++] = byte;
    else {
      const { value, next } = escapeAt(text, at);
      at = next;
      if (value !== undefined) out[length++] = value;
    }
  }
  return out.subarray(0, length);
}

/** What follows a backslash: the byte it stands for, or none for a line continuation. */
function escapeAt(text: Uint8Array, at: number): { readonly value: number | undefined; readonly next: number } {
  const first = text[at] ?? 10;
  if (first === 13) return { value: undefined, next: text[at + 1] === 10 ? at + 2 : at + 1 };
  if (first === 10) return { value: undefined, next: at + 1 };
  if (!isOctal(first)) return { value: ESCAPES.get(first) ?? first, next: at + 1 };
  let value = 0;
  let next = at;
  for (; next < at + 3 && isOctal(text[next]); next++) value = value * 8 + ((text[next] ?? 0) - 0x30);
  return { value: value & 0xff, next };
}

const isOctal = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x37;

/** White space is skipped and a missing last digit is 0 (§7.3.4.3); undefined when another character stands among the digits. */
function hexBytes(text: Uint8Array): Uint8Array | undefined {
  // Without white space, as nearly always, the runtime's own decoder is far quicker; it stops where it meets anything else.
  const quick = Buffer.from(latin1(text), 'hex');
  if (quick.length * 2 === text.length) return quick;
  const bytes = new Uint8Array((text.length + 1) >> 1);
  let digits = 0;
  for (const byte of text) {
    const digit = hexDigit(byte);
    if (digit === -1) {
      if (CLASS_OF[byte] === SPACE) continue;
      return undefined;
    }
    const at = digits++ >> 1;
    bytes[at] = digits % 2 === 1 ? digit << 4 : (bytes[at] ?? 0) | digit;
  }
  return bytes.subarray(0, (digits + 1) >> 1);
}

/** Value of a hexadecimal digit, -1 for any other byte. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return -1;
}

/** Below this a loop is quicker than a call into the runtime. */
const SHORT_TEXT = 24;

export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start <= SHORT_TEXT) {
    let text = '';
    for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0);
    return text;
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** Whether the array in the object is made of names only; a filter list, a list of keys. */
export function namesOf(value: PdfObject | undefined): string[] | undefined {
  if (isName(value)) return [value.text];
  if (!Array.isArray(value)) return undefined;
  const names = (value as readonly PdfObject[]).filter((item) => isName(item));
  return names.length === value.length ? names.map((item) => item.text) : undefined;
}
