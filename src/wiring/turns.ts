import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { outageLog } from './outage-log.ts';

/** Work that comes round by time, not by request; `event` and `carrier` go to the log when a turn fails. */
export interface Turns {
  readonly event: string;
  readonly carrier?: string;
  readonly everyMs: number;
  /** @returns whether the next turn is useful at once */
  readonly turn: (stop: AbortSignal) => Promise<{ readonly more: boolean }>;
}

/** Takes turns until stopped; a failed one is logged and the next one comes. Replicas do it in turns of chance: what is done here may be done twice. */
export async function takeTurns(parts: { readonly clock: Clock; readonly log: Log }, { event, everyMs, turn, ...fields }: Turns, stop: AbortSignal): Promise<void> {
  const outage = outageLog(parts, event, fields);
  while (!stop.aborted) {
    let more = false;
    try {
      more = (await turn(stop)).more;
      outage.worked();
    } catch (error) {
      if (!stop.aborted) outage.failed(error);
    }
    if (!more) await parts.clock.sleep(everyMs, stop).catch(() => undefined); // stopped: the loop's condition ends it
  }
}
