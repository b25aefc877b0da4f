import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import fontkit from '@cantoo/fontkit';
import { PDFDocument } from '@cantoo/pdf-lib';
import { loadPaperFonts } from '../../../../sandbox/papers/fonts.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { openPdf } from '../../../../src/formats/pdf/document.ts';
import { findPage, leaves, shownSize } from '../../../../src/formats/pdf/pages.ts';
import { openOutlines } from '../../../../src/formats/pdf-drawing/glyph-outlines.ts';
import { openPaper, type Paper, type PaperFonts } from '../../../../src/formats/pdf-drawing/paper.ts';
import { breakLines, type Faces, type TextStyle } from '../../../../src/formats/pdf-drawing/text-layout.ts';
import { qpdfComplaints } from '../../../support/pdf.ts';
import { textOf } from '../../../support/pictures.ts';
import { requireTool } from '../../../support/tools.ts';

let fonts: PaperFonts;
let faces: Faces;
const MM = 72 / 25.4;
const STYLE: TextStyle = { face: 'regular', size: 13, colour: '#000000' };

beforeAll(async () => {
  fonts = await loadPaperFonts();
  const document = await PDFDocument.create();
  document.registerFontkit(fontkit);
  const [regular, bold] = await Promise.all([document.embedFont(fonts.regular), document.embedFont(fonts.bold)]);
  faces = { regular, bold, italic: regular, boldItalic: bold };
});

const paper = (): Promise<Paper> => openPaper({ title: 'Giấy thử', author: 'Người mẫu', createdAt: new Date('2026-11-24T02:00:00Z'), fonts });

describe('breaking lines', () => {
  const word = fc.string({ unit: fc.constantFrom('ế', 'ệ', 'ư', 'a', 'n', 'g', 'Đ', '1'), minLength: 1, maxLength: 9 });

  /** The longest word and the deepest indent fit into the narrowest line. */
  it('keeps every line within the width and every word in its place', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 120, max: 400 }), fc.integer({ min: 0, max: 30 }), (words, width, indent) => {
        const lines = breakLines([{ text: words.join(' ') }], STYLE, faces, width, indent);
        lines.forEach((line, i) => expect(line.width + (i === 0 ? indent : 0)).toBeLessThanOrEqual(width + 1e-6));
        expect(lines.flatMap((line) => line.words.map(({ text }) => text))).toEqual(words.map((text) => text.normalize('NFC')));
        expect(lines.filter(({ last }) => last)).toEqual([lines.at(-1)]);
      }),
    );
  });

  it('does not break at a no-break space, nor between spans that touch', () => {
    const spans = [{ text: 'Điều\u00a01', face: 'bold' as const }, { text: '. Xác nhận' }];
    const lines = breakLines(spans, STYLE, faces, 62);
    expect(lines.map(({ words }) => words.map(({ text }) => text))).toEqual([['Điều\u00a01', '.'], ['Xác', 'nhận']]);
  });

  it('lets a word that is longer than the line stand alone', () => {
    expect(breakLines([{ text: 'a dài-không-thể-ngắt b' }], STYLE, faces, 40).map(({ words }) => words.length)).toEqual([1, 1, 1]);
  });

  it('composes letters and marks, so that viewers place them right', () => {
    expect(breakLines([{ text: 'Huế'.normalize('NFD') }], STYLE, faces, 400)[0]?.words[0]?.text).toBe('Huế'.normalize('NFC'));
  });
});

describe('outlines of letters', () => {
  it('are closed polygons of the letter’s own size', () => {
    const [letter] = openOutlines(fonts.bold)('Ế');
    expect(letter?.contours.length).toBeGreaterThanOrEqual(3); // the letter, the circumflex, the acute
    expect(Math.max(...(letter?.contours.flat() ?? []).map(({ y }) => y))).toBeGreaterThan(0.66);
    expect(letter?.advance).toBeCloseTo(0.667, 2);
  });
});

describe('a paper', () => {
  it('is A4 on every page and goes on to as many as it needs', async () => {
    const writing = await paper();
    for (let i = 0; i < 40; i++) writing.paragraph(`Đoạn ${i}. ${'Nội dung được in đều hai lề. '.repeat(8)}`, { align: 'justify' });
    const view = openPdf(bytesSource(await writing.finish())).latest;
    const sizes = [...leaves(view)].map((_, i) => shownSize(findPage(view, i + 1)));
    expect(sizes.length).toBeGreaterThan(2);
    for (const { width, height } of sizes) expect([width / MM, height / MM]).toEqual([expect.closeTo(210, 1), expect.closeTo(297, 1)]);
  });

  it('keeps side-by-side columns together on one page and says where they stand', async () => {
    const writing = await paper();
    writing.space(680);
    const [left, right] = writing.columns([
      { share: 0.4, paragraphs: [['Nơi nhận:']] },
      { share: 0.6, paragraphs: [['GIÁM ĐỐC', { after: 80 }], ['Họ và tên']] },
    ]);
    expect([left?.page, right?.page]).toEqual([2, 2]);
    expect(right?.rect.x).toBeCloseTo((left?.rect.x ?? 0) + 0.4 * writing.width, 6);
    expect(right?.rect.height).toBeGreaterThan(100);
  });

  it('is the same, byte for byte, for the same input', async () => {
    const draw = async (): Promise<Uint8Array> => {
      const writing = await paper();
      writing.paragraph('Cùng một nội dung');
      return writing.finish();
    };
    expect(Buffer.from(await draw()).equals(Buffer.from(await draw()))).toBe(true);
  });
});

describe.skipIf(!requireTool('pdftotext') || !requireTool('qpdf'))('a paper, judged by poppler and qpdf', () => {
  it('can be read as the text that was written, with spaces and all Vietnamese marks', async () => {
    const writing = await paper();
    const text = 'Ủy ban nhân dân phường Thuận Hóa đề nghị xử lý hồ sơ đã nộp; ẵ ẳ ệ ữ ỹ ỗ ợ ặ.';
    writing.paragraph(text, { align: 'justify' });
    const pdf = await writing.finish();
    expect(textOf(pdf).replaceAll(/\s+/g, ' ').normalize('NFC')).toContain(text);
    expect(qpdfComplaints(pdf)).toBe('');
  });

  it('repeats a table’s heading on each page and numbers pages from the second (Decree 30/2020 Annex I, I.7)', async () => {
    const writing = await paper();
    writing.table([0.2, 0.8], [['Số thứ tự', 'Nội dung'], ...Array.from({ length: 60 }, (_, i) => [String(i + 1), `Dòng ${i + 1}`])]);
    const pages = textOf(await writing.finish()).split('\f').filter((page) => page.trim() !== '');
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.every((page) => page.includes('Số thứ tự'))).toBe(true);
    expect(pages.map((page) => /^\s*(\d+)\s*$/m.exec(page.split('\n')[0] ?? '')?.[1] ?? null)).toEqual(pages.map((_, i) => (i === 0 ? null : String(i + 1))));
  });
});
