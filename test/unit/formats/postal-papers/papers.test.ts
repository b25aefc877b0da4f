import { beforeAll, describe, expect, it } from 'vitest';
import { NO_PLACES } from '../../../../src/domain/places.ts';
import type { PostalOrder } from '../../../../src/domain/postal-order.ts';
import type { PaperFonts } from '../../../../src/formats/pdf-drawing/paper.ts';
import { LABEL, labelLayout } from '../../../../src/formats/postal-papers/label-layout.ts';
import { labelsPdf, measureWith } from '../../../../src/formats/postal-papers/label-pdf.ts';
import { labelsZpl } from '../../../../src/formats/postal-papers/label-zpl.ts';
import { HANDOVERS, minutesPdf } from '../../../../src/formats/postal-papers/minutes.ts';
import { paperOrderOf, type PaperOrder } from '../../../../src/formats/postal-papers/paper-order.ts';
import { slipsPdf } from '../../../../src/formats/postal-papers/slip.ts';
import { loadPaperFonts } from '../../../../src/wiring/fonts.ts';
import { textOf } from '../../../support/pictures.ts';
import { POSTAL_DETAIL, postalOrder } from '../../../support/postal.ts';
import { picturesOfZpl, scanPbm, scanPdf } from '../../../support/scan.ts';
import { requireTool } from '../../../support/tools.ts';

const NOW = new Date('2026-11-24T02:00:00Z');
const FACTS = { procedure: 'Đăng ký biến động (1.004238)', places: NO_PLACES, acceptedAt: null, deliverBy: null, legalBasis: null };
const paper = (change: Partial<PostalOrder> = {}): PaperOrder => paperOrderOf({ ...postalOrder(), ...change }, FACTS);
const TRACKED = paper({ trackingNumber: 'EA000010005VN' });
const QR = `QR-Code:${TRACKED.id}`;

let fonts: PaperFonts;
beforeAll(async () => {
  fonts = await loadPaperFonts();
});

describe.skipIf(!(requireTool('zbarimg') && requireTool('pdftoppm')))('a label', () => {
  it('as PDF is read back by a scanner: the parcel’s number, and the order’s id alone (UPU S10, ISO/IEC 18004)', async () => {
    const pdf = await labelsPdf([TRACKED, paper()], fonts, NOW);
    expect(scanPdf(pdf)).toEqual(['CODE-128:EA000010005VN', QR, `CODE-128:${TRACKED.orderNumber}`, QR]);
    const text = textOf(pdf);
    for (const words of ['Trần Văn Mẫu', '12/3 Kiệt Giả Định', 'Thu: 50.000 đồng', 'chỉ phát cho đúng người nhận', 'CHUYỂN TRẢ KẾT QUẢ']) expect(text).toContain(words);
  });

  it.each([203, 300] as const)('as ZPL of %i dpi is read back by a scanner, one picture a parcel', (dpi) => {
    const zpl = labelsZpl([TRACKED, paper()], fonts, dpi);
    expect(zpl).toMatch(/^\^XA[\x20-\x7e]+\^XZ\n\^XA[\x20-\x7e]+\^XZ\n$/);
    expect(picturesOfZpl(zpl).map(scanPbm)).toEqual([['CODE-128:EA000010005VN', QR], [`CODE-128:${TRACKED.orderNumber}`, QR]]);
  });

  it('of a number too long for bars still leads to the order by its QR code', async () => {
    const long = paper({ orderNumber: 'aB.'.repeat(16) });
    expect(scanPdf(await labelsPdf([long], fonts, NOW))).toEqual([QR]);
  });
});

describe('the layout of a label', () => {
  it('stays on the label however long names, addresses and notes are (bad input)', () => {
    const long = 'Ường '.repeat(60).trim();
    const party = { ...POSTAL_DETAIL.sender, name: long, address: { ...POSTAL_DETAIL.sender.address, line: `${'W'.repeat(200)} ${long}` } };
    const items = labelLayout(paper({ detail: { ...POSTAL_DETAIL, sender: party, recipient: party, note: long } }), measureWith(fonts), 0.125);
    const right = items.map((item) => (item.kind === 'box' ? item.x + item.width : item.x + measureWith(fonts)(item.text, item.face) * item.size));
    const bottom = items.map((item) => (item.kind === 'box' ? item.y + item.height : item.baseline + item.size * 0.25));
    expect(Math.max(...right)).toBeLessThanOrEqual(LABEL.width - 3.9);
    expect(Math.max(...bottom)).toBeLessThanOrEqual(LABEL.height - 1);
  });
});

describe.skipIf(!requireTool('pdftotext'))('papers that go with a parcel', () => {
  it('the slip says what the law asks for (Decision 45/2016 Art. 6.4; Circular 17/2017 Art. 9)', async () => {
    const text = textOf(await slipsPdf([paper({ leg: 'COLLECT_DOSSIER', trackingNumber: 'EA000010005VN' })], fonts, NOW)).replace(/\s+/g, ' ');
    for (const words of ['PHIẾU GỬI HỒ SƠ', 'EA000010005VN', 'H57.12.03-261124-0001', 'Đăng ký biến động (1.004238)', 'Bộ phận Một cửa (mẫu)', '0234 3000 000', 'motcua@example.vn', 'Trần Văn Mẫu', 'Giấy chứng nhận quyền sử dụng đất bản chính 1', 'Trích lục bản đồ bản sao chứng thực 2', 'Lệ phí 50.000 đồng', '06 tháng', 'ngày J', 'không phải mẫu ban hành']) {
      expect(text).toContain(words);
    }
  });

  it.each(HANDOVERS)('the minutes of %s list each dossier with its slip and its papers, and leave the time to those who sign (Art. 7.3, 7.4)', async (handover) => {
    const text = textOf(await minutesPdf([TRACKED, paper()], { handover, minutesNumber: 'BB-7', fonts, createdAt: NOW })).replace(/\s+/g, ' ');
    for (const words of ['BIÊN BẢN GIAO NHẬN', 'Số: BB-7', 'gồm 2 hồ sơ, 6 giấy tờ', 'EA000010005VN', 'chính, 1)', 'chứng thực, 2)', 'được ký lúc ……', 'BÊN GIAO', 'BÊN NHẬN']) expect(text).toContain(words);
  });
});
