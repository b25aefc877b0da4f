import type { ValidationContext } from '../formats/ades/context.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import type { DocumentJudge, JudgedDocument } from '../formats/ades/judge-document.ts';
import type { ContentDigester } from '../formats/algorithms/digests.ts';
import type { Budget, Isolation } from '../ports/isolation.ts';
import type { TextPlace, TextQuery } from '../formats/pdf-picture/find-text.ts';
import type { JudgeFileInput } from './judge-file.ts';
import { plainContext } from './plain-context.ts';
import { questionsOfPlain } from './plain-questions.ts';
import type { Tasks } from './tasks.ts';

/** Documents of strangers, in files of ours: worked on by the pool's workers, which read them. Each call has the whole budget. */
export type DocumentIsolation = Isolation<Pick<Tasks, 'document.judge' | 'pdf.prepare' | 'pdf.add-data' | 'bytes.digest' | 'pdf.find-text' | 'pdf.paint-signatures' | 'report.pdf' | 'post.print'>>;

export function isolatedDocumentJudge(isolation: DocumentIsolation, file: Pick<JudgeFileInput, 'path' | 'detachedPath' | 'password'>, budget: Budget): DocumentJudge {
  return (context) => judgeThere(isolation, { ...file, appended: NOTHING }, context, budget);
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
    judge: (appended) => (context) => judgeThere(isolation, { path, appended, detachedPath: null, password: null }, context, budget),
    addValidationData: (appended, options) => isolation.run('pdf.add-data', { path, appended, options }, budget),
  };
}

export function isolatedDigester(isolation: DocumentIsolation, path: string, budget: Budget): ContentDigester {
  return (digestAlgorithm) => isolation.run('bytes.digest', { path, digestAlgorithm }, budget);
}

export function isolatedTextFinder(isolation: DocumentIsolation, path: string, budget: Budget): (query: TextQuery) => Promise<readonly TextPlace[]> {
  return (query) => isolation.run('pdf.find-text', { path, query }, budget);
}
