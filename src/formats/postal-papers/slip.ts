import type { ContentItem, PostalFee, PostalLeg } from '../../domain/postal-order.ts';
import { DELIVERY_RULES_IN_WORDS, PAPER_KINDS_IN_WORDS } from '../../domain/postal-words.ts';
import { code128 } from '../barcodes/barcodes.ts';
import { openPaper, type Paper, type PaperFonts } from '../pdf-drawing/paper.ts';
import { LEGS_IN_WORDS, scannedNumberOf, timeInWords, vndInWords, type PaperOrder, type PaperParty } from './paper-order.ts';

export const OUR_LAYOUT = 'Bố cục do Liên Thông Gateway lập, không phải mẫu ban hành kèm văn bản pháp luật';
export const PAPER_MARGINS = { top: 15, right: 15, bottom: 18, left: 20 } as const;
const SMALL = { size: 11.5 } as const;

const TITLES = { COLLECT_DOSSIER: 'PHIẾU GỬI HỒ SƠ', SUPPLEMENT_DOCS: 'PHIẾU GỬI HỒ SƠ BỔ SUNG', DELIVER_RESULT: 'PHIẾU GỬI KẾT QUẢ', RETURN_DOSSIER: 'PHIẾU GỬI TRẢ HỒ SƠ' } as const satisfies Record<PostalLeg, string>;
const FEES = { ADMIN_FEE: 'Lệ phí', CHARGE: 'Phí', POSTAGE: 'Cước', COD_OTHER: 'Khoản thu khác' } as const satisfies Record<PostalFee['purpose'], string>;
const PAYERS = { sender: 'người gửi trả', recipient: 'người nhận trả', agency: 'cơ quan trả' } as const satisfies Record<PostalFee['payer'], string>;
const COLLECTORS = { POST: 'bưu điện thu', ONLINE: 'đã nộp trực tuyến', DESK: 'thu tại quầy' } as const satisfies Record<PostalFee['collectBy'], string>;

/**
 * The slip that goes with the papers (phiếu gửi hồ sơ), one page or more an order: sender and agency, procedure and the list of papers
 * counted, time and manner of service, money, the terms it stands under. The contents follow the law; the layout is ours, and says so.
 * @see Decision 45/2016/QĐ-TTg Art. 6.4; Circular 17/2017/TT-BTTTT Art. 9
 */
export async function slipsPdf(orders: readonly PaperOrder[], fonts: PaperFonts, createdAt: Date): Promise<Uint8Array> {
  const paper = await openPaper({ title: 'Phiếu gửi hồ sơ', author: 'Liên Thông Gateway', createdAt, fonts, marginsMm: PAPER_MARGINS, footer: `${OUR_LAYOUT} · Quyết định 45/2016/QĐ-TTg Điều 6.4, Thông tư 17/2017/TT-BTTTT Điều 9` });
  orders.forEach((order, index) => {
    if (index > 0) paper.newPage();
    writeSlip(paper, order);
  });
  return paper.finish();
}

function writeSlip(paper: Paper, order: PaperOrder): void {
  const { detail } = order;
  paper.paragraph(TITLES[order.leg], { face: 'bold', size: 16, align: 'centre', after: 2 });
  paper.paragraph(`Dịch vụ bưu chính công ích: ${LEGS_IN_WORDS[order.leg].toLocaleLowerCase('vi')}`, { align: 'centre', face: 'italic', size: 11.5, after: 6 });
  drawBars(paper, scannedNumberOf(order));
  facts(paper, [
    ['Số phiếu', scannedNumberOf(order)],
    ['Số đơn', `${order.orderNumber} (${order.carrier})`],
    ['Mã hồ sơ', order.dossierCode],
    ['Thủ tục hành chính', order.procedure],
    ['Người gửi', partyInWords(order.sender)],
    ['Người nhận', partyInWords(order.recipient)],
    ['Lập đơn lúc', timeInWords(order.orderedAt)],
    ['Bưu điện chấp nhận (ngày J)', order.acceptedAt === null ? '…… giờ …… ngày …… / …… / ………  tại ………………………………' : timeInWords(order.acceptedAt)],
    ['Thời hạn phát', order.deliverBy === null ? 'tính từ ngày J theo Thông tư 17/2017/TT-BTTTT Điều 7' : `trước ${timeInWords(order.deliverBy)} (${order.legalBasis ?? ''})`],
    ['Phương thức phát', deliveryInWords(order)],
    ['Niêm phong, khối lượng', `${detail.sealNumber === null ? 'số ………………' : `số ${detail.sealNumber}`} · ${detail.weightG === null ? '………… g' : `${detail.weightG} g`}`],
    ['Ghi chú', detail.note ?? ''],
  ]);
  paper.paragraph('Danh mục giấy tờ', { face: 'bold', size: 12.5, before: 9, after: 3 });
  paper.table([0.08, 0.57, 0.23, 0.12], [['STT', 'Tên giấy tờ', 'Loại', 'Số bản'], ...detail.contents.map(contentRow), ['', { content: 'Tổng số', style: { face: 'bold' } }, '', totalOf(detail.contents)]], { text: SMALL });
  paper.paragraph('Phí, lệ phí, giá cước', { face: 'bold', size: 12.5, before: 9, after: 3 });
  if (detail.fees.length === 0) paper.paragraph('Không có khoản thu nào ghi trên phiếu này.', SMALL);
  else paper.table([0.3, 0.25, 0.25, 0.2], [['Khoản', 'Số tiền', 'Ai trả', 'Cách thu'], ...detail.fees.map(feeRow)], { text: SMALL });
  paper.paragraph(`Bưu điện thu tại địa chỉ: ${vndInWords(order.collectVnd)}.`, { ...SMALL, face: 'bold', before: 4 });
  paper.paragraph('Chất lượng, quyền và nghĩa vụ, bồi thường thiệt hại: theo điều kiện cung ứng dịch vụ do đơn vị vận chuyển công bố. Khiếu nại trong 06 tháng kể từ ngày chấp nhận (Thông tư 17/2017/TT-BTTTT Điều 8).', { size: 10.5, align: 'justify', before: 6, after: 8 });
  signatures(paper, ['NGƯỜI GỬI', 'NHÂN VIÊN BƯU ĐIỆN']);
}

/** Two columns of names and values; what is empty is left out. */
function facts(paper: Paper, rows: readonly (readonly [string, string])[]): void {
  const shown = rows.filter(([, value]) => value !== '').map(([name, value]) => [{ content: name, style: { face: 'bold' as const } }, value]);
  paper.table([0.27, 0.73], shown, { heading: false, text: SMALL });
}

function partyInWords({ name, address, phone, email }: PaperParty): string {
  return [name, address, `ĐT: ${phone}`, ...(email === null ? [] : [email])].join(' — ');
}

function deliveryInWords({ detail: { delivery } }: PaperOrder): string {
  const { rule, identityCheck, authorised } = delivery;
  const rest = [identityCheck ? 'xuất trình giấy tờ tùy thân' : null, authorised === null ? null : `người được ủy quyền: ${authorised.name}, văn bản ủy quyền ${authorised.authorisationRef}`];
  return [DELIVERY_RULES_IN_WORDS[rule], ...rest.filter((part) => part !== null)].join('; ');
}

function contentRow({ title, kind, copies }: ContentItem, index: number): string[] {
  return [String(index + 1), title, PAPER_KINDS_IN_WORDS[kind], String(copies)];
}

export function totalOf(contents: readonly ContentItem[]): string {
  return String(contents.reduce((sum, { copies }) => sum + copies, 0));
}

function feeRow({ purpose, amountVnd, payer, collectBy }: PostalFee): string[] {
  return [FEES[purpose], vndInWords(amountVnd), PAYERS[payer], COLLECTORS[collectBy]];
}

const BARS_HEIGHT = 34;

function drawBars(paper: Paper, text: string): void {
  const widths = code128(text);
  const modules = widths.reduce((sum, width) => sum + width, 0);
  paper.sketch(BARS_HEIGHT + 8, (sketch, width) => {
    const module = Math.min(1.1, width / (modules + 20));
    let x = (width - modules * module) / 2;
    widths.forEach((bar, index) => {
      const right = x + bar * module;
      if (index % 2 === 0) sketch.polygon([{ x, y: 8 }, { x: right, y: 8 }, { x: right, y: BARS_HEIGHT + 8 }, { x, y: BARS_HEIGHT + 8 }], { width: 0, fill: '#000000' });
      x = right;
    });
  });
}

/** Side by side, with the room people sign in. */
export function signatures(paper: Paper, roles: readonly string[]): void {
  paper.need(110);
  const column = (role: string) => ({ share: 1 / roles.length, paragraphs: [[role, { face: 'bold', size: 12, align: 'centre' }] as const, ['(ký, ghi rõ họ tên, thời điểm)', { face: 'italic', size: 10.5, align: 'centre' }] as const] });
  paper.columns(roles.map(column));
  paper.space(62);
}
