import type { ValidationContext } from '../formats/ades/context.ts';
import type { JudgedDocument } from '../formats/ades/judge-document.ts';

/**
 * One document that can be judged, again whenever more has become known. In this process that is what `documentJudge` gives; where the
 * document is a stranger's, `isolatedDocumentJudge` does the same where it can be stopped. A document that cannot be read is an answer.
 * @throws BUDGET_EXCEEDED, OVERLOADED, CANCELLED, SHUTTING_DOWN when judging is isolated: no verdict was reached
 */
export type DocumentJudge = (context: ValidationContext) => JudgedDocument | Promise<JudgedDocument>;
