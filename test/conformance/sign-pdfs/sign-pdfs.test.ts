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

  it.each([
    ['pdf/broken-objstream5.pdf', 'object 9 is a stream inside object stream 10'],
    ['pdf/leaky-graphics-state-doc.pdf', 'object 20 is listed in use at offset 0'],
  ])('says what is unsound where nothing of the pages shows it: %s', (id, reason) => {
    expect(judged.find((outcome) => outcome.id === id)).toMatchObject({ passed: false, detail: expect.stringContaining(reason) as string });
  });
});
