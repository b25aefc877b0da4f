import { readFileSync } from 'node:fs';
import { GatewayError } from '../../../src/domain/errors.ts';
import { bytesSource } from '../../../src/formats/byte-source.ts';
import { readPdfSignatures } from '../../../src/formats/pades/signatures.ts';
import { vectorPath } from '../../support/vectors.ts';
import { describePlacement, integrityOf, isSoundPlacement } from '../pdf-verdict.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/** pyHanko's coverage anomalies, legitimate and sneaky form updates, loops and broken structure. */
export const suite: Suite = { name: 'pdf-pyhanko', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('pdf-pyhanko'));
}

interface Vectors {
  readonly cases: readonly { readonly file: string; readonly expected: string }[];
}

export function outcomes(): CaseOutcome[] {
  const { cases } = JSON.parse(readFileSync(vectorPath('pyhanko', 'expected.json'), 'utf8')) as Vectors;
  return cases.map(({ file, expected }) => (expected === 'NO_HANG' ? judgeReading(file) : judgeFirstSignature(file, expected)));
}

/** How long a reading may take at most; the slowest of these files needs a hundredth of it. */
const PATIENCE_MS = 3000;

/** Loops and damage: an answer of either kind, soon. */
function judgeReading(file: string): CaseOutcome {
  const outcome = { id: file, shouldPass: true };
  const started = performance.now();
  let detail = 'read';
  try {
    readPdfSignatures(bytesSource(readFileSync(vectorPath('pyhanko', file))));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    detail = `${error.code}: ${error.message}`;
  }
  const elapsedMs = performance.now() - started;
  return { ...outcome, passed: elapsedMs < PATIENCE_MS, detail, elapsedMs };
}

/** The expectation speaks of the signature made first. */
function judgeFirstSignature(file: string, expected: string): CaseOutcome {
  const source = bytesSource(readFileSync(vectorPath('pyhanko', file)));
  const [first] = readPdfSignatures(source).signatures;
  if (first === undefined) return { id: file, shouldPass: true, passed: false, detail: 'no signature found' };
  const integrity = integrityOf(source, first);
  const passed = isSoundPlacement(first) && integrity === 'intact';
  const agrees = passed === (expected === 'LEGITIMATE_FORM_FILLING') && kindAgrees(expected, first.coverage.extent, first.changes.after) && integrity === 'intact';
  return { id: file, shouldPass: expected === 'LEGITIMATE_FORM_FILLING', passed, agrees, detail: `${integrity}; ${describePlacement(first)}` };
}

/** Refused is not enough: refused for the right reason. */
function kindAgrees(expected: string, extent: string, changesAfter: string): boolean {
  if (expected === 'INTACT_NOT_WHOLE_FILE') return extent === 'partial' || extent === 'unclear';
  if (expected === 'MODIFIED_ILLEGITIMATELY') return changesAfter === 'forbidden';
  return expected === 'LEGITIMATE_FORM_FILLING' && changesAfter === 'permitted';
}
