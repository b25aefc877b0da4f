import type { AlarmChannelName, AlarmNotice } from './alarm-records.ts';

/** A way to people. Tries once; pace and repetition are the caller's. */
export interface AlarmChannel {
  readonly name: AlarmChannelName;
  /** Never throws. `reason`: what went wrong and what to do, without secrets. */
  send(notice: Pick<AlarmNotice, 'id' | 'alarmId' | 'payload' | 'createdAt'>, signal: AbortSignal): Promise<{ readonly sent: true } | { readonly sent: false; readonly reason: string }>;
}
