import { extname } from 'node:path';
import { GatewayError } from '../domain/errors.ts';
import type { ValidationReport } from '../domain/validation-report.ts';
import type { PdfReportOptions } from '../formats/report/pdf.ts';
import { NO_PICTURES, type ReportPictures } from '../formats/report/pictures.ts';
import { renderReport, type ReportMediaType } from '../formats/report/render-report.ts';
import type { ReportLanguage } from '../formats/report/words.ts';
import { isolationPool } from '../isolation/pool.ts';
import { tasks } from '../isolation/tasks.ts';
import { pictureSignatures, type PictureRequest } from '../usecases/picture-signatures.ts';
import { loadPaperFonts } from '../wiring/fonts.ts';
import { writeWhole } from './write-file.ts';

const MEDIA_TYPES: Readonly<Record<string, ReportMediaType>> = { '.html': 'text/html', '.pdf': 'application/pdf', '.xml': 'application/xml', '.json': 'application/json' };

/** @throws REQUEST_INVALID when the name does not say which kind of report is wanted */
export function reportMediaType(path: string): ReportMediaType {
  const mediaType = MEDIA_TYPES[extname(path).toLowerCase()];
  if (mediaType === undefined) throw new GatewayError('REQUEST_INVALID', `--report writes ${Object.keys(MEDIA_TYPES).join(', ')}: name a file that ends so`);
  return mediaType;
}

/** Writes a report as the name of the file asks: HTML and PDF with pictures, in the language asked for or else in both. @throws as `writeWhole` */
export async function writeReport(out: string, { report, ...asked }: PictureRequest, lang: string | undefined): Promise<void> {
  const mediaType = reportMediaType(out);
  const language: ReportLanguage = lang === 'vi' || lang === 'en' ? lang : 'both';
  const isPainted = mediaType === 'text/html' || mediaType === 'application/pdf';
  const pictures = isPainted ? await paint({ report, ...asked }) : NO_PICTURES;
  const { body } = await renderReport(report, { mediaType, language, paper, pictures });
  writeWhole(out, body);
}

/** The drawing library is large, and most runs write no paper. */
async function paper(report: ValidationReport, options: Omit<PdfReportOptions, 'fonts'>): Promise<Uint8Array> {
  const { reportPdf } = await import('../formats/report/pdf.ts');
  return reportPdf(report, { ...options, fonts: await loadPaperFonts() });
}

async function paint(request: PictureRequest): Promise<ReportPictures> {
  const isolation = isolationPool({ tasks, threads: 1, children: 1, maxWaiting: 0, maxHeapMb: 512 });
  try {
    return await pictureSignatures(isolation, request);
  } finally {
    await isolation.close();
  }
}
