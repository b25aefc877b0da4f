import { describe, expect, it } from 'vitest';
import { loadFonts } from '../../src/wiring/fonts.ts';
import type { Appearance } from '../../src/formats/pades/appearance/appearance.ts';
import { sealRectangle } from '../../src/formats/pades/appearance/stamp-image.ts';
import { topRightRectangle } from '../../src/formats/pades/appearance/text-block.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { openPdf } from '../../src/formats/pdf/document.ts';
import { findPage } from '../../src/formats/pdf/pages.ts';
import { testIdentity } from '../support/certificates.ts';
import { drawPng, paintFirstPage, textOf } from '../support/pictures.ts';
import { onePagePdf, pdfsigVerdicts, qpdfComplaints, qpdfRewrite, samplePdf, signPdf, SIGNING_TIME } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

const judges = requireTool('pdfsig') && requireTool('qpdf') && requireTool('pdftoppm') && requireTool('pdftotext');
const identity = testIdentity();
const fonts = await loadFonts();
const standard: Appearance = {
  kind: 'standard',
  signerName: 'Nguyễn Thị Thử Ấn',
  title: 'Phó Giám đốc',
  organisation: 'Sở Thử nghiệm tỉnh Thừa Thiên Huế',
  reason: 'Trả kết quả giải quyết',
  time: SIGNING_TIME,
  fonts,
};
const WHOLE = { valid: true, wholeDocument: true };
const PART = { valid: true, wholeDocument: false };

describe.skipIf(!judges)('signed PDFs before pdfsig and qpdf', () => {
  const bases: readonly (readonly [string, () => Promise<Buffer>])[] = [
    ['a classic table', () => samplePdf()],
    ['cross-reference and object streams', () => samplePdf({ objectStreams: true })],
    ["qpdf's object streams", async () => qpdfRewrite(await samplePdf(), '--object-streams=generate')],
    ['a linearised file', async () => qpdfRewrite(await samplePdf({ pages: 5 }), '--linearize')],
    ['a linearised file with object streams', async () => qpdfRewrite(await samplePdf({ pages: 5 }), '--linearize', '--object-streams=generate')],
    ['a hand-written file without final line end', async () => onePagePdf().subarray(0, -1)],
  ];

  it.each(bases)('signs %s twice: both valid, the first a byte prefix, structure clean', async (_, make) => {
    const base = await make();
    const once = await signPdf(base, identity);
    const twice = await signPdf(once, identity, { rect: { x: 40, y: 40, width: 220, height: 90 }, appearance: standard });
    expect(once.subarray(0, base.length).equals(base)).toBe(true);
    expect(twice.subarray(0, once.length).equals(once)).toBe(true);
    expect(qpdfComplaints(once)).toBe('');
    expect(qpdfComplaints(twice)).toBe('');
    expect(pdfsigVerdicts(once)).toEqual([WHOLE]);
    expect(pdfsigVerdicts(twice)).toEqual([PART, WHOLE]);
  });

  it('keeps the kind of the newest cross-reference section', async () => {
    const table = await signPdf(await samplePdf(), identity);
    expect(table.toString('latin1')).toMatch(/\nxref\n[\s\S]*startxref\n\d+\n%%EOF\n$/);
    const base = await samplePdf({ objectStreams: true });
    const added = (await signPdf(base, identity)).subarray(base.length).toString('latin1');
    expect(added).toContain('/Type/XRef');
    expect(added).not.toMatch(/\nxref\n/);
  });
});

describe.skipIf(!judges)('the visible signature as poppler paints it', () => {
  it('shows Vietnamese letters, and the time in ISO 8601 with Vietnam\'s zone', async () => {
    const signed = await signPdf(await samplePdf(), identity, { rect: { x: 60, y: 60, width: 240, height: 95 }, appearance: standard });
    const text = textOf(signed);
    for (const expected of ['ĐÃ KÝ SỐ', 'Nguyễn Thị Thử Ấn', 'Phó Giám đốc', 'Sở Thử nghiệm tỉnh Thừa Thiên Huế', '2026-11-24T09:30:15+07:00', 'Trả kết quả giải quyết']) {
      expect(text.normalize('NFC')).toContain(expected);
    }
  });

  it('refuses a rectangle too small to be legible', async () => {
    const signing = signPdf(onePagePdf(), identity, { rect: { x: 60, y: 60, width: 30, height: 10 }, appearance: standard });
    await expect(signing).rejects.toMatchObject({ code: 'APPEARANCE_INVALID' });
  });

  // Four quarters of different colours show where the picture lies and which way is up.
  const quarters = drawPng(40, 20, (x, y) => (y < 10 ? (x < 20 ? [255, 0, 0, 255] : [0, 255, 0, 255]) : x < 20 ? [0, 0, 255, 255] : [255, 255, 0, 255]));

  it.each([0, 90, 180, 270] as const)('stands upright where the reader of a page turned by %i degrees sees it, crop box respected', async (rotation) => {
    const base = await samplePdf({ rotation, cropBox: [50, 80, 480, 700] });
    const rect = { x: 100, y: 60, width: 80, height: 40 };
    const picture = paintFirstPage(await signPdf(base, identity, { rect, appearance: { kind: 'officer', png: quarters } }));
    expect([picture.width, picture.height]).toEqual(rotation % 180 === 0 ? [480, 700] : [700, 480]);
    const seen = (x: number, y: number): readonly number[] => picture.at(rect.x + x, picture.height - (rect.y + y));
    expect(seen(20, 30)).toEqual([255, 0, 0]);
    expect(seen(60, 30)).toEqual([0, 255, 0]);
    expect(seen(20, 10)).toEqual([0, 0, 255]);
    expect(seen(60, 10)).toEqual([255, 255, 0]);
    expect(seen(-5, 20)).toEqual([255, 255, 255]);
    expect(seen(40, 45)).toEqual([255, 255, 255]);
  });

  it('puts the seal in real size over a third of the officer\'s signature, in the field placed for it (Decree 30/2020 Annex I, II.8a)', async () => {
    const blue = drawPng(4, 2, () => [0, 0, 255, 255]);
    const red = drawPng(2, 2, () => [255, 0, 0, 255]);
    const officer = { x: 300, y: 200, width: 120, height: 60 };
    const seal = sealRectangle(officer, { width: 36, height: 36 });
    const first = await signPdf(onePagePdf(), identity, { rect: officer, appearance: { kind: 'officer', png: blue }, emptyFields: [{ name: 'Dau', page: 1, rect: seal }] });
    const second = await signPdf(first, identity, { fieldName: 'Dau', appearance: { kind: 'seal', png: red } });
    expect(pdfsigVerdicts(second).map((verdict) => verdict.valid)).toEqual([true, true]);
    const picture = paintFirstPage(second);
    const seen = (x: number, y: number): readonly number[] => picture.at(x, picture.height - y);
    expect(seal.width).toBeCloseTo(102.05, 1);
    expect(seen(338, 230)).toEqual([255, 0, 0]);
    expect(seen(345, 230)).toEqual([0, 0, 255]);
    expect(seen(340 - 100, 230)).toEqual([255, 0, 0]);
    expect(seen(340 - 104, 230)).toEqual([255, 255, 255]);
  });

  it('sets copies and annexes in 10 points without picture (Decree 30/2020 Annex I, II.8b and part II.I)', async () => {
    const rect = topRightRectangle(findPage(openPdf(bytesSource(onePagePdf())).latest, 1));
    expect(rect.x + rect.width).toBeCloseTo(595 - 42.5, 1);
    const copy = await signPdf(onePagePdf(), identity, { rect, appearance: { kind: 'copy', form: 'SAO Y', agencyName: 'Ủy ban nhân dân phường Thử', time: SIGNING_TIME, fonts } });
    expect(textOf(copy).normalize('NFC')).toMatch(/SAO Y\n.*Ủy ban nhân dân phường Thử\n.*2026-11-24T09:30:15\+07:00/);
    const annex = await signPdf(onePagePdf(), identity, { rect, appearance: { kind: 'annex', documentNumber: '12/QĐ-UBND', time: SIGNING_TIME, fonts } });
    expect(textOf(annex)).toContain('12/QĐ-UBND');
    expect(annex.toString('latin1')).not.toContain('/Subtype/Image');
  });

  it('draws an agency\'s own design, and refuses a value it does not know', async () => {
    const rect = { x: 40, y: 400, width: 240, height: 80 };
    const design = (text: string): Appearance => ({ kind: 'custom', values: { name: 'Trần Văn Mẫu' }, fonts, elements: [{ type: 'text', text, x: 5, y: 40, size: 10, bold: true }] });
    expect(textOf(await signPdf(onePagePdf(), identity, { rect, appearance: design('Người ký: {name}') }))).toContain('Người ký: Trần Văn Mẫu');
    await expect(signPdf(onePagePdf(), identity, { rect, appearance: design('{other}') })).rejects.toMatchObject({ code: 'APPEARANCE_INVALID' });
  });

  it('refuses a picture that is no PNG or claims to be enormous', async () => {
    const rect = { x: 40, y: 400, width: 240, height: 80 };
    await expect(signPdf(onePagePdf(), identity, { rect, appearance: { kind: 'seal', png: Buffer.from('GIF89a and more than twenty-four bytes') } })).rejects.toMatchObject({ code: 'APPEARANCE_INVALID' });
    const huge = Buffer.from(drawPng(2, 2, () => [0, 0, 0, 255]));
    huge.writeUInt32BE(60_000, 16);
    huge.writeUInt32BE(60_000, 20);
    await expect(signPdf(onePagePdf(), identity, { rect, appearance: { kind: 'seal', png: huge } })).rejects.toMatchObject({ code: 'APPEARANCE_INVALID' });
  });
});
