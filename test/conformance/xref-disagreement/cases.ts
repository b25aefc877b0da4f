import { classicPdf } from '../../support/pdf.ts';
import { formBodies, streamBody } from '../mutants/documents.ts';
import { bodies, build, EVIL_CONTENT, FREE, HARMLESS_CONTENT, inUse, withAfter } from './documents.ts';

/** Content masking of "Processing Dangerous Paths", Müller et al., NDSS 2021, §V-C, and of parser confusion in general. */
export interface Case {
  readonly id: string;
  readonly rule: string;
  readonly document: Uint8Array;
  /** Both readings agree: such a document is signed and passes. */
  readonly agree?: boolean;
}

const mask = (number: number, rule: string, document: Uint8Array): Case => ({ id: `PDF-MASK-${number}`, rule, document });
const alike = (number: number, rule: string, document: Uint8Array): Case => ({ id: `PDF-MASK-GOOD-${number}`, rule, document, agree: true });

const EVIL_OBJECT = `4 0 obj\n${EVIL_CONTENT}\nendobj\n`;
const lengthOf = (length: string): Uint8Array => build({ objects: bodies({ 4: HARMLESS_CONTENT.replace(/\/Length \d+/, `/Length ${length}`) }) });

/** A stream of the outer document that holds a whole document of its own. */
const INNER = classicPdf(formBodies({ 4: EVIL_CONTENT })).toString('latin1');
const at = (text: string, needle: string, from = 0): number => {
  const found = text.indexOf(needle, from);
  if (found === -1) throw new Error(`${needle} is not in the document`);
  return found;
};

const STREAM_LENGTH: readonly Case[] = [
  mask(1, 'stream length too small', lengthOf('10')),
  mask(2, 'stream length zero', lengthOf('0')),
  mask(3, 'stream length too large', lengthOf('60')),
  mask(4, 'stream length that swallows the next object', (() => {
    const next = bodies().find(([num]) => num === 5)?.[1] ?? '';
    const swallowed = `\nendstream\nendobj\n5 0 obj\n${next}\nendobj\n9 0 obj\n<</Length 1>>\nstream\nx`;
    const content = HARMLESS_CONTENT.replace(/^[\s\S]*stream\n([\s\S]*)\nendstream$/, '$1');
    return build({ objects: bodies({ 4: streamBody(content + swallowed) }).filter(([num]) => num !== 5), table: (_, text) => ({ 5: inUse(at(text, '5 0 obj')) }) });
  })()),
  mask(5, 'stream length negative', lengthOf('-5')),
  mask(6, 'stream length behind a reference that a later object changes', build({ objects: [...bodies({ 4: HARMLESS_CONTENT.replace(/\/Length \d+/, '/Length 9 0 R') }), [9, '38'], [9, '4']] })),
  mask(7, 'stream length missing', build({ objects: bodies({ 4: HARMLESS_CONTENT.replace(/\/Length \d+/, '') }) })),
];

const DUPLICATES: readonly Case[] = [
  mask(10, 'an object twice, the table knows the first', build({ objects: withAfter(4, [[4, EVIL_CONTENT]]) })),
  mask(11, 'the catalog twice, the table knows the first', build({ objects: [...bodies(), [1, '<</Type/Catalog/Pages 20 0 R>>'], [20, '<</Type/Pages/Kids[]/Count 0>>']] })),
  mask(12, 'an object twice, the table knows the first, the other far behind', build({ objects: [...bodies(), [4, EVIL_CONTENT]] })),
  mask(13, 'the same number under another generation', build({ objects: bodies(), between: EVIL_OBJECT.replace('4 0 obj', '4 1 obj') })),
];

const SWAPS: readonly Case[] = [
  mask(20, 'two entries swapped', build({ objects: withAfter(4, [[9, EVIL_CONTENT]]), table: (offsets) => ({ 4: inUse(offsets.get(9)?.[0] ?? 0), 9: inUse(offsets.get(4)?.[0] ?? 0) }) })),
  mask(21, 'an entry that leads into the data of a stream', build({ objects: bodies({ 9: streamBody(EVIL_OBJECT) }).filter(([num]) => num !== 4), table: (_, text) => ({ 4: inUse(at(text, '4 0 obj')) }) })),
  mask(22, 'an entry that leads into a string', build({ objects: bodies({ 9: `(${EVIL_OBJECT.replaceAll('(', '\\(').replaceAll(')', '\\)')})` }).filter(([num]) => num !== 4), table: (_, text) => ({ 4: inUse(at(text, '4 0 obj')) }) })),
  mask(23, 'an entry that leads into a comment', build({ objects: bodies().filter(([num]) => num !== 4), between: `%${EVIL_OBJECT.replaceAll('\n', ' ')}\n`, table: (_, text) => ({ 4: inUse(at(text, '4 0 obj')) }) })),
  mask(24, 'an object in the file that the table calls free', build({ objects: bodies(), table: () => ({ 4: FREE }) })),
  mask(25, 'an entry of another generation', build({ objects: bodies(), table: (offsets) => ({ 4: inUse(offsets.get(4)?.[0] ?? 0, 1) }) })),
  mask(26, 'an entry a few bytes beside its object', build({ objects: bodies(), table: (offsets) => ({ 4: inUse((offsets.get(4)?.[0] ?? 0) + 2) }) })),
];

const INNER_OUTER: readonly Case[] = [
  mask(30, 'a document within a stream, the last startxref its own', (() => {
    const outer = build({ objects: bodies({ 9: streamBody(INNER) }) }).toString('latin1');
    const inner = at(outer, '%PDF-', 9) + Number(/startxref\n(\d+)/.exec(INNER)?.[1]);
    return Buffer.from(outer.replace(/startxref\n\d+\n%%EOF\n$/, `startxref\n${inner}\n%%EOF\n`), 'latin1');
  })()),
  mask(31, 'a second document behind the first', Buffer.concat([build({ objects: bodies() }), Buffer.from(INNER, 'latin1')])),
  mask(32, 'a second document behind the first, offsets its own', (() => {
    const first = build({ objects: bodies() });
    const shift = (digits: string): string => String(Number(digits) + first.length).padStart(digits.length, '0');
    const second = INNER.replace(/^(\d{10})( \d{5} n )$/gm, (_, offset: string, rest: string) => shift(offset) + rest).replace(/startxref\n(\d+)/, (_, offset: string) => `startxref\n${shift(offset)}`);
    return Buffer.concat([first, Buffer.from(second, 'latin1')]);
  })()),
  mask(33, 'an older table hidden in a stream (/Prev)', (() => {
    const outer = build({ objects: bodies({ 9: streamBody(`xref\n4 1\n${inUse(9)}\ntrailer\n<</Size 10/Root 1 0 R>>\n`) }).filter(([num]) => num !== 4), between: `4 0 obj\n${EVIL_CONTENT}\nendobj\n` }).toString('latin1');
    const placed = outer.replace(/(stream\nxref\n4 1\n)\d{10}/, (_, head: string) => head + String(at(outer, '4 0 obj')).padStart(10, '0'));
    return Buffer.from(placed.replace(/trailer\n<<\/Size 10\/Root 1 0 R>>\nstartxref/, `trailer\n<</Size 10/Root 1 0 R/Prev ${at(placed, 'xref\n4 1')}>>\nstartxref`), 'latin1');
  })()),
];

const OUTSIDE: readonly Case[] = [
  mask(40, 'objects before the header', build({ before: EVIL_OBJECT, objects: bodies() })),
  mask(41, 'objects after the end', build({ objects: bodies(), after: EVIL_OBJECT })),
  mask(42, 'an object between the objects that is none of them', build({ objects: bodies(), between: 'this is no object\n' })),
  mask(43, 'a second end in the middle', build({ objects: bodies(), between: 'startxref\n9\n%%EOF\n' })),
  mask(44, 'a second trailer behind the table', Buffer.concat([build({ objects: bodies() }).subarray(0, -6), Buffer.from('\ntrailer\n<</Size 9/Root 9 0 R>>\n%%EOF\n')])),
];

const ALIKE: readonly Case[] = [
  alike(1, 'as a writer makes it', build({ objects: bodies() })),
  alike(2, 'comments between the objects', build({ objects: bodies(), between: '% made by an honest writer\n' })),
  alike(3, 'stream length behind a reference', build({ objects: bodies({ 4: HARMLESS_CONTENT.replace(/\/Length \d+/, '/Length 9 0 R'), 9: '38' }) })),
  alike(4, 'objects in another order than their numbers', build({ objects: [...bodies()].reverse() })),
  alike(5, 'a number that is free and nowhere in the file', build({ objects: bodies({ 11: 'null' }) })),
  alike(6, 'a document within a stream that nothing leads into', build({ objects: bodies({ 9: streamBody(INNER, '/Type/EmbeddedFile') }) })),
];

export const CASES: readonly Case[] = [...STREAM_LENGTH, ...DUPLICATES, ...SWAPS, ...INNER_OUTER, ...OUTSIDE, ...ALIKE];
