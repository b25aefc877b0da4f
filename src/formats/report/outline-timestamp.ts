import type { TimestampReport } from '../../domain/validation-report.ts';
import { outlineCheck, type CheckOutline } from './outline-check.ts';
import type { Tone } from './outline-parts.ts';
import { namePartsOf } from './distinguished-name.ts';
import { shownText, shownTime } from './shown-text.ts';
import { SUB_INDICATION_WORDS } from './sub-indication-words.ts';
import { TIMESTAMP_RESULTS, TIMESTAMP_TYPES, type Said } from './words.ts';

export interface TimestampOutline {
  readonly tone: Tone;
  readonly type: Said;
  /** null when the token cannot be read. */
  readonly time: string | null;
  readonly authority: string | null;
  readonly covers: string;
  readonly verdict: Said;
  readonly code: string;
  readonly explanation: Said | null;
  readonly checks: readonly CheckOutline[];
}

export function outlineTimestamp({ type, genTime, tsa, covers, indication, subIndication, checks }: TimestampReport): TimestampOutline {
  return {
    tone: indication === 'PASSED' ? 'passed' : indication === 'FAILED' ? 'failed' : 'open',
    type: TIMESTAMP_TYPES[type],
    time: genTime === null ? null : shownTime(genTime),
    authority: tsa === null ? null : shownText(namePartsOf(tsa).name),
    covers: shownText(covers),
    verdict: TIMESTAMP_RESULTS[indication],
    code: [indication, subIndication].filter((part) => part !== null).join(' / '),
    explanation: subIndication === null ? null : SUB_INDICATION_WORDS[subIndication],
    checks: checks.map(outlineCheck),
  };
}
