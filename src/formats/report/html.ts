import { createHash } from 'node:crypto';
import type { ValidationReport } from '../../domain/validation-report.ts';
import { fieldTable, sectionOfFurther, sectionOfSignature, sectionOfTimestamps, warningBox } from './html-sections.ts';
import { styleSheet } from './html-style.ts';
import { markup, raw, spoken, type Markup } from './markup.ts';
import type { Tone } from './outline-parts.ts';
import { outlineReport } from './outline.ts';
import type { ReportPictures } from './pictures.ts';
import { shownText } from './shown-text.ts';
import { said, type ReportLanguage } from './words.ts';

export interface HtmlReportOptions {
  /** `both`: Vietnamese first, English beside it. */
  readonly language: ReportLanguage;
  readonly pictures?: ReportPictures;
}

/**
 * A report as one page that needs nothing else: no script, no font, no file, no net; printable on A4. Shows what the report holds and judges
 * nothing. Everything that comes from the document is escaped and freed of invisible characters.
 * @returns HTML in UTF-8 whose own policy (`<meta>`) allows its style sheet and its pictures alone
 * @see Circular 15/2025/TT-BKHCN art. 6(4)
 */
export function reportHtml(report: ValidationReport, { language, pictures }: HtmlReportOptions): string {
  const outline = outlineReport(report, pictures);
  const style = styleSheet(outline.tone);
  const title = language === 'en' ? `Signature report: ${shownText(report.file)}` : `Báo cáo kiểm tra chữ ký số: ${shownText(report.file)}`;
  const page = markup`<!doctype html>
<html lang="${language === 'en' ? 'en' : 'vi'}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
<p class="brand"><span>Liên Thông Gateway</span><span>${spoken(said('Kiểm tra chữ ký số', 'Signature verification'), language)}</span></p>
<h1>${spoken(said('Báo cáo kiểm tra chữ ký số', 'Report on digital signatures'), language)}</h1>
<div class="verdict" role="status">${sign(outline.tone)}<div>
<p class="headline">${spoken(outline.headline, language)}</p>
${outline.explanation.map((line) => markup`<p class="said">${spoken(line, language)}</p>\n`)}<p class="code">${outline.result}</p>
</div></div>
${outline.warnings.map((warning) => warningBox(warning, language))}
${fieldTable(outline.file, language, said('Tệp được kiểm tra', 'The file checked'))}
${outline.signatures.map((signature) => sectionOfSignature(signature, language))}
${sectionOfFurther(outline.furtherSignatures, language)}${sectionOfTimestamps(outline, language)}
<footer>${outline.notes.map((note) => markup`<p class="said">${spoken(note, language)}</p>\n`)}</footer>
</main>
</body>
</html>
`;
  return page.html;
}

/** For the header of an HTTP answer as well: the page's own `<meta>` says the same. */
export function reportPolicy(report: ValidationReport): string {
  return policyFor(styleSheet(outlineReport(report).tone));
}

function policyFor(style: string): string {
  return `default-src 'none'; style-src '${hashOf(style)}'; img-src data:; base-uri 'none'; form-action 'none'`;
}

const hashOf = (style: string): string => `sha256-${createHash('sha256').update(style).digest('base64')}`;

/** Hashes of every style sheet a report can have, for the policy of a page that shows reports within itself. */
export const reportStyleHashes = (): string[] => (['passed', 'open', 'failed'] as const).map((tone) => hashOf(styleSheet(tone)));

const SIGNS: Readonly<Record<Tone, string>> = {
  passed: '<path d="M14 25.5l7 7 14-15"/>',
  open: '<path d="M18 19.5c0-4 3-6.5 6.5-6.5s6.5 2.4 6.5 6c0 5-6.5 5-6.5 10"/><path d="M24.5 35.2v.3"/>',
  failed: '<path d="M16.5 16.5l16 16m0-16l-16 16"/>',
};

/** The verdict's sign; the words beside it say the same, so it is hidden from readers of text. */
function sign(tone: Tone): Markup {
  return raw(
    `<svg viewBox="0 0 49 49" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round"><circle cx="24.5" cy="24.5" r="22" stroke-width="2.6"/>${SIGNS[tone]}</svg>`,
  );
}
