import type { Random } from '../simulation/random.ts';

/** Changes an input a little. `other` is another seed of the same kind. */
export type Mutator = (input: Buffer, random: Random, other: Buffer) => Buffer;

const position = (input: Buffer, random: Random): number => random.between(0, Math.max(0, input.length - 1));

function flipBit(input: Buffer, random: Random): Buffer {
  const out = Buffer.from(input);
  const at = position(out, random);
  out[at] = (out[at] ?? 0) ^ (1 << random.between(0, 7));
  return out;
}

const TELLING = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x17, 0x18, 0x1f, 0x24, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xa0, 0xa1, 0xa3, 0xbf, 0xfe, 0xff] as const;

function setByte(input: Buffer, random: Random): Buffer {
  const out = Buffer.from(input);
  out[position(out, random)] = random.chance(0.5) ? random.between(0, 255) : random.pick([...TELLING]);
  return out;
}

const truncate: Mutator = (input, random) => input.subarray(0, position(input, random));
const splice: Mutator = (input, random, other) => Buffer.concat([input.subarray(0, position(input, random)), other.subarray(position(other, random))]);

function insert(input: Buffer, random: Random): Buffer {
  const at = position(input, random);
  const from = position(input, random);
  const piece = random.chance(0.5) ? input.subarray(from, from + random.between(1, 64)) : Buffer.alloc(random.between(1, 32), random.pick([...TELLING]));
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at)]);
}

function remove(input: Buffer, random: Random): Buffer {
  const at = position(input, random);
  return Buffer.concat([input.subarray(0, at), input.subarray(at + random.between(1, 64))]);
}

export interface Element {
  readonly start: number;
  /** Of the first length octet. */
  readonly lengthAt: number;
  readonly contentAt: number;
  readonly end: number;
}

const MAX_ELEMENTS = 4_000;
const MAX_DEPTH = 40;

/** TLV elements that can be made out, nested ones included; nothing is demanded of them. */
export function elementsOf(input: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  collect(input, 0, input.length, 0, found);
  return found;
}

function collect(input: Uint8Array, from: number, to: number, depth: number, found: Element[]): void {
  for (let at = from; at + 2 <= to && found.length < MAX_ELEMENTS; ) {
    const element = elementAt(input, at, to);
    if (element === undefined) return;
    found.push(element);
    if (((input[at] ?? 0) & 0x20) !== 0 && depth < MAX_DEPTH) collect(input, element.contentAt, element.end, depth + 1, found);
    at = element.end;
  }
}

function elementAt(input: Uint8Array, start: number, to: number): Element | undefined {
  const first = input[start + 1] ?? 0;
  const count = first > 0x80 ? first - 0x80 : 0;
  if (first === 0x80 || count > 4) return undefined;
  let length = count === 0 ? first : 0;
  for (let i = 0; i < count; i++) length = length * 256 + (input[start + 2 + i] ?? 0);
  const contentAt = start + 2 + count;
  return contentAt + length > to ? undefined : { start, lengthAt: start + 1, contentAt, end: contentAt + length };
}

const anyElement = (input: Buffer, random: Random): Element | undefined => {
  const [first, ...rest] = elementsOf(input);
  return first === undefined ? undefined : random.pick([first, ...rest]);
};

const LENGTHS: readonly [readonly number[], ...(readonly number[])[]] = [[0x00], [0x01], [0x7f], [0x80], [0x81, 0x00], [0x81, 0xff], [0x82, 0xff, 0xff], [0x84, 0x7f, 0xff, 0xff, 0xff], [0x84, 0xff, 0xff, 0xff, 0xff], [0x88, 0, 0, 0, 0, 0, 0, 0, 1], [0xff]];

function changeLength(input: Buffer, random: Random): Buffer {
  const element = anyElement(input, random);
  if (element === undefined) return setByte(input, random);
  const length = random.chance(0.5) ? Buffer.from(random.pick(LENGTHS)) : Buffer.of((input[element.lengthAt] ?? 0) + random.between(-3, 3));
  return Buffer.concat([input.subarray(0, element.lengthAt), length, input.subarray(element.contentAt)]);
}

/** Another element takes the place of one; lengths above are left wrong, or put right. */
function swapElement(input: Buffer, random: Random, other: Buffer): Buffer {
  const target = anyElement(input, random);
  const source = anyElement(other, random);
  if (target === undefined || source === undefined) return splice(input, random, other);
  const piece = other.subarray(source.start, source.end);
  return random.chance(0.8) ? replaceElement(input, target, piece) : Buffer.concat([input.subarray(0, target.start), piece, input.subarray(target.end)]);
}

function repeatElement(input: Buffer, random: Random): Buffer {
  const target = anyElement(input, random);
  if (target === undefined) return insert(input, random);
  const piece = input.subarray(target.start, target.end);
  const times = random.chance(0.1) ? random.between(10, 200) : 2;
  return piece.length * times > 1_000_000 ? setByte(input, random) : replaceElement(input, target, Buffer.concat(Array.from({ length: times }, () => piece)));
}

/** Wraps an element many times over: depth. */
function nestElement(input: Buffer, random: Random): Buffer {
  const target = anyElement(input, random);
  if (target === undefined) return insert(input, random);
  let piece: Buffer = input.subarray(target.start, target.end);
  for (let i = random.between(1, 80); i > 0 && piece.length < 100_000; i--) piece = tlv(random.pick([0x30, 0x31, 0xa0, 0x24]), piece);
  return replaceElement(input, target, piece);
}

const dropElement: Mutator = (input, random) => {
  const target = anyElement(input, random);
  return target === undefined ? remove(input, random) : replaceElement(input, target, Buffer.alloc(0));
};

function tlv(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x1_0000 ? [0x82, length >> 8, length & 0xff] : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

/** Puts bytes in place of an element and the lengths of all that hold it right again. */
export function replaceElement(input: Buffer, target: Element, piece: Uint8Array): Buffer {
  const parents = elementsOf(input).filter(({ contentAt, end, start }) => start < target.start && contentAt <= target.start && end >= target.end && ((input[start] ?? 0) & 0x20) !== 0);
  let out: Buffer = Buffer.from(piece);
  let { start, end } = target;
  for (const parent of [...parents].reverse()) {
    const content = Buffer.concat([input.subarray(parent.contentAt, start), out, input.subarray(end, parent.end)]);
    out = tlv(input[parent.start] ?? 0, content);
    ({ start, end } = parent);
  }
  return Buffer.concat([input.subarray(0, start), out, input.subarray(end)]);
}

export const BINARY: readonly [Mutator, ...Mutator[]] = [flipBit, setByte, truncate, splice, insert, remove];
export const DER: readonly [Mutator, ...Mutator[]] = [...BINARY, changeLength, changeLength, swapElement, swapElement, repeatElement, nestElement, dropElement];

const NUMBERS = ['0', '-1', '1', '65536', '2147483647', '4294967296', '9007199254740993', '99999999999999999999', '1e9', '.', '--1'] as const;
const WORDS = ['<<', '>>', '[', ']', '(', ')', '<', '>', 'obj', 'endobj', 'stream\n', 'endstream', 'R', 'null', '/Length 99999999', '/Type/ObjStm', '/Type/XRef', '/Filter/FlateDecode', '/Filter[/FlateDecode/FlateDecode]', '/Prev 0', '/Kids[1 0 R]', '/Parent 3 0 R', 'xref\n0 1\n', 'trailer', 'startxref', '%%EOF', '%'] as const;
const NUMBER = /\d+/g;
const REFERENCE = /\d+ \d+ R/g;

function changeText(pattern: RegExp, choose: (random: Random, found: string, all: readonly string[]) => string): Mutator {
  return (input, random) => {
    const text = input.toString('latin1');
    const found = [...text.matchAll(pattern)];
    const [first, ...rest] = found;
    if (first === undefined) return setByte(input, random);
    const match = random.pick([first, ...rest]);
    const value = choose(random, match[0], found.map(([all]) => all));
    return Buffer.from(text.slice(0, match.index) + value + text.slice(match.index + match[0].length), 'latin1');
  };
}

const changeNumber = changeText(NUMBER, (random, found) => (random.chance(0.5) ? random.pick([...NUMBERS]) : String(Number(found) + random.between(-20, 20))));
/** References led elsewhere make loops and mix up kinds of objects. */
const redirect = changeText(REFERENCE, (random, found, all) => random.pick([found, ...all]));
const insertWord: Mutator = (input, random) => {
  const at = position(input, random);
  return Buffer.concat([input.subarray(0, at), Buffer.from(random.pick([...WORDS])), input.subarray(at)]);
};
/** The same length, so that offsets and the cross-reference stay right. */
const overwrite: Mutator = (input, random, other) => {
  const out = Buffer.from(input);
  const from = position(other, random);
  other.copy(out, position(out, random), from, from + random.between(1, 200));
  return out;
};

/** Mutates the CMS in /Contents and puts it back in its place when it fits. */
const insideContents: Mutator = (input, random, other) => {
  const text = input.toString('latin1');
  const found = [...text.matchAll(/\/Contents ?<([0-9a-fA-F]{64,})>/g)];
  const [first, ...rest] = found;
  if (first === undefined) return setByte(input, random);
  const match = random.pick([first, ...rest]);
  const hex = match[1] ?? '';
  const mutated = random.pick(DER)(Buffer.from(hex.replace(/(?:00)+$/, ''), 'hex'), random, other).toString('hex');
  if (mutated.length > hex.length) return flipBit(input, random);
  const at = match.index + match[0].length - 1 - hex.length;
  return Buffer.from(text.slice(0, at) + mutated.padEnd(hex.length, '0') + text.slice(at + hex.length), 'latin1');
};

export const PDF: readonly [Mutator, ...Mutator[]] = [...BINARY, changeNumber, changeNumber, redirect, redirect, insertWord, overwrite, insideContents];
