import type { Reliance, Served, ValidationContext } from '../formats/ades/context.ts';
import { growingCmsJudge } from '../formats/ades/growing-cms.ts';
import { documentJudge, type JudgedDocument } from '../formats/ades/judge-document.ts';
import type { CmsAdditions } from '../formats/cms/grow-signed-data.ts';
import { appendedSource } from '../formats/byte-source.ts';
import { openFileSource } from './file-source.ts';
import { contextOfPlain, ownBytes, type PlainContext } from './plain-context.ts';
import { plainQuestions, type AskedQuestion, type PlainQuestion } from './plain-questions.ts';

export interface JudgeFileInput {
  readonly path: string;
  /** What follows the file's bytes. */
  readonly appended: Uint8Array;
  /** What is added to a CMS; null: nothing, or it is no CMS. */
  readonly added: CmsAdditions | null;
  /** What a detached signature is about; null: nothing was given. */
  readonly detachedPath: string | null;
  /** Of an encrypted PDF; null: none was given. */
  readonly password: string | null;
  readonly context: PlainContext;
  /** Whether to answer with what the judgement rests on. */
  readonly tellsReliance: boolean;
}

export interface JudgeFileOutput {
  readonly judged: JudgedDocument;
  readonly questions: readonly PlainQuestion[];
  readonly reliances: readonly ToldReliance[];
}

interface ToldReliance {
  readonly reliance: Reliance;
  readonly served: Served | undefined;
}

/** Reads, digests and judges a document in a file. A document that cannot be read is an answer. @throws the error of `open` */
export function judgeFile({ path, appended, added, detachedPath, password, context, tellsReliance }: JudgeFileInput): JudgeFileOutput {
  const source = openFileSource(path);
  try {
    const detached = detachedPath === null ? undefined : openFileSource(detachedPath);
    try {
      const asked: AskedQuestion[] = [];
      const reliances: ToldReliance[] = [];
      const known: ValidationContext = {
        ...contextOfPlain(context),
        onQuestion: (question, path) => asked.push({ question, path }),
        ...(tellsReliance && { onReliance: (reliance, served) => reliances.push({ reliance, served }) }),
      };
      const judge = added === null ? documentJudge(appendedSource(source, appended), detached, password ?? undefined) : growingCmsJudge(source, detached, added);
      const judged = judge(known);
      return { judged, questions: plainQuestions(asked, known), reliances: reliances.map(ownReliance()) };
    } finally {
      detached?.close();
    }
  } finally {
    source.close();
  }
}

function ownReliance(): (told: ToldReliance) => ToldReliance {
  const own = ownBytes();
  return ({ reliance: { certificatesDer, crlsDer, ocspsDer, missing }, served }) => ({
    reliance: { certificatesDer: certificatesDer.map(own), crlsDer: crlsDer.map(own), ocspsDer: ocspsDer.map(own), missing },
    served,
  });
}
