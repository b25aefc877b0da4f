import type { CheckOutline } from './outline-check.ts';
import type { Field, Tone, Warning } from './outline-parts.ts';
import { notPassed, type LinkOutline, type SignatureOutline } from './outline-signature.ts';
import type { BriefOutline, ReportOutline } from './outline.ts';
import type { Flow, Paragraph } from './pdf-flow.ts';
import { AMBER, INK, inkWithin, RED, SOFT, spokenParagraphs } from './pdf-words.ts';
import { comparison, countWords, FURTHER_SIGNATURES, furtherTimestamps } from './section-words.ts';
import { said, type ReportLanguage, type Said } from './words.ts';

const FIELD_SHARES = [0.34, 0.66] as const;
const CHECK_SHARES = [0.34, 0.18, 0.48] as const;
const CHAIN_SHARES = [0.6, 0.4] as const;

export function drawFields(flow: Flow, fields: readonly Field[], language: ReportLanguage): void {
  for (const { label, value, note, code } of fields) {
    flow.row(FIELD_SHARES, [
      spokenParagraphs(label, language, { size: 9.5, colour: SOFT }, { size: 8.5 }),
      [
        ...spokenParagraphs(value, language, { size: code === true ? 9 : 10.5, colour: INK }, { size: 9 }),
        ...(note === undefined ? [] : spokenParagraphs(note, language, { size: 9, colour: SOFT }, { size: 8.5 })),
      ],
    ]);
  }
}

export function drawWarning(flow: Flow, { title, lines }: Warning, language: ReportLanguage): void {
  flow.space(8);
  const dash = lines.length > 1 ? '–  ' : '';
  const body = lines.flatMap((line) => spokenParagraphs(said(`${dash}${line.vi}`, `${dash}${line.en}`), language, { size: 10.5, before: 1 }, { size: 9.5 }));
  flow.panel([...spokenParagraphs(title, language, { face: 'bold', size: 11, colour: AMBER, after: 1 }, { size: 9.5 }), ...body], { fill: '#fff7e3', bar: AMBER });
}

export async function drawSignature(flow: Flow, signature: SignatureOutline, whole: Tone, language: ReportLanguage): Promise<void> {
  const { heading, verdict, code, tone, explanation, warning, fields, technical, chain, checks } = signature;
  flow.need(190);
  flow.space(18);
  flow.rule(INK, 1.2);
  for (const line of spokenParagraphs(heading, language, { face: 'bold', size: 14, before: 7 }, { size: 11 })) flow.paragraph(line);
  drawStanding(flow, verdict, code, inkWithin(tone, whole), language);
  if (explanation !== null) for (const line of spokenParagraphs(explanation, language, { after: 2 }, { size: 9.5 })) flow.paragraph(line);
  if (warning !== null) drawWarning(flow, warning, language);
  flow.space(5);
  drawFields(flow, fields, language);
  drawChanges(flow, signature, language);
  await drawPictures(flow, signature, language);
  drawHeading(flow, said('Những kiểm tra chưa đạt', 'Checks that did not pass'), language, notPassed(checks).length > 0);
  for (const check of notPassed(checks)) drawCheck(flow, check, language);
  drawChain(flow, chain, language);
  drawHeading(flow, said('Thông tin kỹ thuật', 'Technical data'), language);
  drawFields(flow, technical, language);
  drawAllChecks(flow, checks, language);
}

function drawStanding(flow: Flow, verdict: Said, code: string, colour: string, language: ReportLanguage): void {
  const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  const [first, ...second] = spokenParagraphs(said(capital(verdict.vi), capital(verdict.en)), language, { face: 'bold', size: 11.5, colour }, { size: 10 });
  if (first !== undefined) flow.paragraph({ ...first, spans: [...first.spans, { text: `   ${code}`, face: 'regular', size: 8, colour: SOFT }] });
  for (const line of second) flow.paragraph(line);
  flow.space(3);
}

function drawHeading(flow: Flow, heading: Said, language: ReportLanguage, wanted = true): void {
  if (!wanted) return;
  flow.need(70);
  for (const line of spokenParagraphs(heading, language, { face: 'bold', size: 11.5, before: 12, after: 3 }, { size: 9.5, after: 3 })) flow.paragraph(line);
}

function drawChanges(flow: Flow, { changes: { tone, summary, items } }: SignatureOutline, language: ReportLanguage): void {
  drawHeading(flow, said('Thay đổi sau khi ký', 'Changes after signing'), language);
  const colour = tone === 'failed' ? RED : tone === 'open' ? AMBER : INK;
  for (const line of spokenParagraphs(summary, language, { colour, face: tone === 'passed' ? 'regular' : 'bold' }, { size: 9.5 })) flow.paragraph(line);
  for (const item of items) for (const line of spokenParagraphs(said(`–  ${item.vi}`, `–  ${item.en}`), language, { size: 10 }, { size: 9 })) flow.paragraph(line);
}

async function drawPictures(flow: Flow, { pictures, picturesOmitted }: SignatureOutline, language: ReportLanguage): Promise<void> {
  if (pictures === null) {
    if (picturesOmitted !== null) for (const line of spokenParagraphs(picturesOmitted, language, { size: 9, colour: SOFT, before: 6 })) flow.paragraph(line);
    return;
  }
  flow.need(270); // heading, pictures and what is said of them stay together
  drawHeading(flow, said(`Hình vùng chữ ký, trang ${pictures.page}`, `The signature’s place, page ${pictures.page}`), language);
  const caption = (words: Said): Paragraph => ({ spans: [{ text: language === 'both' ? `${words.vi} / ${words.en}` : words[language] }], style: { size: 8.5, colour: SOFT } });
  const images = [{ png: pictures.signed.png, caption: caption(said('Khi ký', 'When signed')) }];
  if (pictures.current !== null) images.push({ png: pictures.current.png, caption: caption(said('Trong tệp hiện tại', 'In the file as it is')) });
  await flow.images(images);
  for (const line of spokenParagraphs(comparison(pictures), language, { size: 9.5, colour: pictures.identical ? SOFT : AMBER, face: pictures.identical ? 'regular' : 'bold' })) flow.paragraph(line);
}

function drawAllChecks(flow: Flow, checks: readonly CheckOutline[], language: ReportLanguage): void {
  if (checks.length === 0) return;
  const counts = countWords(checks);
  drawHeading(flow, said(`Toàn bộ ${checks.length} kiểm tra: ${counts.vi}`, `All ${checks.length} checks: ${counts.en}`), language);
  for (const check of checks) drawCheck(flow, check, language);
}

function drawCheck(flow: Flow, { title, status, statusWord, detail, clause }: CheckOutline, language: ReportLanguage): void {
  const colour = status === 'failed' ? RED : status === 'passed' ? INK : AMBER;
  flow.row(CHECK_SHARES, [
    spokenParagraphs(title, language, { size: 9.5 }, { size: 8.5 }),
    spokenParagraphs(statusWord, language, { size: 9.5, colour, face: status === 'passed' ? 'regular' : 'bold' }, { size: 8.5 }),
    withClause(spokenParagraphs(detail, language, { size: 9.5 }, { size: 8.5 }), clause),
  ]);
}

function withClause(paragraphs: readonly Paragraph[], clause: string): Paragraph[] {
  return paragraphs.map((paragraph, index) => (index < paragraphs.length - 1 ? paragraph : { ...paragraph, spans: [...paragraph.spans, { text: `  ${clause}`, face: 'regular', size: 7.5, colour: SOFT }] }));
}

function drawChain(flow: Flow, chain: readonly LinkOutline[], language: ReportLanguage): void {
  drawHeading(flow, said('Chuỗi chứng thư và tình trạng thu hồi', 'Chain of certificates and revocation'), language, chain.length > 0);
  for (const { subject, sha256, anchor, revocation, unchecked } of chain) {
    const words = anchor ? said('tổ chức chứng thực gốc được tin cậy', 'trusted root authority') : (revocation ?? said('—', '—'));
    flow.row(CHAIN_SHARES, [
      [{ spans: [{ text: subject }], style: { size: 9.5 } }, { spans: [{ text: `SHA-256 ${sha256}` }], style: { size: 7.5, colour: SOFT } }],
      spokenParagraphs(words, language, { size: 9.5, ...(unchecked && { colour: AMBER, face: 'bold' }) }, { size: 8.5 }),
    ]);
  }
}

export function drawFurther(flow: Flow, further: readonly BriefOutline[], whole: Tone, language: ReportLanguage): void {
  drawHeading(flow, FURTHER_SIGNATURES, language, further.length > 0);
  for (const { heading, verdict, code, tone } of further) {
    const words = spokenParagraphs(verdict, language, { size: 9.5, face: 'bold', colour: inkWithin(tone, whole) }, { size: 8.5 });
    flow.row(FIELD_SHARES, [spokenParagraphs(heading, language, { size: 9.5 }, { size: 8.5 }), withClause(words, code)]);
  }
}

export function drawTimestamps(flow: Flow, { timestamps, furtherTimestamps: further, tone: whole }: ReportOutline, language: ReportLanguage): void {
  if (timestamps.length === 0) return;
  flow.need(150);
  flow.space(18);
  flow.rule(INK, 1.2);
  for (const line of spokenParagraphs(said('Dấu thời gian', 'Time-stamps'), language, { face: 'bold', size: 14, before: 7 }, { size: 11 })) flow.paragraph(line);
  for (const { type, time, authority, covers, verdict, code, tone, explanation, checks } of timestamps) {
    drawHeading(flow, said(`${time ?? '—'}: ${type.vi} “${covers}”`, `${time ?? '—'}: ${type.en} “${covers}”`), language);
    drawStanding(flow, verdict, code, inkWithin(tone, whole), language);
    for (const line of spokenParagraphs(said(`Tổ chức cấp dấu thời gian: ${authority ?? '—'}`, `Time-stamping authority: ${authority ?? '—'}`), language, { size: 10, after: 2 }, { size: 9 })) flow.paragraph(line);
    if (explanation !== null) for (const line of spokenParagraphs(explanation, language, { size: 10, after: 2 }, { size: 9 })) flow.paragraph(line);
    for (const check of checks) drawCheck(flow, check, language);
  }
  if (further > 0) for (const line of spokenParagraphs(furtherTimestamps(further), language, { size: 10, before: 6 }, { size: 9 })) flow.paragraph(line);
}
