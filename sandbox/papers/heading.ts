import type { Paper } from '../../src/formats/pdf-drawing/paper.ts';
import type { ParagraphStyle } from '../../src/formats/pdf-drawing/page.ts';
import { AGENCY, dayOf } from './sample-case.ts';

const CENTRED = { align: 'centre' } as const satisfies ParagraphStyle;
const NATION = 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM';
const MOTTO = 'Độc lập - Tự do - Hạnh phúc';

/** Body text of official documents: 13–14 points, both edges straight, first line 1 cm in, at least 6 points between paragraphs. */
export const BODY = { size: 13.5, align: 'justify', firstIndent: 28.35, before: 3, after: 4, leading: 1.22 } as const satisfies ParagraphStyle;

const LEFT = 0.43;

/** Cells 1 to 4 of the decree's scheme: national heading and motto, agency, number and notation, place and date. @see Decree 30/2020/NĐ-CP Annex I, II.1–4 */
export function drawOfficialHeading(paper: Paper, number: string, date: Date): void {
  const { day, month, year } = dayOf(date);
  paper.columns([
    { share: LEFT, paragraphs: [[AGENCY.superior, { ...CENTRED, size: 12 }], [AGENCY.name, { ...CENTRED, size: 12, face: 'bold', ruleBelow: 80 }]] },
    { share: 1 - LEFT, paragraphs: [[NATION, { ...CENTRED, size: 12, face: 'bold' }], [MOTTO, { ...CENTRED, size: 13.5, face: 'bold', ruleBelow: 164 }]] },
  ]);
  paper.space(7);
  paper.columns([
    { share: LEFT, paragraphs: [[`Số: ${number}`, { ...CENTRED, size: 13 }]] },
    { share: 1 - LEFT, paragraphs: [[`${AGENCY.place}, ngày ${day} tháng ${month} năm ${year}`, { ...CENTRED, size: 13.5, face: 'italic' }]] },
  ]);
}

/** National heading of a citizen's paper, over the whole width. */
export function drawCitizenHeading(paper: Paper): void {
  paper.paragraph(NATION, { ...CENTRED, size: 13, face: 'bold' });
  paper.paragraph(MOTTO, { ...CENTRED, size: 14, face: 'bold', ruleBelow: 166, after: 14 });
}
