import type { ValidationReport } from '../../domain/validation-report.ts';
import { reportHtml, reportPolicy } from './html.ts';
import type { PdfReportOptions } from './pdf.ts';
import type { ReportPictures } from './pictures.ts';
import type { ReportLanguage } from './words.ts';
import { reportXml } from './xml.ts';

/** In the order in which a server prefers them when a client takes anything. */
export const REPORT_MEDIA_TYPES = ['application/json', 'text/html', 'application/pdf', 'application/xml'] as const;
export type ReportMediaType = (typeof REPORT_MEDIA_TYPES)[number];

export interface RenderOptions {
  readonly mediaType: ReportMediaType;
  /** Of HTML and PDF; JSON and XML are the same in every language. */
  readonly language: ReportLanguage;
  /** Makes the PDF when one is asked for: `reportPdf` itself, or where its half second does not keep others waiting (`report.pdf` of the isolated tasks). */
  readonly paper: (report: ValidationReport, options: Omit<PdfReportOptions, 'fonts'>) => Promise<Uint8Array>;
  /** Shown in HTML and PDF. */
  readonly pictures?: ReportPictures;
}

export interface RenderedReport {
  /** With its charset, as `Content-Type` has it. */
  readonly contentType: string;
  readonly body: Uint8Array;
  /** For HTML, the `Content-Security-Policy` under which it shows as it should; null for the others. */
  readonly contentSecurityPolicy: string | null;
}

/**
 * A report in the form that a client asked for: the contract itself as JSON, a page, a paper, or ETSI TS 119 102-2. The verdict is the report's;
 * rendering changes nothing about it.
 * @throws what making the paper throws
 */
export async function renderReport(report: ValidationReport, { mediaType, language, paper, pictures }: RenderOptions): Promise<RenderedReport> {
  const shown = { language, ...(pictures !== undefined && { pictures }) };
  switch (mediaType) {
    case 'application/json':
      return text('application/json; charset=utf-8', `${JSON.stringify(report, null, 2)}\n`);
    case 'text/html':
      return { ...text('text/html; charset=utf-8', reportHtml(report, shown)), contentSecurityPolicy: reportPolicy(report) };
    case 'application/xml':
      return text('application/xml; charset=utf-8', reportXml(report));
    case 'application/pdf':
      return { contentType: 'application/pdf', body: await paper(report, shown), contentSecurityPolicy: null };
  }
}

const text = (contentType: string, content: string): RenderedReport => ({ contentType, body: Buffer.from(content, 'utf8'), contentSecurityPolicy: null });
