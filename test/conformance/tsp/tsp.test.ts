import { describe, expect, it } from 'vitest';
import { requireVectors } from '../../support/vectors.ts';
import { outcomes, run } from './suite.ts';

const present = requireVectors('rfc3161-client');
const cases = present ? outcomes() : [];

describe.skipIf(!present)('conformance: tsp', () => {
  it.each(cases.map((outcome) => [outcome.id, outcome] as const))('%s', (_, outcome) => {
    expect(outcome.agrees ?? outcome.passed === outcome.shouldPass, outcome.detail).toBe(true);
  });

  it('has no false accepts and no deviations', () => {
    expect(run()).toMatchObject({ falseAccepts: 0, falseAlarms: 0, skipped: 0, deviations: [], faults: [] });
  });
});
