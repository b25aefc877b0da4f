import { beforeAll, describe, expect, it } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import type { CaseOutcome } from '../suite.ts';
import { sumUp, readDeviations } from '../suite.ts';
import { MUTANTS, outcomes } from './suite.ts';

describe.skipIf(!requireTool('qpdf'))('conformance: mutants', () => {
  let judged: readonly CaseOutcome[] = [];

  beforeAll(async () => {
    judged = await outcomes();
  });

  it.each(MUTANTS.map(({ id, rule }) => `${id} ${rule}`))('%s', (id) => {
    const outcome = judged.find((candidate) => candidate.id === id);
    expect(outcome, outcome?.detail).toMatchObject({ id, agrees: true });
  });

  it('accepts no mutant as valid and unchanged, flags no original, lists no deviation that agrees', () => {
    const { faults, falseAccepts, falseAlarms } = sumUp(judged, readDeviations('mutants'));
    expect({ faults, falseAccepts, falseAlarms }).toEqual({ faults: [], falseAccepts: 0, falseAlarms: 0 });
  });
});
