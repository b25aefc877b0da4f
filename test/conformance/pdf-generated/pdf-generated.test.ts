import { describe, expect, it } from 'vitest';
import { requireVectors } from '../../support/vectors.ts';
import { run } from './suite.ts';

describe.skipIf(!requireVectors('pyhanko-generated'))('conformance: pdf-generated', () => {
  it('differs from pyHanko only where the list of deviations says so, and never accepts what pyHanko refuses', () => {
    const result = run();
    expect(result.faults).toEqual([]);
    expect(result.falseAccepts).toBe(0);
    // Of all rows but the three whose encryption is for certificates: what is skipped for other reasons counts against us.
    expect(result.agree / (result.total - 3)).toBeGreaterThanOrEqual(0.97);
  });
});
