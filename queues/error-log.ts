import type { Clock } from '../src/ports/clock.ts';
import type { Attributes, Log } from '../src/ports/telemetry.ts';

const QUIET_MS = 10_000;

/** A server that is down says so on every connection, many times a second: one line per event and ten seconds, with how many it stands for. */
export function errorLog(clock: Clock, log: Log): (event: string, error: unknown, attributes?: Attributes) => void {
  const quiet = new Map<string, { until: number; swallowed: number }>();
  return (event, error, attributes = {}) => {
    const now = clock.now().getTime();
    const last = quiet.get(event);
    if (last !== undefined && now < last.until) {
      last.swallowed += 1;
      return;
    }
    quiet.set(event, { until: now + QUIET_MS, swallowed: 0 });
    log.error(event, error, { ...attributes, swallowed: last?.swallowed ?? 0 });
  };
}
