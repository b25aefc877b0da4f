/** What the samples of a run come to; nothing here touches the process under trial. */

export interface Sample {
  readonly atMs: number;
  /** Answered since the start, hostile ones and uploads that broke off included. */
  readonly requests: number;
  readonly rssMb: number;
  readonly descriptors: number;
}

/** Fewer requests than this say nothing about a slope of a megabyte in ten thousand. */
const ENOUGH_REQUESTS = 20_000;
export const BARS = { rssSlopeMb: 1, rssGrowthMb: 64, descriptorGrowth: 5 } as const;

export interface Figures {
  readonly rssSlopeMbPer10k: number;
  /** Middle of the last quarter of the samples above that of the first. */
  readonly rssGrowthMb: number;
  /** Which of the two is held against its bar: a short run has too few requests for the slope. */
  readonly rssJudgedBy: 'slope' | 'growth';
  /** At rest after the load, above at rest after the warm-up. */
  readonly descriptorGrowth: number;
}

export function figuresOf(samples: readonly Sample[], descriptors: { readonly before: number; readonly after: number }): Figures {
  const requests = (samples.at(-1)?.requests ?? 0) - (samples[0]?.requests ?? 0);
  const quarter = Math.ceil(samples.length / 4);
  const rss = samples.map(({ rssMb }) => rssMb);
  return {
    rssSlopeMbPer10k: round(slope(samples.map((sample) => [sample.requests / 10_000, sample.rssMb]))),
    rssGrowthMb: round(median(rss.slice(-quarter)) - median(rss.slice(0, quarter))),
    rssJudgedBy: requests >= ENOUGH_REQUESTS ? 'slope' : 'growth',
    descriptorGrowth: descriptors.after - descriptors.before,
  };
}

/** Of the straight line nearest to the points by least squares; 0 for points without extent. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
