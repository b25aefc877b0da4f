import { beforeAll, describe, expect, it } from 'vitest';
import { reportPdf } from '../../../../src/formats/report/pdf.ts';
import type { PaperFonts } from '../../../../src/formats/pdf-drawing/paper.ts';
import { loadPaperFonts } from '../../../../src/wiring/fonts.ts';
import { qpdfComplaints } from '../../../support/pdf.ts';
import { paintFirstPage, textOf } from '../../../support/pictures.ts';
import { signedSamples, type SignedSamples } from '../../../support/signed-samples.ts';
import { requireTool } from '../../../support/tools.ts';

let samples: SignedSamples;
let fonts: PaperFonts;
beforeAll(async () => {
  [samples, fonts] = await Promise.all([signedSamples(), loadPaperFonts()]);
});

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

describe('reportPdf', () => {
  it('gives the same bytes for the same report', async () => {
    const [one, two] = [await reportPdf(samples.passed.report, { language: 'both', fonts }), await reportPdf(samples.passed.report, { language: 'both', fonts })];
    expect(Buffer.compare(one, two)).toBe(0);
  });
});

describe.skipIf(!requireTool('qpdf') || !requireTool('pdftotext'))('reportPdf, as qpdf and poppler read it', () => {
  it.each(['passed', 'unchecked', 'tampered', 'unsigned', 'unreadable', 'overlapping'] as const)('is sound for %s, in both languages', async (name) => {
    expect(qpdfComplaints(await reportPdf(samples[name].report, { language: 'both', fonts }))).toBe('');
  });

  it('says what Circular 15/2025/TT-BKHCN art. 6(4) asks for, and the digest and number at the foot of every page', async () => {
    const { report } = samples.passed;
    const pages = textOf(await reportPdf(report, { language: 'vi', fonts })).split('\f').filter((text) => text.trim() !== '');
    const all = oneLine(pages.join(' '));
    for (const expected of ['Chữ ký số hợp lệ', 'Tổ chức cấp chứng thư chữ ký số', 'Người ký (chủ thể ký)', 'Đơn vị quản lý chứng thư chữ ký số', 'Thời điểm ký hoặc dấu thời gian', 'nguyên vẹn', 'hợp lệ: mọi kiểm tra đều đạt', 'Thời hạn hiệu lực của chứng thư']) {
      expect(all).toContain(expected);
    }
    pages.forEach((text, index) => {
      expect(oneLine(text)).toContain(`SHA-256 ${report.sha256}`);
      expect(oneLine(text)).toContain(`trang ${index + 1}/${pages.length}`);
    });
    // A clause with several places may go on over the end of a page, whose foot then stands between them.
    const places = (report.signatures[0]?.checks ?? []).flatMap(({ clause }) => clause.split('; '));
    for (const place of places) expect(all.replaceAll(' ', '')).toContain(place.replaceAll(' ', ''));
  });

  it('warns where OCSP and CRL could not be checked (Circular 15/2025/TT-BKHCN Annex II 1.2)', async () => {
    expect(oneLine(textOf(await reportPdf(samples.unchecked.report, { language: 'vi', fonts })))).toContain('CẢNH BÁO: không kiểm tra được tình trạng thu hồi qua OCSP/CRL');
  });

  it('stays on its pages whatever a name is made of', async () => {
    const { report } = samples.passed;
    const [signature] = report.signatures;
    if (signature === undefined || signature.signer === null) throw new Error('the sample has no signer');
    const hostile = `W${'W'.repeat(3_000)}`;
    const pdf = await reportPdf({ ...report, file: hostile, signatures: [{ ...signature, id: hostile, reason: '\u0000\ud800漢字', signer: { ...signature.signer, subject: `CN=${hostile}` } }] }, { language: 'both', fonts });
    expect(qpdfComplaints(pdf)).toBe('');
    const picture = paintFirstPage(pdf);
    for (let y = 0; y < picture.height; y++) expect(picture.at(picture.width - 20, y)).toEqual([255, 255, 255]);
  });
});

describe.skipIf(!requireTool('pdftoppm'))('reportPdf, as poppler paints it', () => {
  /** Pixels in which green stands out. */
  async function greenPixels(name: keyof SignedSamples): Promise<number> {
    const picture = paintFirstPage(await reportPdf(samples[name].report, { language: 'vi', fonts }));
    let count = 0;
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) {
        const [red, green, blue] = picture.at(x, y);
        if (green > red + 40 && green > blue + 20) count += 1;
      }
    }
    return count;
  }

  it('shows green only where the document is TOTAL-PASSED', async () => {
    expect(await greenPixels('passed')).toBeGreaterThan(300);
    for (const name of ['unchecked', 'tampered', 'unsigned', 'unreadable', 'revoked'] as const) expect([name, await greenPixels(name)]).toEqual([name, 0]);
  });
});
