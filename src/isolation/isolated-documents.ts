import type { DocumentJudge } from '../formats/ades/judge-document.ts';
import type { ContentDigester } from '../formats/algorithms/digests.ts';
import type { PdfPreparer } from '../formats/pades/prepare-digested.ts';
import type { Budget, Isolation } from '../ports/isolation.ts';
import type { JudgeFileInput } from './judge-file.ts';
import { plainContext } from './plain-context.ts';
import { questionsOfPlain } from './plain-questions.ts';
import type { Tasks } from './tasks.ts';

/** Documents of strangers, in files of ours: worked on by the pool's workers, which read them. Each call has the whole budget. */
export type DocumentIsolation = Isolation<Pick<Tasks, 'document.judge' | 'pdf.prepare' | 'bytes.digest' | 'pdf.paint-signatures' | 'report.pdf'>>;

export function isolatedDocumentJudge(isolation: DocumentIsolation, file: Pick<JudgeFileInput, 'path' | 'detachedPath'>, budget: Budget): DocumentJudge {
  return async (context) => {
    const { judged, questions } = await isolation.run('document.judge', { ...file, context: plainContext(context) }, budget);
    if (context.onQuestion !== undefined) for (const question of questionsOfPlain(questions, context)) context.onQuestion(question);
    return judged;
  };
}

export function isolatedPdfPreparer(isolation: DocumentIsolation, path: string, budget: Budget): PdfPreparer {
  return (options, digestAlgorithm) => isolation.run('pdf.prepare', { path, options, digestAlgorithm }, budget);
}

export function isolatedDigester(isolation: DocumentIsolation, path: string, budget: Budget): ContentDigester {
  return (digestAlgorithm) => isolation.run('bytes.digest', { path, digestAlgorithm }, budget);
}
