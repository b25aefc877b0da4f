import { describe, expect, it } from 'vitest';
import { outcomes, run } from './suite.ts';

describe('conformance: tsp-own', () => {
  it.each(outcomes().map((outcome) => [outcome.id, outcome] as const))('%s', (_, outcome) => {
    expect(outcome.agrees ?? outcome.passed === outcome.shouldPass, outcome.detail).toBe(true);
  });

  it('has no false accepts and no deviations', () => {
    expect(run()).toMatchObject({ total: 18, agree: 18, falseAccepts: 0, falseAlarms: 0, skipped: 0, deviations: [], faults: [] });
  });
});
