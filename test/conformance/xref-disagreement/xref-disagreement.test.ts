import { beforeAll, describe, expect, it } from 'vitest';
import { readDeviations, sumUp, type CaseOutcome } from '../suite.ts';
import { CASES } from './cases.ts';
import { outcomes } from './suite.ts';

describe('conformance: xref-disagreement', () => {
  let judged: readonly CaseOutcome[] = [];

  beforeAll(async () => {
    judged = await outcomes();
  });

  it.each(CASES.map(({ id, rule }) => `${id} ${rule}`))('%s', (id) => {
    const outcome = judged.find((candidate) => candidate.id === id);
    expect(outcome, outcome?.detail).toMatchObject({ id, agrees: true });
  });

  it('signs nothing that can be read in two ways, refuses nothing else, lists no deviation that agrees', () => {
    expect(sumUp(judged, readDeviations('xref-disagreement')).faults).toEqual([]);
  });
});
