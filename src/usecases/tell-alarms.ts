import type { AlarmChannel } from '../ports/alarm-channel.ts';
import type { LeasedNotice } from '../ports/alarm-records.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';

export interface TellAlarmsPorts {
  readonly records: Records;
  readonly channels: readonly AlarmChannel[];
  readonly clock: Clock;
  readonly log: Log;
}

const AT_ONCE = 20;
/** Longer than one try of any channel: nobody else takes the notice meanwhile. */
const LEASE_MS = 120_000;
/** Waits after the first, second … try; the last one for ever: an alarm is not given up. */
const WAITS_MS = [10_000, 30_000, 60_000, 120_000, 300_000] as const;

/**
 * Tells what is due, one try each; what fails stays and is due again later. A process that dies between a receiver's answer and its
 * record tells again under the same id.
 * @returns `more`: there may be further notices due
 * @throws DATABASE_UNAVAILABLE
 */
export async function tellAlarms({ records, channels, clock, log }: TellAlarmsPorts, signal: AbortSignal): Promise<{ readonly more: boolean }> {
  const byName = new Map(channels.map((channel) => [channel.name, channel]));
  const now = clock.now();
  const due = channels.length === 0 ? [] : await records.alarms.leaseNotices([...byName.keys()], now, new Date(now.getTime() + LEASE_MS), AT_ONCE);
  const tell = async (notice: LeasedNotice): Promise<boolean> => {
    const result = await (byName.get(notice.channel)?.send(notice, signal) ?? { sent: false, reason: 'The channel is not configured' });
    const at = clock.now();
    if (result.sent) await records.alarms.noticeSent(notice.id, at);
    else {
      log.warn('alarm.not-told', { notice: notice.id, channel: notice.channel, tries: notice.tries, reason: result.reason });
      await records.alarms.noticeFailed(notice.id, result.reason, signal.aborted ? at : new Date(at.getTime() + waitAfter(notice.tries)));
    }
    return result.sent;
  };
  const told = await Promise.all(due.map(tell));
  // Behind each that went there may be the next of its alarm.
  return { more: told.some((sent) => sent) && !signal.aborted };
}

function waitAfter(tries: number): number {
  return WAITS_MS[Math.min(tries, WAITS_MS.length) - 1] ?? WAITS_MS[0];
}
