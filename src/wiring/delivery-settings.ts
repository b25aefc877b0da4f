import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { GatewayError } from '../domain/errors.ts';
import { DEFAULT_BREAKER, type BreakerSettings } from '../domain/partner-limits.ts';
import { DEFAULT_SCHEDULE, type RetrySchedule } from '../domain/retry-schedule.ts';

/** How deliveries are paced. Every figure has a default that needs no thought; the file of LIENTHONG_DELIVERY_FILE changes some. */
export interface DeliverySettings {
  readonly schedule: RetrySchedule;
  readonly breaker: BreakerSettings;
  /** From the call to the last byte of a partner's answer. */
  readonly timeoutMs: number;
  /** How long after an attempt with unknown outcome its effect may still show: longer than the time-out, or a slow partner may be doubled. */
  readonly quarantineMs: number;
}

export const DEFAULT_DELIVERY: DeliverySettings = { schedule: DEFAULT_SCHEDULE, breaker: DEFAULT_BREAKER, timeoutMs: 20_000, quarantineMs: 60_000 };

const ms = (max: number) => z.int().min(1).max(max);
const WEEK_MS = 7 * 24 * 3_600_000;
const file = z.strictObject({
  schedule: z.strictObject({ delaysMs: z.array(ms(WEEK_MS)).min(1).max(100), jitter: z.number().min(0).max(1), longestRetryAfterMs: ms(WEEK_MS) }).partial(),
  breaker: z.strictObject({ failures: z.int().min(1).max(1_000), firstOpenMs: ms(WEEK_MS), longestOpenMs: ms(WEEK_MS) }).partial(),
  timeoutMs: ms(120_000),
  quarantineMs: ms(WEEK_MS),
});

/** @throws CONFIG_INVALID naming the field */
export function readDeliverySettings(path: string | undefined): DeliverySettings {
  if (path === undefined) return DEFAULT_DELIVERY;
  const parsed = file.partial().safeParse(jsonOf(path));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({ pointer: `/${issue.path.join('/')}`, detail: issue.message }));
    throw new GatewayError('CONFIG_INVALID', `LIENTHONG_DELIVERY_FILE is wrong: ${faults.map((fault) => `${fault.pointer} (${fault.detail})`).join(', ')}`, { faults });
  }
  const { schedule, breaker, timeoutMs = DEFAULT_DELIVERY.timeoutMs, quarantineMs = DEFAULT_DELIVERY.quarantineMs } = parsed.data;
  if (quarantineMs <= timeoutMs) throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_DELIVERY_FILE is wrong: /quarantineMs must be longer than /timeoutMs');
  return { schedule: { ...DEFAULT_SCHEDULE, ...defined(schedule) }, breaker: { ...DEFAULT_BREAKER, ...defined(breaker) }, timeoutMs, quarantineMs };
}

/** Without what was not said, so that a default is not overwritten by `undefined`. */
function defined<T extends object>(given: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_DELIVERY_FILE names a file that cannot be read as JSON', { cause });
  }
}
