import { readFile } from 'node:fs/promises';
import type { ValidationReport } from '../domain/validation-report.ts';
import type { DigestedPdf } from '../formats/ades/growing-pdf.ts';
import { readPkcs12, type Pkcs12Contents } from '../formats/pkcs12/read-pkcs12.ts';
import type { PaperFonts } from '../formats/pdf-drawing/paper.ts';
import type { PrintJob } from '../formats/postal-papers/print.ts';
import type { PdfReportOptions } from '../formats/report/pdf.ts';
import type { ReportPictures } from '../formats/report/pictures.ts';
import type { TextPlace, TextQuery } from '../formats/pdf-picture/find-text.ts';
import type { ArchiveTarget, CmsSigner } from '../formats/ades/growing-cms.ts';
import type { ArchiveTargetInput, CmsSignersInput, GrowCmsInput } from './grow-cms-file.ts';
import type { JudgeFileInput, JudgeFileOutput } from './judge-file.ts';
import type { AddDataInput, DigestFileInput, PrepareFileInput } from './prepare-file.ts';
import type { TaskRegistry, TasksOf } from './task.ts';

export interface Pkcs12Input {
  readonly bytes: Uint8Array;
  readonly passphrase: string;
}

export interface PaintInput {
  /** The whole file, at most 50 MiB. */
  readonly pdf: Uint8Array;
  /** Of an encrypted one; null: none was given. */
  readonly password: string | null;
}

export interface FindTextInput {
  readonly path: string;
  readonly query: TextQuery;
}

export interface PdfReportInput extends PdfReportOptions {
  readonly report: ValidationReport;
}

export interface PrintInput extends PrintJob {
  readonly fonts: PaperFonts;
}

/** All work that runs isolated. The table is loaded by every worker: keep what it imports small. */
export const tasks = {
  'document.judge': { runner: 'thread', run: async (input: JudgeFileInput): Promise<JudgeFileOutput> => (await import('./judge-file.ts')).judgeFile(input) },
  'pdf.prepare': { runner: 'thread', run: async (input: PrepareFileInput): Promise<DigestedPdf> => (await import('./prepare-file.ts')).prepareFile(input) },
  'pdf.add-data': { runner: 'thread', run: async (input: AddDataInput): Promise<Uint8Array | null> => (await import('./prepare-file.ts')).addDataToFile(input) },
  'cms.signers': { runner: 'thread', run: async (input: CmsSignersInput): Promise<readonly CmsSigner[]> => (await import('./grow-cms-file.ts')).signersOfFile(input) },
  'cms.archive-target': { runner: 'thread', run: async (input: ArchiveTargetInput): Promise<ArchiveTarget> => (await import('./grow-cms-file.ts')).archiveTargetOfFile(input) },
  'cms.grow': { runner: 'thread', run: async (input: GrowCmsInput): Promise<Uint8Array> => (await import('./grow-cms-file.ts')).grownFile(input) },
  'bytes.digest': { runner: 'thread', run: async (input: DigestFileInput): Promise<Uint8Array> => (await import('./prepare-file.ts')).digestFile(input) },
  'pkcs12.read': { runner: 'child', run: ({ bytes, passphrase }: Pkcs12Input): Promise<Pkcs12Contents> => readPkcs12(bytes, passphrase) },
  // WebAssembly of a megabyte, loaded when it is first asked for.
  'pdf.paint-signatures': { runner: 'child', run: async ({ pdf, password }: PaintInput): Promise<ReportPictures> => (await import('../formats/pdf-picture/paint-signatures.ts')).paintSignatures(pdf, password ?? undefined) },
  'pdf.find-text': { runner: 'child', run: async ({ path, query }: FindTextInput): Promise<TextPlace[]> => (await import('../formats/pdf-picture/find-text.ts')).findText(await readFile(path), query) },
  // Setting the text of a paper takes some hundred milliseconds, which a server has not.
  'report.pdf': { runner: 'thread', run: async ({ report, ...options }: PdfReportInput): Promise<Uint8Array> => (await import('../formats/report/pdf.ts')).reportPdf(report, options) },
  'post.print': { runner: 'thread', run: async ({ fonts, ...job }: PrintInput): Promise<Uint8Array> => (await import('../formats/postal-papers/print.ts')).printPapers(job, fonts) },
} satisfies TaskRegistry;

export type Tasks = TasksOf<typeof tasks>;
