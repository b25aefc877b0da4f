import { describe, expect, it } from 'vitest';
import { runSeed, type RunResult } from './scenario.ts';
import type { Break } from './store.ts';

/**
 * The delivery engine over simulated time, store, queue and network, with workers that die at any await. `SEED=17` runs that one again,
 * `SIMULATION_SEEDS=100000` the long form.
 */

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 2_000);
const CHUNK = 250;
const only = process.env['SEED'];

async function runSeeds(from: number, count: number, without?: Break): Promise<readonly RunResult[]> {
  const results: RunResult[] = [];
  for (let seed = from; seed < from + count; seed += 1) results.push(await runSeed(seed, without));
  return results;
}

const failures = (results: readonly RunResult[]): readonly string[] => results.flatMap(({ seed, violations }) => violations.map((violation) => `SEED=${seed}: ${violation}`));

describe.skipIf(only !== undefined)('nothing lost, nothing doubled, order kept (I1–I3, I5–I8, I10, I12)', () => {
  it.each(Array.from({ length: Math.ceil(SEEDS / CHUNK) }, (_, index) => 1 + index * CHUNK))('from seed %i on', async (from) => {
    const results = await runSeeds(from, Math.min(CHUNK, SEEDS - from + 1));
    expect(failures(results)).toEqual([]);
    // Runs in which nothing went wrong would prove nothing.
    expect(results.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThan(results.length);
    expect(results.reduce((sum, { repeatsOnWire }) => sum + repeatsOnWire, 0)).toBeGreaterThan(results.length);
  }, 600_000);

  it('the same seed is the same run', async () => {
    expect(await runSeed(42)).toEqual(await runSeed(42));
  });
});

describe.skipIf(only !== undefined)('each safeguard is needed: without it the checks notice', () => {
  it.each(['fence', 'lane', 'sweep', 'jobid', 'idempotency'] as const)('%s', async (safeguard) => {
    expect(failures(await runSeeds(1, 60, safeguard))).not.toEqual([]);
  }, 120_000);
});

describe.runIf(only !== undefined)('one seed again', () => {
  it(`SEED=${only}`, async () => {
    const result = await runSeed(Number(only));
    expect(result).toMatchObject({ violations: [] });
  });
});
