import type { ValidationContext } from '../formats/ades/context.ts';
import type { GrowingCms } from '../formats/ades/growing-cms.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import type { DocumentJudge, JudgedDocument } from '../formats/ades/judge-document.ts';
import type { ContentDigester } from '../formats/algorithms/digests.ts';
import type { Budget, Isolation } from '../ports/isolation.ts';
import type { TextPlace, TextQuery } from '../formats/pdf-picture/find-text.ts';
import type { CmsFile } from './grow-cms-file.ts';
import type { JudgeFileInput } from './judge-file.ts';
import { plainContext } from './plain-context.ts';
import { questionsOfPlain } from './plain-questions.ts';
import type { Tasks } from './tasks.ts';

/** Documents of strangers, in files of ours: worked on by the pool's workers, which read them. Each call has the whole budget. */
export type DocumentIsolation = Isolation<Pick<Tasks, 'document.judge' | 'pdf.prepare' | 'pdf.add-data' | 'cms.signers' | 'cms.archive-target' | 'cms.grow' | 'bytes.digest' | 'pdf.find-text' | 'pdf.paint-signatures' | 'report.pdf' | 'post.print'>>;

export function isolatedDocumentJudge(isolation: DocumentIsolation, file: Pick<JudgeFileInput, 'path' | 'detachedPath' | 'password'>, budget: Budget): DocumentJudge {
  return (context) => judgeThere(isolation, { ...file, appended: NOTHING, added: null }, context, budget);
}

const NOTHING = new Uint8Array();

async function judgeThere(isolation: DocumentIsolation, file: Omit<JudgeFileInput, 'context' | 'tellsReliance'>, context: ValidationContext, budget: Budget): Promise<JudgedDocument> {
  const { onQuestion, onReliance } = context;
  const { judged, questions, reliances } = await isolation.run('document.judge', { ...file, context: plainContext(context), tellsReliance: onReliance !== undefined }, budget);
  if (onQuestion !== undefined) for (const question of questionsOfPlain(questions, context)) onQuestion(question);
  for (const { reliance, served } of reliances) onReliance?.(reliance, served);
  return judged;
}

/** What was appended travels to the workers, the file itself is read there. */
export function isolatedPdf(isolation: DocumentIsolation, path: string, budget: Budget): GrowingPdf {
  return {
    prepare: (appended, options, digestAlgorithm) => isolation.run('pdf.prepare', { path, appended, options, digestAlgorithm }, budget),
    judge: (appended) => (context) => judgeThere(isolation, { path, appended, added: null, detachedPath: null, password: null }, context, budget),
    addValidationData: (appended, options) => isolation.run('pdf.add-data', { path, appended, options }, budget),
  };
}

/** What is added travels to the workers, the files themselves are read there. */
export function isolatedCms(isolation: DocumentIsolation, file: CmsFile, budget: Budget): GrowingCms {
  return {
    signers: (digest) => isolation.run('cms.signers', { ...file, digest }, budget),
    archiveTarget: (added, signerIndex, digest) => isolation.run('cms.archive-target', { ...file, added, signerIndex, digest }, budget),
    judge: (added) => (context) => judgeThere(isolation, { ...file, appended: NOTHING, added, password: null }, context, budget),
    grown: (added) => isolation.run('cms.grow', { ...file, added }, budget),
  };
}

export function isolatedDigester(isolation: DocumentIsolation, path: string, budget: Budget): ContentDigester {
  return (digestAlgorithm) => isolation.run('bytes.digest', { path, digestAlgorithm }, budget);
}

export function isolatedTextFinder(isolation: DocumentIsolation, path: string, budget: Budget): (query: TextQuery) => Promise<readonly TextPlace[]> {
  return (query) => isolation.run('pdf.find-text', { path, query }, budget);
}
