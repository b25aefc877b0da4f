import { GatewayError } from '../domain/errors.ts';
import type { BreakerSettings } from '../domain/partner-limits.ts';

/** Waits as people write them: `5s`, `30s`, `2m`, `1h`, `3d`. */

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** In milliseconds. @throws REQUEST_INVALID */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  if (count === undefined) throw new GatewayError('REQUEST_INVALID', `${text} is not a wait: write it like 30s, 5m, 2h or 1d`);
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

export function parseDurations(text: string): readonly number[] {
  return text.split(',').map(parseDuration);
}

export function parseBreaker(text: string): BreakerSettings {
  const [, failures, first, longest] = /^(\d{1,4}):([^:]+):([^:]+)$/.exec(text) ?? [];
  if (failures === undefined || first === undefined || longest === undefined) throw new GatewayError('REQUEST_INVALID', '--breaker: write it like 5:10s:5m');
  return { failures: Number(failures), firstOpenMs: parseDuration(first), longestOpenMs: parseDuration(longest) };
}

export function durationText(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((each) => ms % UNITS[each] === 0) ?? 'ms';
  return `${ms / UNITS[unit]}${unit}`;
}
