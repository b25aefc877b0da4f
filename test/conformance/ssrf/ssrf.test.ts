import { describe, expect, it } from 'vitest';
import { outcomes } from './suite.ts';

const all = await outcomes();

describe('conformance: ssrf', () => {
  it.each(all.map((outcome) => [outcome.id, outcome] as const))('%s', (_, outcome) => {
    expect(outcome.passed, outcome.detail).toBe(false);
  });

  it('has all of its 24 cases', () => {
    expect(all.map(({ id }) => id)).toEqual(Array.from({ length: 24 }, (_, index) => `SSRF-${index + 1}`));
  });
});
