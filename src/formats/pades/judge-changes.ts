import type { ChangesAfter } from '../../domain/validation-report.ts';
import type { Change, ChangeLevel } from '../pdf/diff/change.ts';
import { highestLevel, isAbove } from '../pdf/diff/change.ts';
import type { DocMdpLevel, FieldLock } from './permissions.ts';
import { isLocked } from './permissions.ts';

export interface ChangeJudgement {
  readonly after: Exclude<ChangesAfter, 'unknown'>;
  readonly level: ChangeLevel;
  /** Each change in words, forbidden ones saying why. */
  readonly changes: readonly string[];
  readonly warnings: readonly string[];
}

/** What the signature itself lays down about later changes. */
export interface ChangeRules {
  readonly docMdp: DocMdpLevel | null;
  readonly locks: readonly FieldLock[];
  /** Whether the signed revision had validation data (DSS), so that losing it takes something from what was signed. */
  readonly hadValidationData: boolean;
}

/** ISO 32000-2 table 257; without a certification: validation data, time-stamps, further signatures, filling fields. */
const HIGHEST_ALLOWED: Readonly<Record<DocMdpLevel, ChangeLevel>> = { 1: 'validation-data', 2: 'form', 3: 'annotation' };

/** Whether a signature allows what later revisions did. @param revisionsAfter number of revisions after the signed one */
export function judgeChanges(found: readonly Change[], revisionsAfter: number, rules: ChangeRules): ChangeJudgement {
  const changes = found.map((change): Change => (change.losesValidationData === true && !rules.hadValidationData ? { ...change, level: 'validation-data' } : change));
  const judged = changes.map((change) => ({ change, reason: reasonAgainst(change, rules) }));
  const forbidden = judged.some(({ reason }) => reason !== undefined);
  return {
    after: forbidden ? 'forbidden' : revisionsAfter === 0 ? 'none' : 'permitted',
    level: highestLevel(changes),
    changes: [...new Set(judged.map(({ change, reason }) => (reason === undefined ? change.detail : `${change.detail} (not allowed: ${reason})`)))],
    warnings: [...new Set(changes.filter(({ suspicious }) => suspicious === true).map(({ detail }) => `${detail}; this may change how signed content looks`))],
  };
}

function reasonAgainst(change: Change, { docMdp, locks }: ChangeRules): string | undefined {
  if (change.level === 'other') return 'no later revision may do this';
  const highest = docMdp === null ? 'form' : HIGHEST_ALLOWED[docMdp];
  if (isAbove(change.level, highest)) return docMdp === null ? 'the signature does not permit annotations' : `the certification permits only level ${docMdp}`;
  if (docMdp !== null && change.forbiddenWhenCertified === true) return 'the certified content may not be covered';
  const { fieldName } = change;
  const locked = fieldName !== undefined && change.allowedWhenLocked !== true && locks.some((lock) => isLocked(lock, fieldName));
  return locked ? 'the signature locks the field' : undefined;
}
