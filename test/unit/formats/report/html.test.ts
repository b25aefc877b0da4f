import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SignatureReport, ValidationReport } from '../../../../src/domain/validation-report.ts';
import { reportHtml, reportPolicy, reportStyleHashes } from '../../../../src/formats/report/html.ts';
import { signedSamples, type SignedSamples } from '../../../support/signed-samples.ts';

let samples: SignedSamples;
beforeAll(async () => {
  samples = await signedSamples();
});

const page = (report: ValidationReport, language: 'vi' | 'en' | 'both' = 'vi'): string => reportHtml(report, { language });

/** What a reader sees, in one line. */
const textOf = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');

function firstOf(report: ValidationReport): SignatureReport {
  const [signature] = report.signatures;
  if (signature === undefined) throw new Error('the sample has no signature');
  return signature;
}

const withSignature = (report: ValidationReport, changes: Partial<SignatureReport>): ValidationReport => ({ ...report, signatures: [{ ...firstOf(report), ...changes }] });

const GREEN = '#1a6b3c';

describe('reportHtml', () => {
  it('shows every field of Circular 15/2025/TT-BKHCN art. 6(4), in Vietnamese', () => {
    const text = textOf(page(samples.passed.report));
    for (const expected of [
      /Tổ chức cấp chứng thư chữ ký số CA cấp phát thử nghiệm \(không có giá trị pháp lý\), Liên Thông Gateway/,
      /Người ký \(chủ thể ký\) Văn phòng Đăng ký đất đai thành phố Huế \(mẫu\)/,
      /Đơn vị quản lý chứng thư chữ ký số Văn phòng Đăng ký đất đai thành phố Huế \(mẫu\)/,
      /Thời điểm ký hoặc dấu thời gian \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+07:00 \(có dấu thời gian chứng minh\)/,
      /Tính toàn vẹn của thông điệp dữ liệu đã ký nguyên vẹn/,
      /Tính hợp lệ của chữ ký tại thời điểm ký hợp lệ: mọi kiểm tra đều đạt/,
      /Thời hạn hiệu lực của chứng thư từ \d{4}-\d\d-\d\d .* đến \d{4}-\d\d-\d\d/,
    ]) {
      expect(text).toMatch(expected);
    }
  });

  it.each([
    ['passed', 'Chữ ký số hợp lệ'],
    ['unchecked', 'Chưa thể kết luận chữ ký số là hợp lệ'],
    ['tampered', 'Chữ ký số không hợp lệ'],
    ['unsigned', 'Tài liệu không có chữ ký số'],
    ['unreadable', 'Không đọc được tài liệu'],
  ] as const)('says the verdict of %s in plain words (EN 319 102-1 §5.1.3)', (name, headline) => {
    const html = page(samples[name].report);
    expect(html).toContain(`<p class="headline">${headline}</p>`);
    expect(html).toContain(`<p class="code">${samples[name].report.result}</p>`);
  });

  it('says of a time-stamp that stands alone what it proves, instead of that there is nothing to check', () => {
    const { timestamps } = samples.passed.report;
    const text = textOf(page({ ...samples.unsigned.report, timestamps: timestamps.slice(0, 1) }, 'both'));
    expect(text).toContain('nothing about who signed them');
    expect(text).not.toContain('there is nothing to check');
    expect(textOf(page(samples.unsigned.report, 'both'))).toContain('there is nothing to check');
  });

  it('has green only where the document is TOTAL-PASSED', () => {
    const hasGreen = Object.entries(samples).filter(([, { report }]) => page(report, 'both').includes(GREEN));
    expect(hasGreen.map(([, { report }]) => report.result)).toEqual(['TOTAL-PASSED', 'TOTAL-PASSED']);
    const mixed = { ...samples.tampered.report, signatures: [firstOf(samples.passed.report), firstOf(samples.tampered.report)] };
    expect(page(mixed)).not.toContain(GREEN);
  });

  it.each(['missing', 'stale', 'unknown'] as const)('warns in a box when OCSP and CRL leave a certificate %s (Circular 15/2025/TT-BKHCN Annex II 1.2)', (status) => {
    const warning = 'CẢNH BÁO: không kiểm tra được tình trạng thu hồi qua OCSP/CRL';
    const { report } = samples.passed;
    const [own] = firstOf(report).revocation;
    if (own === undefined) throw new Error('the sample has no revocation status');
    expect(page(report)).not.toContain('CẢNH BÁO');
    expect(page(withSignature(report, { revocation: [{ ...own, status }] }))).toContain(warning);
    expect(page(samples.unchecked.report)).toContain(warning);
  });

  it('does not call a document unchanged whose signed bytes were altered', () => {
    const text = textOf(page(samples.tampered.report, 'both'));
    expect(text).toContain('Tính toàn vẹn của thông điệp dữ liệu đã ký Integrity of what was signed ĐÃ BỊ THAY ĐỔI');
    expect(text).toContain('Chính nội dung được ký đã bị sửa');
    expect(text).not.toMatch(/không bị thay đổi sau khi ký|was not changed after signing/);
  });

  it('does not call a document intact whose signed part is intact while the rest was changed or is not covered (EN 319 142-1 §5.3)', () => {
    const { report } = samples.passed;
    const { coverage } = firstOf(report);
    const forbidden = textOf(page(withSignature(report, { coverage: { ...coverage, changesAfter: 'forbidden', changes: ['object 7 was deleted (not allowed: no later revision may do this)'] } })));
    expect(forbidden).toContain('phần đã ký còn nguyên vẹn, nhưng sau đó tài liệu bị thay đổi TRÁI PHÉP');
    expect(forbidden).toContain('Đối tượng 7 đã bị xóa (không được phép: không phiên bản nào về sau được làm điều này)');
    expect(textOf(page(withSignature(report, { coverage: { ...coverage, extent: 'partial' } })))).toContain('phần đã ký còn nguyên vẹn, nhưng KHÔNG bao trùm tài liệu');
  });

  it('says of an unproven time that only the signer claims it (EN 319 102-1 §5.5)', () => {
    expect(textOf(page(samples.unchecked.report))).toMatch(/Thời điểm ký hoặc dấu thời gian người ký tự khai: .* dấu thời gian có trong tài liệu chưa được xác nhận/);
  });

  it('lists every check with its clause, and those that did not pass in the open', () => {
    const { report } = samples.tampered;
    const html = page(report, 'en');
    const [open = ''] = html.split('<details>');
    for (const { clause } of firstOf(report).checks) expect(textOf(html)).toContain(clause);
    expect(textOf(open)).toContain('Hash of the signed content failed');
  });

  it('tells a revoked certificate as revoked in the chain (RFC 5280 §6.3)', () => {
    const text = textOf(page(samples.revoked.report, 'both'));
    expect(text).toContain('ĐÃ BỊ THU HỒI');
    expect(text).not.toContain('hợp lệ: mọi kiểm tra đều đạt');
  });

  it('escapes all that a document, its names and its caller bring, and hides no direction marks', () => {
    const hostile = `"><script>alert('1')</script>\u202egpj.exe`;
    const { report } = samples.passed;
    const { coverage, signer } = firstOf(report);
    if (signer === null) throw new Error('the sample has no signer');
    const html = page(
      {
        ...withSignature(report, {
          id: hostile,
          reason: hostile,
          signer: { ...signer, subject: `CN=${hostile}`, issuer: `O=${hostile}` },
          coverage: { ...coverage, changesAfter: 'permitted', changes: [`the field “${hostile}” was signed`, hostile] },
          checks: [{ name: hostile, clause: hostile, status: 'failed', detail: hostile }],
          warnings: [hostile],
          chain: [{ subject: hostile, sha256: hostile, anchor: false }],
        }),
        file: hostile,
        mediaType: hostile,
      },
      'both',
    );
    expect(html).not.toMatch(/<script|alert\('1'\)|\u202e/);
    expect(html).toContain('&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\ufffdgpj.exe');
  });

  it('cuts what a document makes endless', () => {
    const { report } = samples.passed;
    const { coverage } = firstOf(report);
    const changes = Array.from({ length: 5000 }, (_, index) => `object ${index} was replaced`);
    const html = page(withSignature(report, { reason: 'x'.repeat(1_000_000), coverage: { ...coverage, changesAfter: 'forbidden', changes } }));
    expect(html.length).toBeLessThan(100_000);
    expect(html).toContain('… và 4960 thay đổi khác');
  });

  it('tells every signature of a document that holds hundreds, those that failed in full', () => {
    const good = firstOf(samples.passed.report);
    const bad = { ...firstOf(samples.tampered.report), id: 'the bad one' };
    const signatures = Array.from({ length: 900 }, (_, index) => ({ ...good, id: `S${index + 1}` }));
    const html = page({ ...samples.tampered.report, signatures: [...signatures, bad] }, 'both');
    expect(new Set(html.match(/Chữ ký \d+:/g)).size).toBe(901);
    expect(html).toContain('<h2 id="s901">');
    expect(html).toContain('the bad one');
    expect(html.length).toBeLessThan(3_000_000);
  });

  it('needs nothing from elsewhere, and its own policy lets in its style sheet alone (CSP Level 3)', () => {
    for (const { report } of Object.values(samples)) {
      const html = page(report, 'both');
      expect(html).not.toMatch(/<script|<link|<iframe|@import|url\(|https?:\/\/|\son\w+=|\sstyle=/i);
      const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
      const hash = `sha256-${createHash('sha256').update(style).digest('base64')}`;
      expect(reportPolicy(report)).toContain(`style-src '${hash}'`);
      expect(html).toContain(`content="${reportPolicy(report).replaceAll("'", '&#39;')}"`);
      expect(reportStyleHashes()).toContain(hash);
    }
  });

  it('marks its languages, headings and table headings for readers of the page aloud', () => {
    expect(page(samples.passed.report, 'vi')).toContain('<html lang="vi">');
    expect(page(samples.passed.report, 'en')).toContain('<html lang="en">');
    const both = page(samples.passed.report, 'both');
    expect(both).toContain('Báo cáo kiểm tra chữ ký số <span class="en" lang="en">Report on digital signatures</span>');
    expect(both.match(/<h1>/g)).toHaveLength(1);
    expect(both.match(/<th(?!ead>| scope=)/g)).toBeNull();
    expect(page(samples.passed.report, 'vi')).not.toContain('class="en"');
  });
});
