import type { CertificateQuestion } from '../formats/ades/context.ts';
import { documentJudge, type JudgedDocument } from '../formats/ades/judge-document.ts';
import { openFileSource } from './file-source.ts';
import { contextOfPlain, plainQuestions, type PlainContext, type PlainQuestion } from './plain-context.ts';

export interface JudgeFileInput {
  readonly path: string;
  /** What a detached signature is about; null: nothing was given. */
  readonly detachedPath: string | null;
  readonly context: PlainContext;
}

export interface JudgeFileOutput {
  readonly judged: JudgedDocument;
  readonly questions: readonly PlainQuestion[];
}

/** Reads, digests and judges a document in a file. A document that cannot be read is an answer. @throws the error of `open` */
export function judgeFile({ path, detachedPath, context }: JudgeFileInput): JudgeFileOutput {
  const source = openFileSource(path);
  try {
    const detached = detachedPath === null ? undefined : openFileSource(detachedPath);
    try {
      const questions: CertificateQuestion[] = [];
      const known = { ...contextOfPlain(context), onQuestion: (question: CertificateQuestion): void => void questions.push(question) };
      const judged = documentJudge(source, detached)(known);
      return { judged, questions: plainQuestions(questions, known) };
    } finally {
      detached?.close();
    }
  } finally {
    source.close();
  }
}
