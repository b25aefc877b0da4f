import { inflateSync } from 'node:zlib';

import { PDF_LIMITS, broken, limit } from './limits.ts';
import type { PdfDict, PdfObject } from './objects.ts';
import { isDict, isInteger } from './objects.ts';
import { hexDigit, isSpace } from './parser.ts';

export interface FilterStep {
  readonly name: string;
  readonly parms: PdfDict | undefined;
}

/**
 * Undoes the filters that structure streams may use (ISO 32000-2 §7.4: Flate, LZW, ASCII85, ASCIIHex, each with predictors
 * where they exist). Image filters are not decoded. @throws PDF_LIMIT over `maxBytes`; PDF_BROKEN unknown filter or bad data.
 */
export function decodeFilters(bytes: Uint8Array, steps: readonly FilterStep[], maxBytes: number): Uint8Array {
  if (steps.length > PDF_LIMITS.filters) throw limit(`more than ${PDF_LIMITS.filters} filters on one stream`);
  return steps.reduce((data, step) => decodeOne(data, step, maxBytes), bytes);
}

function decodeOne(data: Uint8Array, { name, parms }: FilterStep, maxBytes: number): Uint8Array {
  switch (name) {
    case 'FlateDecode':
    case 'Fl':
      return unpredict(inflate(data, maxBytes), parms);
    case 'LZWDecode':
    case 'LZW':
      return unpredict(lzwDecode(data, intParm(parms, 'EarlyChange', 1), Math.min(maxBytes, LZW_MAX_BYTES)), parms);
    case 'ASCII85Decode':
    case 'A85':
      return ascii85Decode(data);
    case 'ASCIIHexDecode':
    case 'AHx':
      return asciiHexDecode(data);
    case 'Crypt':
      return data;
    default:
      throw broken('a structure stream uses a filter that such streams may not use');
  }
}

/** LZW grows a JavaScript array, eight bytes a byte; no structure stream of today uses it. */
const LZW_MAX_BYTES = 8 * 1024 * 1024;

function inflate(data: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw limit(`a stream inflates to more than ${maxBytes} bytes`);
    throw broken('compressed data cannot be inflated', error);
  }
}

/** ISO 32000-2 §7.4.4: codes of 9 to 12 bits; 256 clears the table, 257 ends. */
function lzwDecode(data: Uint8Array, earlyChange: number, maxBytes: number): Uint8Array {
  const out: number[] = [];
  let table: number[][] = [];
  let previous: number[] | undefined;
  let bits = 0;
  let held = 0;
  let width = 9;
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xffffff;
    bits += 8;
    if (bits < width) continue;
    const code = (held >> (bits - width)) & ((1 << width) - 1);
    bits -= width;
    if (code === 257) break;
    if (code === 256) {
      table = [];
      previous = undefined;
      width = 9;
      continue;
    }
    const entry: number[] | undefined = code < 256 ? [code] : code - 258 < table.length ? table[code - 258] : previous && [...previous, previous[0] ?? 0];
    if (entry === undefined || (code > 257 && code - 258 > table.length)) throw broken('LZW data with an unknown code');
    for (const value of entry) out.push(value);
    if (out.length > maxBytes) throw limit(`a stream inflates to more than ${maxBytes} bytes`);
    if (previous !== undefined && table.length < 4096 - 258) table.push([...previous, entry[0] ?? 0]);
    previous = entry;
    const size = table.length + 258 + earlyChange;
    width = size >= 2048 ? 12 : size >= 1024 ? 11 : size >= 512 ? 10 : 9;
  }
  return Uint8Array.from(out);
}

function ascii85Decode(data: Uint8Array): Uint8Array {
  const out: number[] = [];
  let group: number[] = [];
  for (const byte of data) {
    if (isSpace(byte)) continue;
    if (byte === 0x7e) break;
    if (byte === 0x7a && group.length === 0) {
      out.push(0, 0, 0, 0);
      continue;
    }
    if (byte < 0x21 || byte > 0x75) throw broken('ASCII85 data with another character');
    group.push(byte - 0x21);
    if (group.length === 5) {
      out.push(...base85Bytes(group));
      group = [];
    }
  }
  if (group.length === 1) throw broken('ASCII85 data with a lone last character');
  if (group.length > 1) out.push(...base85Bytes([...group, 84, 84, 84, 84].slice(0, 5)).slice(0, group.length - 1));
  return Uint8Array.from(out);
}

function base85Bytes(group: readonly number[]): number[] {
  const value = group.reduce((sum, digit) => sum * 85 + digit, 0);
  if (value > 0xffffffff) throw broken('ASCII85 group over 2^32');
  return [Math.floor(value / 0x1000000), (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

function asciiHexDecode(data: Uint8Array): Uint8Array {
  const digits: number[] = [];
  for (const byte of data) {
    if (byte === 0x3e) break;
    if (isSpace(byte)) continue;
    const digit = hexDigit(byte);
    if (digit === -1) throw broken('ASCIIHex data with another character');
    digits.push(digit);
  }
  if (digits.length % 2 !== 0) digits.push(0);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => ((digits[2 * i] ?? 0) << 4) | (digits[2 * i + 1] ?? 0));
}

const intParm = (parms: PdfDict | undefined, key: string, fallback: number): number => {
  const value: PdfObject | undefined = isDict(parms) ? parms.entries.get(key) : undefined;
  return isInteger(value) ? value : fallback;
};

/** ISO 32000-2 §7.4.4.4: PNG predictors (10–15) and TIFF predictor 2 of 8 bits. */
function unpredict(data: Uint8Array, parms: PdfDict | undefined): Uint8Array {
  const predictor = intParm(parms, 'Predictor', 1);
  if (predictor === 1) return data;
  const colors = intParm(parms, 'Colors', 1);
  const bitsPerComponent = intParm(parms, 'BitsPerComponent', 8);
  const columns = intParm(parms, 'Columns', 1);
  const sane = colors > 0 && colors <= 32 && [1, 2, 4, 8, 16].includes(bitsPerComponent) && columns > 0 && columns <= 1_000_000;
  if (!sane) throw broken('predictor parameters out of range');
  const pixelBytes = Math.max(1, (colors * bitsPerComponent) >> 3);
  const rowBytes = (colors * bitsPerComponent * columns + 7) >> 3;
  if (predictor >= 10) return pngUnpredict(data, rowBytes, pixelBytes);
  if (predictor === 2 && bitsPerComponent === 8) return tiffUnpredict(data, rowBytes, colors);
  throw broken(`predictor ${predictor} is not supported`);
}

function tiffUnpredict(data: Uint8Array, rowBytes: number, colors: number): Uint8Array {
  const out = Uint8Array.from(data);
  for (let row = 0; row < out.length; row += rowBytes) {
    for (let i = row + colors; i < Math.min(row + rowBytes, out.length); i++) out[i] = (out[i] ?? 0) + (out[i - colors] ?? 0);
  }
  return out;
}

function pngUnpredict(data: Uint8Array, rowBytes: number, pixelBytes: number): Uint8Array {
  const rows = Math.ceil(data.length / (rowBytes + 1));
  const out = new Uint8Array(rows * rowBytes);
  let length = 0;
  for (let row = 0; row < rows; row++) {
    const from = row * (rowBytes + 1);
    const to = row * rowBytes;
    const count = Math.min(rowBytes, data.length - from - 1);
    const type = data[from] ?? 0;
    for (let i = 0; i < count; i++) {
      const left = i >= pixelBytes ? (out[to + i - pixelBytes] ?? 0) : 0;
      const up = row > 0 ? (out[to + i - rowBytes] ?? 0) : 0;
      const upLeft = row > 0 && i >= pixelBytes ? (out[to + i - rowBytes - pixelBytes] ?? 0) : 0;
      out[to + i] = (data[from + 1 + i] ?? 0) + pngPrediction(type, left, up, upLeft);
    }
    length += Math.max(0, count);
  }
  return out.subarray(0, length);
}

function pngPrediction(type: number, left: number, up: number, upLeft: number): number {
  switch (type) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const estimate = left + up - upLeft;
      const toLeft = Math.abs(estimate - left);
      const toUp = Math.abs(estimate - up);
      const toUpLeft = Math.abs(estimate - upLeft);
      if (toLeft <= toUp && toLeft <= toUpLeft) return left;
      return toUp <= toUpLeft ? up : upLeft;
    }
    default:
      throw broken('PNG predictor row of an unknown type');
  }
}
