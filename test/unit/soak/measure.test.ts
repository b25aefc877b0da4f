import { describe, expect, it } from 'vitest';
import { BARS, figuresOf, slope, type Sample } from '../../soak/measure.ts';

/** A process that serves `perSecond` requests, begins at 200 MB, and keeps `leakMb` of each 10,000 requests; its memory swings by 8 MB. */
function samplesOf(seconds: number, { perSecond, leakMb }: { readonly perSecond: number; readonly leakMb: number }): Sample[] {
  return Array.from({ length: seconds }, (_, second) => ({
    atMs: second * 1_000,
    requests: second * perSecond,
    rssMb: 200 + (second * perSecond * leakMb) / 10_000 + 8 * Math.sin(second * 1.7),
    descriptors: 60 + (second % 7),
  }));
}

describe('figuresOf', () => {
  it('finds the slope of memory over requests by least squares, whatever memory does from second to second', () => {
    expect(slope([[0, 1], [1, 3], [2, 5], [3, 7]])).toBeCloseTo(2);
    expect(slope([[1, 5]])).toBe(0);
    const still = figuresOf(samplesOf(600, { perSecond: 100, leakMb: 0 }), { before: 60, after: 61 });
    expect(still).toMatchObject({ rssJudgedBy: 'slope', descriptorGrowth: 1 });
    expect(Math.abs(still.rssSlopeMbPer10k)).toBeLessThan(0.3);
    expect(figuresOf(samplesOf(600, { perSecond: 100, leakMb: 2 }), { before: 60, after: 60 }).rssSlopeMbPer10k).toBeGreaterThan(1.7);
  });

  it('judges a run of few requests by its growth: their slope would be chance', () => {
    expect(figuresOf(samplesOf(60, { perSecond: 100, leakMb: 0 }), { before: 60, after: 60 })).toMatchObject({ rssJudgedBy: 'growth' });
    expect(figuresOf(samplesOf(60, { perSecond: 100, leakMb: 300 }), { before: 60, after: 60 }).rssGrowthMb).toBeGreaterThan(BARS.rssGrowthMb);
  });
});
