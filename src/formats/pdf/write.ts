import { broken } from './limits.ts';
import type { PdfDict, PdfObject, PdfString } from './objects.ts';
import { isArray } from './objects.ts';
import { latin1 } from './parser.ts';

/** A part of what is written: text of one byte a character (Latin-1), or bytes. */
export type SyntaxPiece = string | Uint8Array;

/** An object as PDF syntax (ISO 32000-2 §7.3). Strings read from hexadecimal stay hexadecimal. */
export function serializeObject(value: PdfObject): Uint8Array {
  if (value !== null && typeof value === 'object' && 'kind' in value && value.kind === 'stream') {
    const head = Buffer.from(`${objectText(value.dict)}\nstream\n`, 'latin1');
    return Buffer.concat([head, value.raw(), Buffer.from('\nendstream', 'latin1')]);
  }
  return Buffer.from(objectText(value), 'latin1');
}

/** Any object but a stream as PDF syntax, one byte a character (Latin-1). @throws PDF_BROKEN for a stream */
export function objectText(value: PdfObject): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') return numberText(value);
  if (isArray(value)) return `[${value.map(objectText).join(' ')}]`;
  switch (value.kind) {
    case 'name':
      return nameText(value.text);
    case 'ref':
      return `${value.num} ${value.gen} R`;
    case 'string':
      return stringText(value);
    case 'dict':
      return dictText(value);
    case 'stream':
      throw broken('a stream inside another object');
  }
}

function dictText(value: PdfDict): string {
  let text = '<<';
  for (const [key, item] of value.entries) text += nameText(key) + (beginsWithDelimiter(item) ? '' : ' ') + objectText(item);
  return `${text}>>`;
}

/** Such a value may follow a name without white space. */
function beginsWithDelimiter(value: PdfObject): boolean {
  return isArray(value) || (value !== null && typeof value === 'object' && value.kind !== 'ref');
}

/** PDF has no exponents; ten decimals are finer than any device. */
function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (Number.isInteger(value)) return value.toFixed(0);
  const fixed = value.toFixed(10).replace(/0+$/, '').replace(/\.$/, '');
  return fixed === '-0' ? '0' : fixed;
}

function nameText(name: string): string {
  if (/^[A-Za-z0-9._+-]*$/.test(name)) return '/' + name;
  return '/' + name.replace(/[^!-~]|[#()<>[\]{}/%]/g, (char) => '#' + char.charCodeAt(0).toString(16).padStart(2, '0'));
}

function stringText(value: PdfString): string {
  if (value.hex) return `<${Buffer.from(value.bytes).toString('hex')}>`;
  const escaped = latin1(value.bytes).replace(/[\\()\r]/g, (char) => (char === '\r' ? '\\r' : '\\' + char));
  return `(${escaped})`;
}
