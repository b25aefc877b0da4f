import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFilters } from '../../../../src/formats/pdf/filters.ts';
import type { PdfDict, PdfObject } from '../../../../src/formats/pdf/objects.ts';
import { dict, name, ref, string } from '../../../../src/formats/pdf/objects.ts';
import { ObjectParser } from '../../../../src/formats/pdf/parser.ts';
import { dateString, readDate, readTextString, textString } from '../../../../src/formats/pdf/text.ts';
import { serializeObject } from '../../../../src/formats/pdf/write.ts';

const parse = (text: string | Uint8Array): PdfObject => new ObjectParser(Buffer.from(text as string, 'latin1'), -1, true).object();

describe('objects (ISO 32000-2 §7.3)', () => {
  it('reads the forms of numbers, strings, names and comments', () => {
    expect(parse('[1 -2 +3 4. .5 -.25 00012]')).toEqual([1, -2, 3, 4, 0.5, -0.25, 12]);
    expect(parse('(a\\(b\\)(c)\\n\\101\\7\\\r\nd)')).toMatchObject({ bytes: Uint8Array.from(Buffer.from('a(b)(c)\nA\x07d', 'latin1')) });
    expect(parse('<4 1 4>')).toMatchObject({ bytes: Uint8Array.of(0x41, 0x40), hex: true });
    expect(parse('/A#20B#2f')).toEqual(name('A B/'));
    expect(parse('% note\n[1 0 R 2 0%\n R 3]')).toEqual([ref(1), ref(2), 3]);
    expect(parse('[true false null]')).toEqual([true, false, null]);
  });

  it('keeps names apart that share a hash or an escape, and digits that are no number of a reference', () => {
    expect(parse('[/Aa/BB/Aa/A#61/BB/A#/A#6]')).toEqual(['Aa', 'BB', 'Aa', 'Aa', 'BB', 'A#', 'A#6'].map(name));
    const many = Array.from({ length: 5_000 }, (_, i) => `N${i * 7919}`);
    expect(parse(`[/${[...many, ...many].join('/')}]`)).toEqual([...many, ...many].map(name));
    expect(parse('[1 2 3 0 R 4 5]')).toEqual([1, 2, ref(3), 4, 5]);
    expect(parse('[99999999999999999999 1]')).toEqual([1e20, 1]);
  });

  it('keeps the last of a repeated key and tells of it', () => {
    expect(parse('<</A 1/B 2/A 3>>')).toMatchObject({ duplicates: ['A'], entries: new Map([['A', 3], ['B', 2]]) });
  });

  it.each(['1.2.3', '--5', '(open', '<4x>', '<</A 1', '[1 2', '<<1 2>>', 'nul', '>>', ''])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(/damaged/);
  });

  it('writes what it reads: any object comes back the same', () => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => Number(value.toFixed(6))),
      fc.string({ unit: 'binary-ascii' }).map((text) => name(text.replaceAll('\0', ''))),
      fc.tuple(fc.uint8Array({ maxLength: 30 }), fc.boolean()).map(([bytes, hex]) => string(bytes, hex)),
      fc.nat(10_000).map((num) => ref(num)),
    );
    const { tree } = fc.letrec<{ tree: PdfObject }>((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(fc.stringMatching(/^[A-Za-z #(]{1,6}$/), tie('tree'), { maxKeys: 4 }).map(dict)),
    }));
    fc.assert(fc.property(tree, (value) => { expect(normal(parse(serializeObject(value)))).toEqual(normal(value)); }), { numRuns: 300, seed: 20261124 });
  });
});

/** Bytes as text, -0 as 0: what "the same" means to a reader. */
function normal(value: PdfObject): unknown {
  if (value === 0) return 0;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => normal(item as PdfObject));
  if (!('kind' in value)) return value;
  if (value.kind === 'string') return { kind: 'string', hex: value.hex, text: Buffer.from(value.bytes).toString('latin1') };
  if (value.kind === 'dict') return { kind: 'dict', entries: Array.from(value.entries, ([key, item]) => [key, normal(item)]) };
  return value;
}

describe('text strings and dates (§7.9.2, §7.9.4)', () => {
  it('writes Vietnamese composed, as UTF-16BE with byte order mark', () => {
    const written = textString('Nguyễn Thị Thử'.normalize('NFD'));
    expect(Buffer.from(written.bytes.subarray(0, 2)).toString('hex')).toBe('feff');
    expect(readTextString(written)).toBe('Nguyễn Thị Thử'.normalize('NFC'));
    expect(readTextString(textString('Plain'))).toBe('Plain');
  });

  it('reads PDFDocEncoding and UTF-8 with mark', () => {
    expect(readTextString(string(Uint8Array.of(0x41, 0x80, 0xa0, 0xe9)))).toBe('A•€é');
    expect(readTextString(string(Buffer.from('\ufeffHuế', 'utf8')))).toBe('Huế');
  });

  it('writes the time in the zone asked for and reads it back', () => {
    const time = new Date('2026-11-24T23:30:15Z');
    const written = dateString(time, 420);
    expect(Buffer.from(written.bytes).toString()).toBe("D:20261125063015+07'00'");
    expect(readDate(written)).toEqual(time);
    expect(readDate(dateString(time, -210))).toEqual(time);
    expect(readDate(textString('D:2026'))).toEqual(new Date('2026-01-01T00:00:00Z'));
    expect(readDate(textString('yesterday'))).toBeUndefined();
  });
});

describe('filters (§7.4)', () => {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  const decode = (bytes: Uint8Array, filter: string, parms?: PdfDict): Uint8Array => decodeFilters(bytes, [{ name: filter, parms }], 1_000_000);

  it('decodes the LZW example of §7.4.4.2', () => {
    const encoded = Uint8Array.of(0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01);
    expect([...decode(encoded, 'LZWDecode')]).toEqual([45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
  });

  it('decodes ASCII85 and ASCIIHex', () => {
    expect(text(decode(Buffer.from('87cURD]i,"Ebo80~>'), 'ASCII85Decode'))).toBe('Hello World!');
    expect([...decode(Buffer.from('z~>'), 'ASCII85Decode')]).toEqual([0, 0, 0, 0]);
    expect(text(decode(Buffer.from('48 65 6C6c 6F>'), 'ASCIIHexDecode'))).toBe('Hello');
  });

  it('undoes PNG predictors of every row type (PNG §9.2)', () => {
    const rows = [[0, 10, 20, 30], [1, 10, 10, 10], [2, 1, 1, 1], [3, 10, 10, 10], [4, 1, 2, 3]];
    const plain = decode(deflateSync(Buffer.from(rows.flat())), 'FlateDecode', dict({ Predictor: 15, Columns: 3 }));
    expect([...plain]).toEqual([10, 20, 30, 10, 20, 30, 11, 21, 31, 15, 28, 39, 16, 30, 42]);
  });

  it('undoes the TIFF predictor of 8 bits', () => {
    expect([...decode(deflateSync(Uint8Array.of(1, 1, 1, 5, 1, 1)), 'FlateDecode', dict({ Predictor: 2, Columns: 3 }))]).toEqual([1, 2, 3, 5, 6, 7]);
  });

  it('refuses image filters, bad data, and more than is allowed', () => {
    expect(() => decode(Buffer.from('x'), 'DCTDecode')).toThrow(/filter/);
    expect(() => decode(Buffer.from('not zlib'), 'FlateDecode')).toThrow(/inflated/);
    expect(() => decode(deflateSync(Buffer.alloc(2_000_000)), 'FlateDecode')).toThrow(/more than/);
    expect(() => decode(deflateSync(Buffer.from('x')), 'FlateDecode', dict({ Predictor: 12, Columns: -1 }))).toThrow(/predictor/);
  });
});
