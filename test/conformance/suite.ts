import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../support/vectors.ts';

/** A case on which we differ from the vectors, with the reason; checked in, so that the list can only shrink. */
export interface Deviation {
  readonly id: string;
  readonly reason: string;
  readonly clause: string;
  /** ISO day on which it was entered. */
  readonly since: string;
}

export interface CaseOutcome {
  readonly id: string;
  /** What the vectors say. */
  readonly shouldPass: boolean;
  readonly passed: boolean;
  /** Why it failed, or what else was seen. */
  readonly detail: string;
  /** For outcomes finer than pass or fail (a status, a reason): whether it is the right one. Default: `passed === shouldPass`. */
  readonly agrees?: boolean;
  /** Why the case does not apply to us; such a case is counted as skipped. */
  readonly skipped?: string;
  readonly elapsedMs?: number;
}

export interface SuiteResult {
  readonly total: number;
  readonly agree: number;
  /** Cases that must fail and passed, listed deviations included. */
  readonly falseAccepts: number;
  /** Cases that must pass and failed, listed deviations included. */
  readonly falseAlarms: number;
  readonly skipped: number;
  readonly deviations: readonly Pick<Deviation, 'id' | 'reason' | 'clause'>[];
  /** What makes the suite fail, in words: cases that differ and are not listed, listed ones that agree by now. */
  readonly faults: readonly string[];
}

export interface Suite {
  readonly name: string;
  run(): Promise<SuiteResult>;
}

/** `test/conformance/<suite>/deviations.json`; a suite without differences has an empty list there. */
export function readDeviations(suite: string): Deviation[] {
  return JSON.parse(readFileSync(join(PROJECT_ROOT, 'test', 'conformance', suite, 'deviations.json'), 'utf8')) as Deviation[];
}

export function sumUp(outcomes: readonly CaseOutcome[], listed: readonly Deviation[]): SuiteResult {
  const counted = outcomes.filter((outcome) => outcome.skipped === undefined);
  const differing = counted.filter((outcome) => !agrees(outcome));
  const names = new Set(listed.map(({ id }) => id));
  const differingNames = new Set(differing.map(({ id }) => id));
  return {
    total: outcomes.length,
    agree: counted.length - differing.length,
    falseAccepts: differing.filter(({ shouldPass, passed }) => passed && !shouldPass).length,
    falseAlarms: differing.filter(({ shouldPass, passed }) => !passed && shouldPass).length,
    skipped: outcomes.length - counted.length,
    deviations: listed.map(({ id, reason, clause }) => ({ id, reason, clause })),
    faults: [
      ...differing.filter(({ id }) => !names.has(id)).map(({ id, shouldPass, detail }) => `${id}: should ${shouldPass ? 'pass' : 'fail'}: ${detail}`),
      ...listed.filter(({ id }) => !differingNames.has(id)).map(({ id }) => `${id}: is listed as a deviation and agrees`),
    ],
  };
}

function agrees(outcome: CaseOutcome): boolean {
  return outcome.agrees ?? outcome.passed === outcome.shouldPass;
}
