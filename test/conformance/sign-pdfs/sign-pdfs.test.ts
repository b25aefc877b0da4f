import { beforeAll, describe, expect, it } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import { requireVectors } from '../../support/vectors.ts';
import { readDeviations, sumUp, type CaseOutcome } from '../suite.ts';
import { outcomes } from './suite.ts';

describe.skipIf(!requireVectors('pyhanko', 'signable.txt') || !requireTool('pdfsig') || !requireTool('qpdf'))('conformance: sign-pdfs', () => {
  let judged: readonly CaseOutcome[] = [];
  beforeAll(async () => {
    judged = await outcomes();
  }, 60_000);

  it('signs all 60 sound PDFs twice, both signatures valid for pdfsig and for us, and refuses the others with a reason', () => {
    expect(judged.filter(({ shouldPass }) => shouldPass)).toHaveLength(60);
    expect(sumUp(judged, readDeviations('sign-pdfs')).faults).toEqual([]);
  });

  it('signs what it signs beyond that no less soundly', () => {
    expect(judged.filter(({ shouldPass, passed }) => passed && !shouldPass).map(({ detail }) => detail)).toEqual(['signed twice, both valid', 'signed twice, both valid']);
  });
});
