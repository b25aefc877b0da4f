import type { ValidationContext } from '../formats/ades/context.ts';
import { documentJudge, type JudgedDocument } from '../formats/ades/judge-document.ts';
import { openFileSource } from './file-source.ts';
import { contextOfPlain, type PlainContext } from './plain-context.ts';
import { plainQuestions, type AskedQuestion, type PlainQuestion } from './plain-questions.ts';

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
      const asked: AskedQuestion[] = [];
      const known: ValidationContext = { ...contextOfPlain(context), onQuestion: (question, path) => asked.push({ question, path }) };
      const judged = documentJudge(source, detached)(known);
      return { judged, questions: plainQuestions(asked, known) };
    } finally {
      detached?.close();
    }
  } finally {
    source.close();
  }
}
