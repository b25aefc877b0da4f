import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DEFAULT_ALARM_LIMITS, type AlarmLimits } from '../domain/alarm.ts';
import { GatewayError } from '../domain/errors.ts';

const minutes = z.number().min(0).max(60 * 24 * 30);
const file = z.strictObject({ unreachableMinutes: minutes, laneAgeMinutes: minutes, silentMinutes: minutes, remindMinutes: z.number().min(1).max(60 * 24 * 30), diskFreePercent: z.number().min(0).max(99) }).partial();

/** From when on something is an alarm. Every figure has a default; the file of LIENTHONG_ALARMS_FILE changes some. @throws CONFIG_INVALID naming the field */
export function readAlarmLimits(path: string | undefined): AlarmLimits {
  if (path === undefined) return DEFAULT_ALARM_LIMITS;
  const parsed = file.safeParse(jsonOf(path));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({ pointer: `/${issue.path.join('/')}`, detail: issue.message }));
    throw new GatewayError('CONFIG_INVALID', `LIENTHONG_ALARMS_FILE is wrong: ${faults.map((fault) => `${fault.pointer} (${fault.detail})`).join(', ')}`, { faults });
  }
  const { unreachableMinutes, laneAgeMinutes, silentMinutes, remindMinutes, diskFreePercent = DEFAULT_ALARM_LIMITS.diskFreePercent } = parsed.data;
  const ms = (given: number | undefined, usual: number): number => (given === undefined ? usual : given * 60_000);
  return {
    unreachableMs: ms(unreachableMinutes, DEFAULT_ALARM_LIMITS.unreachableMs),
    laneAgeMs: ms(laneAgeMinutes, DEFAULT_ALARM_LIMITS.laneAgeMs),
    silentMs: ms(silentMinutes, DEFAULT_ALARM_LIMITS.silentMs),
    remindMs: ms(remindMinutes, DEFAULT_ALARM_LIMITS.remindMs),
    diskFreePercent,
  };
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_ALARMS_FILE names a file that cannot be read as JSON', { cause });
  }
}
