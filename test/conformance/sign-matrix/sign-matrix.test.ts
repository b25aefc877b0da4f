import { describe, expect, it } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import { readDeviations, sumUp } from '../suite.ts';
import { CASES } from './cases.ts';
import { outcomes } from './suite.ts';

/** Prime to the number of forms, levels and digests: in a few dozens each of them comes with others. */
const EVERY = 31;

describe.skipIf(!requireTool('pdfsig') || !requireTool('openssl'))('conformance: sign-matrix', () => {
  it('a sample of the thousand is accepted by our verifier, pdfsig and openssl', async () => {
    expect(CASES.length).toBeGreaterThanOrEqual(1_000);
    const sample = CASES.filter((_, index) => index % EVERY === 0);
    expect(sumUp(await outcomes(sample), readDeviations('sign-matrix')).faults).toEqual([]);
  }, 60_000);
});
