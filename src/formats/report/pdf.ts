import type { PDFPage } from '@cantoo/pdf-lib';
import { LineCapStyle } from '@cantoo/pdf-lib';
import type { ValidationReport } from '../../domain/validation-report.ts';
import { colourOf } from '../pdf-drawing/colour.ts';
import type { PaperFonts } from '../pdf-drawing/paper.ts';
import type { Tone } from './outline-parts.ts';
import { outlineReport, type ReportOutline } from './outline.ts';
import { openFlow, type Flow } from './pdf-flow.ts';
import { drawFields, drawFurther, drawSignature, drawTimestamps, drawWarning } from './pdf-sections.ts';
import { inkOf, SOFT, spokenParagraphs, WASHES } from './pdf-words.ts';
import type { ReportPictures } from './pictures.ts';
import { shownText, shownTime } from './shown-text.ts';
import { said, type ReportLanguage } from './words.ts';

export interface PdfReportOptions {
  readonly language: ReportLanguage;
  /** With all Vietnamese letters; only the glyphs used are embedded. */
  readonly fonts: PaperFonts;
  readonly pictures?: ReportPictures;
}

/**
 * The report as a paper: what the page says, with every check laid open, on A4 with page numbers and the digest of the file at each foot. The
 * same report gives the same bytes. It is not signed; whoever hands it over may do that.
 * @see Circular 15/2025/TT-BKHCN art. 6(4)
 */
export async function reportPdf(report: ValidationReport, { language, fonts, pictures }: PdfReportOptions): Promise<Uint8Array> {
  const outline = outlineReport(report, pictures);
  const flow = await openFlow({
    title: `${language === 'en' ? 'Signature report' : 'Báo cáo kiểm tra chữ ký số'}: ${shownText(report.file)}`,
    language: language === 'en' ? 'en' : 'vi-VN',
    createdAt: new Date(report.validationTime),
    fonts,
  });
  drawHead(flow, outline, language);
  for (const signature of outline.signatures) await drawSignature(flow, signature, outline.tone, language);
  drawFurther(flow, outline.furtherSignatures, outline.tone, language);
  drawTimestamps(flow, outline, language);
  drawNotes(flow, outline, language);
  const page = language === 'en' ? 'page' : 'trang';
  return flow.finish((number, of) => [`SHA-256 ${report.sha256} · ${shownTime(report.validationTime)}`, `${page} ${number}/${of}`]);
}

function drawHead(flow: Flow, outline: ReportOutline, language: ReportLanguage): void {
  flow.paragraph({ spans: [{ text: 'LIÊN THÔNG GATEWAY' }], style: { face: 'bold', size: 8, colour: SOFT, after: 5 } });
  flow.rule('#d9dee4', 0.6);
  for (const line of spokenParagraphs(said('Báo cáo kiểm tra chữ ký số', 'Report on digital signatures'), language, { face: 'bold', size: 20, before: 8 }, { size: 13 })) flow.paragraph(line);
  flow.space(9);
  const ink = inkOf(outline.tone);
  const [headline, ...second] = spokenParagraphs(outline.headline, language, { face: 'bold', size: 17, colour: ink, after: 2 }, { size: 12, after: 2 });
  flow.panel(
    [
      ...(headline === undefined ? [] : [headline]),
      ...second,
      ...outline.explanation.flatMap((line) => spokenParagraphs(line, language, { size: 11, after: 2 }, { size: 10, after: 2 })),
      { spans: [{ text: outline.result }], style: { face: 'bold', size: 8, colour: SOFT, before: 2 } },
    ],
    { fill: WASHES[outline.tone], bar: ink, sign: { size: 38, draw: (page, x, top, size) => drawSign(page, outline.tone, x, top, size) } },
  );
  for (const warning of outline.warnings) drawWarning(flow, warning, language);
  flow.space(8);
  drawFields(flow, outline.file, language);
}

function drawNotes(flow: Flow, { notes }: ReportOutline, language: ReportLanguage): void {
  flow.need(90);
  flow.space(18);
  flow.rule('#d9dee4', 0.6);
  flow.space(6);
  for (const note of notes) for (const line of spokenParagraphs(note, language, { size: 9, colour: SOFT, after: 2 }, { size: 8.5, after: 3 })) flow.paragraph(line);
}

const SIGNS: Readonly<Record<Tone, string>> = {
  passed: 'M14 25.5L21 32.5L35 18.5',
  open: 'M18 19.5C18 15.5 21 13 24.5 13C28 13 31 15.4 31 19C31 24 24.5 24 24.5 29M24.5 35.2L24.5 35.5',
  failed: 'M16.5 16.5L32.5 32.5M32.5 16.5L16.5 32.5',
};

function drawSign(page: PDFPage, tone: Tone, x: number, top: number, size: number): void {
  const scale = size / 49;
  const borderColor = colourOf(inkOf(tone));
  page.drawCircle({ x: x + size / 2, y: top - size / 2, size: 22 * scale, borderColor, borderWidth: 2.6 * scale });
  page.drawSvgPath(SIGNS[tone], { x, y: top, scale, borderColor, borderWidth: 3.4 * scale, borderLineCap: LineCapStyle.Round });
}
