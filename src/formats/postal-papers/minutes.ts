import { PAPER_KINDS_IN_WORDS } from '../../domain/postal-words.ts';
import { openPaper, type PaperFonts } from '../pdf-drawing/paper.ts';
import { scannedNumberOf, timeInWords, type PaperOrder } from './paper-order.ts';
import { OUR_LAYOUT, PAPER_MARGINS, signatures, totalOf } from './slip.ts';

/** Who hands over to whom. */
export const HANDOVERS = ['CITIZEN_TO_POST', 'POST_TO_AGENCY', 'AGENCY_TO_POST', 'POST_TO_CITIZEN'] as const;
export type Handover = (typeof HANDOVERS)[number];

const SIDES = {
  CITIZEN_TO_POST: ['Người dân', 'Bưu điện'],
  POST_TO_AGENCY: ['Bưu điện', 'Cơ quan'],
  AGENCY_TO_POST: ['Cơ quan', 'Bưu điện'],
  POST_TO_CITIZEN: ['Bưu điện', 'Người dân'],
} as const satisfies Record<Handover, readonly [string, string]>;

export interface MinutesOptions {
  readonly handover: Handover;
  /** Printed beside the number's dots; null: filled in by hand. */
  readonly minutesNumber: string | null;
  readonly fonts: PaperFonts;
  readonly createdAt: Date;
}

/**
 * Minutes of a hand-over (biên bản giao nhận) to be counted and signed by both sides: each dossier with the number of its slip, its papers
 * marked as originals or copies, and boxes for what was found. The time of signing is written by hand and never
 * printed: where the post hands over to the office, it is when the dossier counts as submitted.
 * @see Decision 45/2016/QĐ-TTg Art. 7.3, 7.4; Circular 17/2017/TT-BTTTT Art. 5.1g
 */
export async function minutesPdf(orders: readonly PaperOrder[], { handover, minutesNumber, fonts, createdAt }: MinutesOptions): Promise<Uint8Array> {
  const [giver, taker] = SIDES[handover];
  const paper = await openPaper({ title: 'Biên bản giao nhận', author: 'Liên Thông Gateway', createdAt, fonts, marginsMm: PAPER_MARGINS, footer: `${OUR_LAYOUT} · Quyết định 45/2016/QĐ-TTg Điều 7.3${handover === 'POST_TO_AGENCY' ? ', 7.4' : ''}` });
  paper.paragraph('BIÊN BẢN GIAO NHẬN', { face: 'bold', size: 16, align: 'centre' });
  paper.paragraph(`${giver} giao cho ${taker.toLocaleLowerCase('vi')}`, { face: 'italic', size: 12.5, align: 'centre' });
  paper.paragraph(`Số: ${minutesNumber ?? '……………………'}`, { size: 12.5, align: 'centre', after: 8 });
  for (const [side, role] of [[giver, 'Bên giao'], [taker, 'Bên nhận']] as const) paper.paragraph(`${role} (${side.toLocaleLowerCase('vi')}), họ tên, chức danh: `, { size: 12.5, dotted: true, after: 3 });
  paper.paragraph(`Danh mục lập lúc ${timeInWords(createdAt)}, gồm ${orders.length} hồ sơ, ${orders.reduce((sum, { detail }) => sum + Number(totalOf(detail.contents)), 0)} giấy tờ.`, { size: 12.5, before: 4, after: 6 });
  const heading = ['STT', 'Số phiếu gửi, mã hồ sơ', 'Giấy tờ (bản chính, bản sao)', 'Số bản', 'Đếm được', 'Đủ'];
  paper.table([0.07, 0.28, 0.37, 0.09, 0.11, 0.08], [heading, ...orders.map(rowOf)], { text: { size: 10.5 } });
  paper.paragraph('Sai khác, giấy tờ còn thiếu: ', { size: 12.5, dotted: true, before: 8, after: 2 });
  paper.paragraph(' ', { size: 12.5, dotted: true, after: 6 });
  // Only papers that come complete into the office's hands submit a dossier.
  const submission = handover === 'POST_TO_AGENCY' ? '; nếu đủ hồ sơ, đây là thời điểm nộp hồ sơ (Quyết định 45/2016/QĐ-TTg Điều 7.4)' : '';
  paper.paragraph(`Hai bên đã cùng kiểm đếm và xác nhận như trên. Biên bản được ký lúc …… giờ …… phút, ngày …… / …… / ………${submission}.`, { size: 12.5, align: 'justify', after: 10 });
  signatures(paper, ['BÊN GIAO', 'BÊN NHẬN']);
  return paper.finish();
}

function rowOf(order: PaperOrder, index: number): string[] {
  const { detail, dossierCode, sender } = order;
  const papers = detail.contents.map(({ title, kind, copies }) => `${title} (${PAPER_KINDS_IN_WORDS[kind]}, ${copies})`).join('; ');
  return [String(index + 1), `${scannedNumberOf(order)} — ${dossierCode} — ${sender.name}`, papers, totalOf(detail.contents), '', ''];
}
