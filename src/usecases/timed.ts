import { isGatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/telemetry.ts';

export interface TimedPorts {
  readonly clock: Clock;
  /** Left out where nobody counts. */
  readonly metrics?: Pick<Metrics, 'took'> | undefined;
}

/** Runs `work` and tells how long it took and what came of it: `resultOf` its result, or the code of the error, which is thrown on. */
export async function timed<Result>({ clock, metrics }: TimedPorts, name: 'signing' | 'verification' | 'timestamp', work: () => Promise<Result>, resultOf: (result: Result) => string): Promise<Result> {
  const startedAt = clock.now().getTime();
  const took = (result: string): void => metrics?.took(name, Math.max(0, clock.now().getTime() - startedAt) / 1_000, { result });
  try {
    const result = await work();
    took(resultOf(result));
    return result;
  } catch (error) {
    took(isGatewayError(error) ? error.code : 'INTERNAL');
    throw error;
  }
}
